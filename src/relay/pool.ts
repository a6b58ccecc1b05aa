import type { Dispatcher } from 'undici'
import { createWayOut, type WayOut } from '../way-out/way-out.js'
import { CloudConnections } from './cloud-connections.js'
import { certificateNameOf, connectorToCloud } from './connect-to-cloud.js'
import { openUndiciPool } from './undici-pool.js'

export interface CloudPoolOptions {
  /** Where to connect to, as an origin. */
  readonly endpoint: URL | string
  /** The Host that is sent and signed. Its name is what TLS asks for and checks, wherever the connection goes. */
  readonly signedHost: string
  readonly connectTimeoutMs?: number
  readonly connectionsMax?: number
  /** Default: directly, trusting what Node trusts. */
  readonly wayOut?: WayOut | undefined
  /** Whether pushes are sent by connections of our own; default: by undici, which is the slower of the two. */
  readonly isFast?: boolean
}

/** What a request learns of the connection that it is begun on. */
export interface Connection {
  /** To be called when a request is begun. @returns Whether an earlier one went over the same connection. */
  begin (): boolean
}

export interface CloudDispatchOptions extends Dispatcher.DispatchOptions {
  readonly path: string
  /** All of them, Host included, but for Content-Length and Connection. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** Called before the request is begun, again should it be moved to another connection. */
  onConnection? (connection: Connection): void
  /** Called by our own connections when the request must wait; `leave` takes it out of the line, as long as it was not begun. */
  onWaiting? (leave: () => void): void
}

/** What is used of a dispatcher of undici's here. */
export interface CloudDispatcher {
  dispatch (options: CloudDispatchOptions, handler: Dispatcher.DispatchHandler): boolean
  destroy (): Promise<void>
}

/** Idle connections are kept a little shorter than common gateways keep them, so few go stale. */
const KEEP_ALIVE_MS = 15_000

/**
 * Keep-alive connections to the cloud, each for one request at a time. TLS is always verified, also where the
 * environment asks Node not to.
 */
export function createCloudPool ({ endpoint, signedHost, connectTimeoutMs = 5_000, connectionsMax = 128, wayOut = createWayOut(), isFast = false }: CloudPoolOptions): CloudDispatcher {
  if (isFast) return new CloudConnections({ connect: connectorToCloud({ endpoint, signedHost, wayOut, connectTimeoutMs }), connectionsMax, keepAliveMs: KEEP_ALIVE_MS })
  return openUndiciPool(new URL(endpoint).origin, {
    connections: connectionsMax,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Whoever sends has an exact deadline; these tick about once a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: wayOut.connectorTo(new URL(endpoint), { connectTimeoutMs, certificateName: certificateNameOf(signedHost) })
  })
}
