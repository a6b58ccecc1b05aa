import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { buildApp } from './app.js'
import type { Clock } from './clock.js'
import type { Config } from './config.js'
import type { CredentialSource } from './credentials/credential-source.js'
import { openRegistry, type Registry } from './plants/registry.js'
import { createDeliver } from './queue/deliver.js'
import { createCloudPool } from './relay/pool.js'
import { createPreview } from './relay/preview.js'
import { createRelay } from './relay/relay.js'
import { acquireServerLock } from './store/lock.js'
import { readVersion } from './version.js'

export interface ServerParts {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly credentials: CredentialSource
  /** Certificates to trust besides the built-in ones, in PEM. */
  readonly ca?: string
  /** How long a body may take from the end of its headers; default 30 s. */
  readonly bodyTimeoutMs?: number
}

/** A running proxy. */
export interface Server {
  /** Where plants push to, as an origin that works on this machine. */
  readonly origin: string
  readonly registry: Registry
  /** Stops accepting, finishes what is under way within the configured time, and lets go of everything. */
  close: () => Promise<void>
}

/**
 * Opens what the proxy needs, in the order in which it may fail, and listens.
 * @throws {Error} a plain sentence when DATA_DIR is in use or not writable, or the port is taken.
 */
export async function startServer ({ config, logger, clock, credentials, ca, bodyTimeoutMs }: ServerParts): Promise<Server> {
  const { dataDir, endpoint, signedHost } = config
  const lock = await acquireServerLock(dataDir, { waitMs: config.shutdownTimeoutMs, clock })
  const registry = openRegistry({ dataDir, clock, onProblem: (problem: unknown) => { logger.error({ error: problem }, 'The plants\' store failed.') } })
  const pool = createCloudPool({ endpoint, signedHost, ...(ca === undefined ? undefined : { ca }) })
  const relay = createRelay({ pool, credentials, signedHost, clock, random: Math.random, onAttempt: attempt => { logger.debug(attempt, 'attempt') } })
  const app = await buildApp({
    logger,
    clock,
    version: readVersion(),
    registry,
    deliver: createDeliver({ relay, relayTimeoutMs: config.relayTimeoutMs }),
    preview: createPreview({ signedHost, endpoint, clock }),
    bodyMaxBytes: config.bodyMaxBytes,
    bodiesInFlightMaxBytes: config.bodiesInFlightMaxBytes,
    trustProxy: config.trustProxy,
    ...(bodyTimeoutMs === undefined ? undefined : { bodyTimeoutMs })
  })

  async function close (): Promise<void> {
    await app.close()
    await relay.close()
    registry.close()
    lock.release()
  }

  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    await close()
    throw error
  }
  return { origin: originOf(app.server.address()), registry, close }
}

function originOf (address: string | AddressInfo | null): string {
  if (address === null || typeof address === 'string') return String(address)
  const host = ['0.0.0.0', '::'].includes(address.address) ? '127.0.0.1' : address.address
  return `http://${address.family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${address.port}`
}
