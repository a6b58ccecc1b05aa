import type { Server as NetServer } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { Logger } from 'pino'
import type { Clock } from './clock.js'
import type { TlsConfig } from './config.js'
import { lookAgain } from './look-again.js'
import type { TlsServerOptions } from './tls-options.js'
import { readTlsFiles, type TlsPair, toTlsPair } from './tls-pair.js'

export interface FollowedTls {
  /** What the server is made with. */
  readonly options: TlsServerOptions
  /**
   * From now on a new pair in the files is what new connections of this server see; open ones live on.
   * @param onPair Told of each pair in use, at once of the one that the server was made with.
   */
  follow (server: NetServer, onPair: (pair: TlsPair) => void): void
  close (): void
}

export interface FollowTlsParts {
  readonly tls: TlsConfig
  readonly clock: Clock
  readonly logger: Logger
}

/** Files are read this often. */
const POLL_MS = 1_000

/**
 * Reads the pair of the plants' port and keeps up with its files. A bad new pair changes nothing, is logged once, and is looked at
 * again each second: two files that are not replaced at the same moment are right at the next look.
 * @throws {TlsPairError}
 */
export async function prepareTls ({ tls, clock, logger }: FollowTlsParts): Promise<FollowedTls> {
  const files = await readTlsFiles(tls)
  const pair = toTlsPair(files, tls.minVersion)
  let { digest } = files
  let isClosed = false
  let stop = (): void => {}

  function tellOf (pair: TlsPair): void {
    if (pair.expiresAtMs <= clock.now()) logger.warn({ expired: new Date(pair.expiresAtMs).toISOString() }, 'The certificate in TLS_CERT_FILE has expired.')
  }

  async function look (server: TlsServer, onPair: (pair: TlsPair) => void): Promise<void> {
    const found = await readTlsFiles(tls)
    if (isClosed || found.digest === digest) return
    const pair = toTlsPair(found, tls.minVersion)
    server.setSecureContext(pair.options)
    digest = found.digest
    logger.info({ expires: new Date(pair.expiresAtMs).toISOString() }, 'A new certificate is in use.')
    tellOf(pair)
    onPair(pair)
  }

  tellOf(pair)
  return {
    options: pair.options,
    follow: (server, onPair) => {
      onPair(pair)
      if (!(server instanceof TlsServer)) return
      stop = lookAgain({
        clock,
        everyMs: POLL_MS,
        look: async () => { await look(server, onPair) },
        onProblem: error => { logger.error({ error }, 'The new certificate cannot be used; the one before stays in use.') }
      })
    },
    close: () => {
      isClosed = true
      stop()
    }
  }
}
