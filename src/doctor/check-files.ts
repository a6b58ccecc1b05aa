import { readCatalogFile } from '../catalog-follow.js'
import type { Clock } from '../clock.js'
import type { Config } from '../config.js'
import { readTlsFiles, toTlsPair } from '../tls-pair.js'
import { judgeExpiry } from './expiry.js'
import { ok, type Report } from './report.js'

export interface FilesParts {
  readonly config: Pick<Config, 'tls' | 'catalogFile'>
  readonly clock: Pick<Clock, 'now'>
}

/** Files that settings name; what is not set is not looked for. */
export async function checkFiles (report: Report, { config: { tls, catalogFile }, clock }: FilesParts): Promise<void> {
  if (tls !== undefined) {
    await report.check('plants-tls', {}, async () => {
      const { expiresAtMs } = toTlsPair(await readTlsFiles(tls), tls.minVersion)
      return judgeExpiry('The certificate of the plants\' port (TLS_CERT_FILE)', expiresAtMs, clock.now())
    })
  }
  if (catalogFile !== undefined) {
    await report.check('catalog', {}, async () => {
      const catalog = await readCatalogFile(catalogFile)
      return ok(`CATALOG_FILE holds ${catalog?.types.length ?? 0} device types, ${catalog?.pointCount ?? 0} points.`)
    })
  }
}
