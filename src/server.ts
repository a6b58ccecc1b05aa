import type { Logger } from 'pino'
import { buildAdminApp } from './admin-app.js'
import { buildApp } from './app.js'
import type { Clock } from './clock.js'
import { closeInTime } from './close-in-time.js'
import type { Config } from './config.js'
import type { CredentialSource } from './credentials/credential-source.js'
import type { FrontOptions } from './front-options.js'
import { listen } from './listen.js'
import { observe } from './observation.js'
import { openRegistry, type Registry } from './plants/registry.js'
import { createDeliver } from './queue/deliver.js'
import { createCloudPool } from './relay/pool.js'
import { createPreview } from './relay/preview.js'
import { createEndableRelay } from './relay/endable-relay.js'
import { createRelay } from './relay/relay.js'
import { prepareTls } from './tls-follow.js'
import { acquireServerLock } from './store/lock.js'
import { readVersion } from './version.js'

export interface ServerParts {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly credentials: CredentialSource
  /** Certificates to trust besides the built-in ones, in PEM. */
  readonly ca?: string
  /** What differs from the bounds of front-options.ts. */
  readonly front?: Partial<FrontOptions>
}

/** A running proxy. */
export interface Server {
  /** Where plants push to, as an origin that works on this machine. */
  readonly origin: string
  /** Where health and metrics are. */
  readonly adminOrigin: string
  readonly registry: Registry
  /** Stops accepting, finishes what is under way within the configured time, and lets go of everything. */
  close: () => Promise<void>
}

/**
 * Opens what the proxy needs, in the order in which it may fail, and listens.
 * @throws {Error} a plain sentence when the TLS pair cannot be used, DATA_DIR is in use or not writable, or a port is taken.
 */
export async function startServer ({ config, logger, clock, credentials, ca, front = {} }: ServerParts): Promise<Server> {
  const { dataDir, endpoint, signedHost } = config
  const tls = config.tls && await prepareTls({ tls: config.tls, clock, logger })
  const lock = await acquireServerLock(dataDir, { waitMs: config.shutdownTimeoutMs, clock })
  const registry = openRegistry({ dataDir, clock, onProblem: (problem: unknown) => { logger.error({ error: problem }, 'The plants\' store failed.') } })
  const pool = createCloudPool({ endpoint, signedHost, ...(ca === undefined ? undefined : { ca }) })
  const observation = observe({ clock, logger, registry, credentials })
  const { health, metrics, onAttempt } = observation
  const relay = createEndableRelay(createRelay({ pool, credentials: observation.credentials, signedHost, clock, random: Math.random, onAttempt }))
  const app = await buildApp({
    logger,
    clock,
    version: readVersion(),
    registry,
    deliver: createDeliver({ relay, queue: undefined, clock, relayTimeoutMs: config.relayTimeoutMs, queueMaxBytes: 0 }),
    preview: createPreview({ signedHost, endpoint, clock }),
    tls: tls?.options,
    metrics,
    bodyMaxBytes: config.bodyMaxBytes,
    bodiesInFlightMaxBytes: config.bodiesInFlightMaxBytes,
    trustProxy: config.trustProxy,
    front
  })

  health.add('plants-port', () => app.server.listening ? {} : { reason: 'The plants\' port is not open.' })
  const admin = await buildAdminApp({ logger, clock, health, metrics: metrics.registry, admin: config.admin })

  async function close (): Promise<void> {
    health.beginShutdown()
    tls?.close()
    await closeInTime(app, { clock, timeoutMs: config.shutdownTimeoutMs, endAttempts: relay.end })
    await relay.close()
    registry.close()
    observation.close()
    // Last, so that whoever asks until then hears why the proxy is not ready.
    await admin.close()
    lock.release()
  }

  try {
    // First, since a start that fails must not have taken a push.
    const adminOrigin = await listen(admin, { ...config.admin, settings: { host: 'ADMIN_HOST', port: 'ADMIN_PORT' } })
    const origin = await listen(app, { host: config.host, port: config.port, settings: { host: 'HOST', port: 'PORT' } })
    tls?.follow(app.server, ({ expiresAtMs }) => { metrics.front.recordCertificate(expiresAtMs) })
    return { origin, adminOrigin, registry, close }
  } catch (error) {
    await close()
    throw error
  }
}
