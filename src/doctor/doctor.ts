import type { Dispatcher } from 'undici'
import type { Clock } from '../clock.js'
import { placeOf } from '../cloud-place.js'
import { type Config, readConfig } from '../config.js'
import { DEFAULT_NAME } from '../credentials/credential-book.js'
import { clientOf } from '../credentials/client-of.js'
import type { CredentialSpec } from '../credentials/credential-spec.js'
import { createCloudPool } from '../relay/pool.js'
import { checkCloud } from './check-cloud.js'
import { checkCredentials, type ClientOf } from './check-credentials.js'
import { checkDisk } from './check-disk.js'
import { checkFiles } from './check-files.js'
import { checkLine, type Place } from './check-line.js'
import { checkServer } from './check-server.js'
import { checkStore } from './check-store.js'
import { openLine, type OpenLine } from './open-line.js'
import { fault, type Found, type NamedFinding, ok, Report } from './report.js'

export interface DoctorParts {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** The plant that is asked about; undefined: what most plants use. */
  readonly plant: string | undefined
  /** Told of each finding as it is made. */
  readonly onFinding: (finding: NamedFinding) => void
  /** What asks for a credential, instead of the sources of its kind. */
  readonly clientOf?: ClientOf
  readonly openLine?: OpenLine
  readonly openPool?: (place: Place) => Dispatcher
}

/** Looks at everything that a push needs, from the settings to the cloud's permission. Changes nothing and sends no reading. */
export async function examine (parts: DoctorParts): Promise<readonly NamedFinding[]> {
  const { environment, clock, plant, onFinding } = parts
  const report = new Report(clock, onFinding)
  const config = await report.check('settings', {}, () => ok('Every setting can be read.', readConfig(environment)))
  if (config === undefined) {
    for (const check of ['data-dir', 'plants', 'queue', 'credential', 'answer', 'server']) await report.check(check, { settings: config }, () => ok(''))
    return report.findings
  }
  const queueBytesMax = config.queue.bytesMax
  const dataDir = await checkDisk(report, { dataDir: config.dataDir, queueBytesMax, clock })
  const name = await checkStore(report, { dataDir, clock, queueBytesMax, plant })
  await checkFiles(report, { config, clock })
  const credential = await checkCredentials(report, { settings: config, environment, clock, clientOf: parts.clientOf ?? (spec => clientOf(spec, { clock, allowHttp: config.allowHttp })), name })
  const spec = credential.spec ?? (name === DEFAULT_NAME ? DEFAULT_SPEC : undefined)
  const place = await report.check('endpoint', { credential: spec }, given => findPlace(given.credential, config))
  const line = await checkLine(report, { place, environment, clock, openLine: parts.openLine ?? openLine })
  await checkCloud(report, { line, credential, clock, openPool: parts.openPool ?? createCloudPool })
  await checkServer(report, { dataDir, admin: config.admin })
  return report.findings
}

/** While the files are broken in which it could have another meaning, the line can be judged all the same. */
const DEFAULT_SPEC: CredentialSpec = { kind: 'default' }

/** A credential may be one of another region. */
function findPlace (spec: CredentialSpec, config: Config): Found<Place> {
  const place = placeOf(spec, config)
  if (place === undefined) return fault('The region, endpoint or signed host of the credential cannot be used.', '"credentials show" tells them; the rules are those of ENERGY_EXPERT_REGION, ENERGY_EXPERT_ENDPOINT and ENERGY_EXPERT_SIGNED_HOST.')
  const { endpoint, signedHost } = place
  return ok(`Pushes go to ${endpoint.origin}${signedHost === endpoint.host ? '' : ` and are signed for ${signedHost}`}.`, { endpoint, signedHost })
}
