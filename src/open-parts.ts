import type { Logger } from 'pino'
import { followCatalog } from './catalog-follow.js'
import type { Catalog } from './catalog/catalog.js'
import type { Clock } from './clock.js'
import type { Config } from './config.js'
import type { CredentialBook } from './credentials/credential-spec.js'
import { fixedBook } from './credentials/fixed-book.js'
import { checkCredentials } from './health-checks.js'
import { observe, type Observation } from './observation.js'
import { openAccounts, placesOf, type OpenAccountsParts } from './open-accounts.js'
import { openQueue, type OpenedQueue, type OpenQueueParts } from './open-queue.js'
import { openWayOut } from './open-way-out.js'
import { openRegistry, type Registry } from './plants/registry.js'
import { createEndableRelays, type EndableRelays } from './relay/endable-relay.js'
import type { PlaceOf } from './relay/preview.js'
import { acquireServerLock, type ServerLock } from './store/lock.js'

export interface OpenPartsOptions {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  /** Default: `default` alone, the chain of @alicloud/credentials. */
  readonly book?: CredentialBook | undefined
  readonly sourceOf?: OpenAccountsParts['sourceOf']
  readonly linesDropped?: (() => number) | undefined
  /** What differs from the defaults of the queue's store. */
  readonly queueLog?: OpenQueueParts['queueLog']
}

/** What stands behind the ports, open. */
export interface OpenedParts extends OpenedQueue {
  readonly lock: ServerLock
  readonly registry: Registry
  /** The operator's list of types and points, if there is one. */
  readonly catalog: () => Catalog | undefined
  readonly observation: Observation
  readonly relays: EndableRelays
  readonly placeOf: PlaceOf
  /** Milliseconds since the epoch as the cloud of a credential counts them, as far as its answers have told. */
  readonly cloudNow: (credential: string) => number
  /** Closes all but the lock, after queue.stop() and queue.ended(). */
  close: () => Promise<void>
}

/**
 * Opens what the proxy needs besides its ports, in the order in which it may fail.
 * @throws {Error} a plain sentence when DATA_DIR is in use or cannot be used, or CA_FILE or CATALOG_FILE cannot; nothing stays open then.
 */
export async function openParts ({ config, logger, clock, book = fixedBook(), sourceOf, linesDropped, queueLog }: OpenPartsOptions): Promise<OpenedParts> {
  const { dataDir } = config
  const way = await openWayOut({ config, clock, logger })
  const lock = await acquireServerLock(dataDir, { waitMs: config.shutdownTimeoutMs, clock }).catch((error: unknown) => {
    way.close()
    throw error
  })
  const closers: Array<() => Promise<void> | void> = [() => { way.close() }]
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end()
  }
  try {
    const catalog = await followCatalog({ file: config.catalogFile, clock, logger })
    closers.push(() => { catalog.close() })
    const registry = openRegistry({ dataDir, clock, onProblem: (problem: unknown) => { logger.error({ error: problem }, 'The plants\' store failed.') } })
    closers.push(() => { registry.close() })
    const observation = observe({ clock, logger, registry, linesDropped })
    closers.push(() => { observation.close() })
    const accounts = openAccounts({ config, clock, logger, book, observation, wayOut: way.wayOut, sourceOf })
    const relayOf: EndableRelays['relayOf'] = credential => accounts.relayOf(credential)
    observation.health.add('credentials', checkCredentials({ names: () => credentialsInUse(registry), sourceOf: name => accounts.sourceOf(name), clock }))
    // The queue cuts its calls off itself.
    const opened = await openQueue({ config, clock, logger, registry, book, relayOf, metrics: observation.metrics.queue, queueLog })
    accounts.onChange(names => { opened.queue.renewAccounts(names) })
    closers.push(async () => { await opened.log.close() }, async () => { await accounts.close() })
    return { ...opened, lock, registry, catalog: catalog.current, observation, relays: createEndableRelays(relayOf), placeOf: placesOf(config, book), cloudNow: name => accounts.cloudNow(name), close }
  } catch (error) {
    await close()
    lock.release()
    throw error
  }
}

/** The names that plants have set; before there is a plant, and while they cannot be read, what all have by default. */
function credentialsInUse (registry: Pick<Registry, 'listPlants'>): string[] {
  try {
    const names = new Set(registry.listPlants().map(({ policy }) => policy.credential))
    return names.size === 0 ? ['default'] : [...names]
  } catch {
    return ['default']
  }
}
