import { setImmediate } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { buildAdminApp } from './admin-app.js'
import type { buildApp } from './app.js'
import type { Clock } from './clock.js'
import { closeInTime, endAfterMs } from './close-in-time.js'
import type { Config } from './config.js'
import type { FrontOptions } from './front-options.js'
import { listen } from './listen.js'
import { loadAtOnce } from './load-at-once.js'
import { openDelivery } from './open-delivery.js'
import { openParts, type OpenedParts, type OpenPartsOptions } from './open-parts.js'
import type { Registry } from './plants/registry.js'
import { prepareTls } from './tls-follow.js'
import { readVersion } from './version.js'

export interface ServerParts {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  /** The credentials that plants may name; default: `default` alone. */
  readonly book?: OpenPartsOptions['book']
  /** What asks for a credential instead of the sources of its kind. */
  readonly sourceOf?: OpenPartsOptions['sourceOf']
  /** Lines of the log that could not be written. */
  readonly linesDropped?: () => number
  /** What differs from the bounds of front-options.ts. */
  readonly front?: Partial<FrontOptions>
  /** What differs from the defaults of the queue's store. */
  readonly queueLog?: OpenPartsOptions['queueLog']
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
 * @throws {Error} a plain sentence when the TLS pair or CA_FILE cannot be used, DATA_DIR is in use or not writable, or a port is taken.
 */
export async function startServer (given: ServerParts): Promise<Server> {
  const { config, logger, clock, front = {} } = given
  const { bodyMaxBytes, bodiesInFlightMaxBytes, trustProxy, shutdownTimeoutMs: timeoutMs } = config
  const tls = config.tls && await prepareTls({ tls: config.tls, clock, logger })
  const { parts, buildApp, buildAdminApp } = await openAndLoad(given)
  const { lock, registry, relays, queue, observation: { health, metrics } } = parts
  const { start, ...delivery } = openDelivery({ config, clock, logger, parts })
  const app = await buildApp({
    logger,
    clock,
    version: readVersion(),
    registry,
    ...delivery,
    tls: tls?.options,
    metrics,
    bodyMaxBytes,
    bodiesInFlightMaxBytes,
    trustProxy,
    front
  })

  health.add('plants-port', () => app.server.listening ? {} : { reason: 'The plants\' port is not open.' })
  health.add('queue', parts.check)
  const admin = await buildAdminApp({ logger, clock, health, metrics: metrics.registry, admin: config.admin })

  async function close (): Promise<void> {
    health.beginShutdown()
    tls?.close()
    // What waits for the cloud and can be stored is stored now, and answered.
    queue.stop()
    await Promise.all([closeInTime(app, { clock, timeoutMs, endAttempts: relays.end }), queue.ended(endAfterMs(timeoutMs))])
    await parts.close()
    // Last, so that whoever asks until then hears why the proxy is not ready.
    await admin.close()
    lock.release()
  }

  try {
    // First, since a start that fails must not have taken a push.
    const adminOrigin = await listen(admin, { ...config.admin, settings: { host: 'ADMIN_HOST', port: 'ADMIN_PORT' } })
    await start()
    const origin = await listen(app, { host: config.host, port: config.port, settings: { host: 'HOST', port: 'PORT' } })
    tls?.follow(app.server, ({ expiresAtMs }) => { metrics.front.recordCertificate(expiresAtMs) })
    return { origin, adminOrigin, registry, close }
  } catch (error) {
    await close()
    throw error
  }
}

interface Loaded {
  readonly parts: OpenedParts
  readonly buildApp: typeof buildApp
  readonly buildAdminApp: typeof buildAdminApp
}

/** The apps, with Fastify and all plugins, are loaded while the queue's thread starts: either takes a fifth of a second. */
async function openAndLoad (given: ServerParts): Promise<Loaded> {
  const [opened, apps] = await Promise.allSettled([openParts(given), loadApps()])
  if (opened.status === 'rejected') throw opened.reason
  const parts = opened.value
  if (apps.status === 'rejected') {
    parts.queue.stop()
    await parts.close()
    parts.lock.release()
    throw apps.reason
  }
  return { parts, ...apps.value }
}

async function loadApps (): Promise<Omit<Loaded, 'parts'>> {
  // Nothing else runs while they are loaded, so the thread must have been started by then; as a rule it was, within this turn.
  await setImmediate()
  const { buildApp } = await loadAtOnce<Pick<Loaded, 'buildApp'>>(new URL('app.js', import.meta.url))
  const { buildAdminApp } = await loadAtOnce<Pick<Loaded, 'buildAdminApp'>>(new URL('admin-app.js', import.meta.url))
  return { buildApp, buildAdminApp }
}
