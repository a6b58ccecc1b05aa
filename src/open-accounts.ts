import type { Logger } from 'pino'
import type { Clock } from './clock.js'
import { placeOf } from './cloud-place.js'
import type { Config } from './config.js'
import { clientOf } from './credentials/client-of.js'
import { CredentialProblem } from './credentials/credential-problem.js'
import { createCredentialSource, type CredentialSource } from './credentials/credential-source.js'
import type { CredentialBook, CredentialSpec } from './credentials/credential-spec.js'
import { ProxyError } from './errors.js'
import type { Observation } from './observation.js'
import { CloudAccounts } from './relay/cloud-accounts.js'
import { createCloudPool } from './relay/pool.js'
import type { PlaceOf } from './relay/preview.js'
import { createRelay } from './relay/relay.js'
import type { WayOut } from './way-out/way-out.js'

export type PlaceConfig = Pick<Config, 'region' | 'endpoint' | 'signedHost' | 'allowHttp'>

export interface OpenAccountsParts {
  readonly config: PlaceConfig & Pick<Config, 'takesFastPath'>
  readonly clock: Clock
  readonly logger: Logger
  readonly book: CredentialBook
  readonly observation: Pick<Observation, 'metrics' | 'onAttempt'>
  readonly wayOut: WayOut
  /** What asks for a credential instead of the sources of its kind. */
  readonly sourceOf?: ((name: string, spec: CredentialSpec) => CredentialSource) | undefined
}

/** What sends for each credential of the book, opened when a plant first needs it. */
export function openAccounts ({ config, clock, logger, book, observation, wayOut, sourceOf }: OpenAccountsParts): CloudAccounts {
  const { metrics: { credentials: metrics }, onAttempt } = observation

  const liveSourceOf = (name: string, spec: CredentialSpec): CredentialSource => createCredentialSource({
    clock,
    makeClient: link => clientOf(spec, { clock, allowHttp: config.allowHttp, wayOut }, link),
    onProblem: problem => { logger.warn({ credential: name, error: problem }, 'No RAM credential could be had.') },
    onAsked: credential => { metrics.recordAsked(name, credential) }
  })

  return new CloudAccounts({
    book,
    clock,
    onUnknown: name => { logger.error({ credential: name }, 'Plants name a RAM credential that is not known; what can be stored of them is kept, the rest is refused until it is there.') },
    onRetired: name => { metrics.forgetExpiry(name) },
    open: (name, spec, skew) => {
      const place = placeOf(spec, config)
      if (place === undefined) throw new CredentialProblem('unusable-spec')
      const source = (sourceOf ?? liveSourceOf)(name, spec)
      const pool = createCloudPool({ ...place, wayOut, isFast: config.takesFastPath })
      const relay = createRelay({ pool, credentials: source, signedHost: place.signedHost, clock, skew, viaProxy: wayOut.goesThroughProxy(place.endpoint), random: Math.random, onAttempt: event => { onAttempt(name, event) } })
      return { source, relay }
    }
  })
}

/** For whoever shows what would be sent. */
export const placesOf = (config: PlaceConfig, book: Pick<CredentialBook, 'find'>): PlaceOf => credential => {
  const spec = book.find(credential)
  if (spec === undefined) throw new ProxyError('Credentials.Unknown')
  return placeOf(spec, config)
}
