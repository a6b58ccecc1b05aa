import { checkServerIdentity, createSecureContext, rootCertificates } from 'node:tls'
import { Client, type Dispatcher, Pool } from 'undici'

export interface CloudPoolOptions {
  /** Where to connect to, as an origin. */
  readonly endpoint: URL | string
  /** The Host that is sent and signed. Its name is what TLS asks for and checks, wherever the connection goes. */
  readonly signedHost: string
  readonly connectTimeoutMs?: number
  readonly connectionsMax?: number
  /** Certificates to trust besides the built-in ones, in PEM. */
  readonly ca?: string
}

/** What a request learns of the connection that it is begun on. */
export interface Connection {
  /** To be called when a request is begun. @returns Whether an earlier one went over the same connection. */
  begin (): boolean
}

export interface CloudDispatchOptions extends Dispatcher.DispatchOptions {
  /** Called before the request is begun, again should it be moved to another connection. */
  onConnection? (connection: Connection): void
}

/** Idle connections are kept a little shorter than common gateways keep them, so few go stale. */
const KEEP_ALIVE_MS = 15_000

/**
 * Keep-alive connections to the cloud, each for one request at a time. TLS is always verified, also where the
 * environment asks Node not to.
 */
export function createCloudPool ({ endpoint, signedHost, connectTimeoutMs = 5_000, connectionsMax = 128, ca }: CloudPoolOptions): Pool {
  const name = new URL(`https://${signedHost}`).hostname.replace(/^\[|\]$/g, '')
  return new Pool(new URL(endpoint).origin, {
    connections: connectionsMax,
    pipelining: 1,
    connectTimeout: connectTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Whoever sends has an exact deadline; these tick about once a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: {
      rejectUnauthorized: true,
      // For SNI undici takes the name in the Host header, the signed one. An IP address has no place there, and Node would compare the
      // certificate with the address connected to.
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      // Made once: reading some 150 root certificates takes milliseconds.
      ...(ca === undefined ? undefined : { secureContext: createSecureContext({ ca: [...rootCertificates, ca] }) })
    },
    factory: (origin, options) => new CountingClient(origin, options)
  })
}

class CountingClient extends Client implements Connection {
  #begun = 0

  constructor (origin: URL, options: Client.Options) {
    super(origin, options)
    this.on('connect', () => { this.#begun = 0 })
  }

  override dispatch (options: CloudDispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    options.onConnection?.(this)
    return super.dispatch(options, handler)
  }

  begin (): boolean {
    this.#begun += 1
    return this.#begun > 1
  }
}
