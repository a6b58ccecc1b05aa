import type { Logger } from 'pino'
import type { Clock } from './clock.js'
import { followTrusted, readTrusted } from './trusted-certificates.js'
import { createWayOut, type WayOut, type WayOutSettings } from './way-out/way-out.js'

export interface OpenedWayOut {
  readonly wayOut: WayOut
  close (): void
}

export interface OpenWayOutParts {
  readonly config: { readonly wayOut: WayOutSettings }
  readonly clock: Clock
  readonly logger: Logger
}

/** The configured way to the cloud and to what issues credentials, kept up with CA_FILE. @throws {CaFileError} */
export async function openWayOut ({ config: { wayOut: { caFile, ...proxies } }, clock, logger }: OpenWayOutParts): Promise<OpenedWayOut> {
  const trusted = await followTrusted({ file: caFile, clock, logger })
  return { wayOut: createWayOut({ ...proxies, trusted: trusted.current }), close: trusted.close }
}

/** The same for a command, which ends before anything changes. @throws {CaFileError} */
export async function readWayOut ({ caFile, ...proxies }: WayOutSettings): Promise<WayOut> {
  const trusted = await readTrusted(caFile)
  return createWayOut({ ...proxies, trusted: () => trusted })
}
