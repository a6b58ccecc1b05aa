import type { Logger } from 'pino'
import { followCatalog } from './catalog-follow.js'
import type { Catalog } from './catalog/catalog.js'
import type { Clock } from './clock.js'
import type { Config } from './config.js'
import type { CredentialSource } from './credentials/credential-source.js'
import { observe, type Observation } from './observation.js'
import { openQueue, type OpenedQueue, type OpenQueueParts } from './open-queue.js'
import { openRegistry, type Registry } from './plants/registry.js'
import { createEndableRelay, type EndableRelay } from './relay/endable-relay.js'
import { createCloudPool } from './relay/pool.js'
import { createRelay } from './relay/relay.js'
import { acquireServerLock, type ServerLock } from './store/lock.js'

export interface OpenPartsOptions {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly credentials: CredentialSource
  readonly linesDropped?: (() => number) | undefined
  /** Certificates to trust besides the built-in ones, in PEM. */
  readonly ca?: string | undefined
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
  readonly relay: EndableRelay
  /** Closes all but the lock, after queue.stop() and queue.ended(). */
  close: () => Promise<void>
}

/**
 * Opens what the proxy needs besides its ports, in the order in which it may fail.
 * @throws {Error} a plain sentence when DATA_DIR is in use or cannot be used, or CATALOG_FILE cannot; nothing stays open then.
 */
export async function openParts ({ config, logger, clock, credentials, linesDropped, ca, queueLog }: OpenPartsOptions): Promise<OpenedParts> {
  const { dataDir, endpoint, signedHost } = config
  const lock = await acquireServerLock(dataDir, { waitMs: config.shutdownTimeoutMs, clock })
  const closers: Array<() => Promise<void> | void> = []
  const close = async (): Promise<void> => {
    for (const end of closers.reverse()) await end()
  }
  try {
    const catalog = await followCatalog({ file: config.catalogFile, clock, logger })
    closers.push(() => { catalog.close() })
    const registry = openRegistry({ dataDir, clock, onProblem: (problem: unknown) => { logger.error({ error: problem }, 'The plants\' store failed.') } })
    closers.push(() => { registry.close() })
    const observation = observe({ clock, logger, registry, credentials, linesDropped })
    closers.push(() => { observation.close() })
    const pool = createCloudPool({ endpoint, signedHost, ...(ca === undefined ? undefined : { ca }) })
    const cloud = createRelay({ pool, credentials: observation.credentials, signedHost, clock, random: Math.random, onAttempt: observation.onAttempt })
    const relay = createEndableRelay(cloud)
    // The queue cuts its calls off itself.
    const opened = await openQueue({ config, clock, logger, registry, relay: cloud, metrics: observation.metrics.queue, queueLog })
    closers.push(async () => { await opened.log.close() }, async () => { await relay.close() })
    return { ...opened, lock, registry, catalog: catalog.current, observation, relay, close }
  } catch (error) {
    await close()
    lock.release()
    throw error
  }
}
