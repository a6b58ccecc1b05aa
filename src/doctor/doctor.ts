import type { Clock } from '../clock.js'
import { placeOf } from '../cloud-place.js'
import { type Config, readConfig } from '../config.js'
import { DEFAULT_NAME } from '../credentials/credential-book.js'
import { clientOf } from '../credentials/client-of.js'
import type { CredentialSpec } from '../credentials/credential-spec.js'
import { createCloudPool } from '../relay/pool.js'
import { readTrusted } from '../trusted-certificates.js'
import { createWayOut, type WayOut } from '../way-out/way-out.js'
import { checkCloud } from './check-cloud.js'
import { checkCredentials, type ClientOf } from './check-credentials.js'
import { checkDisk } from './check-disk.js'
import { checkFiles } from './check-files.js'
import { checkLine, type Place } from './check-line.js'
import { checkServer } from './check-server.js'
import { checkStore } from './check-store.js'
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
  const wayOut = await report.check('way-out', {}, async () => judgeWayOut(await openWayOut(config), config))
  const credential = await checkCredentials(report, { settings: config, environment, clock, clientOf: parts.clientOf ?? (spec => clientOf(spec, { clock, allowHttp: config.allowHttp, wayOut: wayOut ?? createWayOut() })), name })
  const spec = credential.spec ?? (name === DEFAULT_NAME ? DEFAULT_SPEC : undefined)
  const place = await report.check('endpoint', { credential: spec }, given => findPlace(given.credential, config))
  const line = await checkLine(report, { place, environment, clock, wayOut })
  await checkCloud(report, { line, credential, clock, openPool: given => createCloudPool({ ...given, wayOut }) })
  await checkServer(report, { dataDir, admin: config.admin })
  return report.findings
}

/** While the files are broken in which it could have another meaning, the line can be judged all the same. */
const DEFAULT_SPEC: CredentialSpec = { kind: 'default' }

async function openWayOut ({ wayOut: { caFile, ...proxies } }: Config): Promise<WayOut> {
  const trusted = await readTrusted(caFile)
  return createWayOut({ ...proxies, trusted: () => trusted })
}

/** A proxy's address may hold a password, so only the setting is told. */
function judgeWayOut (wayOut: WayOut, { endpoint, wayOut: { caFile } }: Config): Found<WayOut> {
  const way = wayOut.goesThroughProxy(endpoint) ? `through the proxy that ${endpoint.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'} names` : 'straight to the endpoint'
  return ok(`Connections go ${way}${caFile === undefined ? '' : ', and CA_FILE can be read'}.`, wayOut)
}

/** A credential may be one of another region. */
function findPlace (spec: CredentialSpec, config: Config): Found<Place> {
  const place = placeOf(spec, config)
  if (place === undefined) return fault('The region, endpoint or signed host of the credential cannot be used.', '"credentials show" tells them; the rules are those of ENERGY_EXPERT_REGION, ENERGY_EXPERT_ENDPOINT and ENERGY_EXPERT_SIGNED_HOST.')
  const { endpoint, signedHost } = place
  return ok(`Pushes go to ${endpoint.origin}${signedHost === endpoint.host ? '' : ` and are signed for ${signedHost}`}.`, { endpoint, signedHost })
}
