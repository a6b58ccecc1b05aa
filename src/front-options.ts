import type { ServerOptions } from 'node:http'

/** How much the plants' port bears with, before a sender is known by its key. Not settings: they fit every site, tests shorten them. */
export interface FrontOptions {
  /** Open connections, all together. */
  readonly connectionsMax: number
  /** Open connections of one address (IPv6: of one /64). Loopback and TRUST_PROXY stand for many senders and count only in all. */
  readonly connectionsPerAddressMax: number
  /** How long the headers of a request may take, from the first byte; on a new connection, from its opening. */
  readonly headersTimeoutMs: number
  /** How long a body may take from the end of its headers. */
  readonly bodyTimeoutMs: number
  /** How long a connection may idle between two requests. */
  readonly keepAliveTimeoutMs: number
  /** How long a connection may stand still while it is being answered: a reader that does not read. */
  readonly stallTimeoutMs: number
  /** How often Node looks for requests whose time is over. */
  readonly connectionsCheckingIntervalMs: number
  readonly headersMaxBytes: number
  /** How long a sender that was refused may go on with its body, so that it gets to read its answer. */
  readonly lingerTimeoutMs: number
  /** Failures that one address may cause in a minute before it hears 429 in place of 401, 403, 404 and 405. */
  readonly failuresPerMinuteMax: number
  /** How long an answer waits that tells an address of too many failures, so that a loop of retries does not eat the machine. */
  readonly throttledDelayMs: number
  /** Pages of the documentation that one address may ask for in a minute. */
  readonly pagesPerMinuteMax: number
  /** Whether an address stands for many senders; default: loopback and TRUST_PROXY do. */
  readonly isShared?: (address: string) => boolean
}

export const FRONT_DEFAULTS: FrontOptions = {
  connectionsMax: 4096,
  connectionsPerAddressMax: 512,
  // A modem at 2400 baud needs 3 s for 700 bytes.
  headersTimeoutMs: 15_000,
  bodyTimeoutMs: 30_000,
  // Above the 60 s after which the usual load balancers let go of an idle connection: the side that sends next must be the one that closes.
  keepAliveTimeoutMs: 72_000,
  // Above the 120 s that a push may wait for the cloud.
  stallTimeoutMs: 150_000,
  connectionsCheckingIntervalMs: 2_000,
  headersMaxBytes: 16_384,
  lingerTimeoutMs: 15_000,
  failuresPerMinuteMax: 60,
  throttledDelayMs: 500,
  // One view of /docs is about ten.
  pagesPerMinuteMax: 300
}

/** What Node's server is told at its making, with and without TLS. */
export function httpServerOptions (front: FrontOptions): ServerOptions {
  return {
    // Senders of HTTP/1.0 and a few modems name no Host; nothing here depends on it.
    requireHostHeader: false,
    maxHeaderSize: front.headersMaxBytes,
    // Whatever NODE_OPTIONS says: the lenient parser takes what two servers in a row read in two ways.
    insecureHTTPParser: false,
    headersTimeout: front.headersTimeoutMs,
    requestTimeout: requestTimeoutMs(front),
    connectionsCheckingInterval: front.connectionsCheckingIntervalMs
  }
}

/** Ours end earlier and answer better; this one ends what they do not see, such as the rest of a body that was refused. */
export function requestTimeoutMs ({ headersTimeoutMs, bodyTimeoutMs, lingerTimeoutMs }: FrontOptions): number {
  return headersTimeoutMs + bodyTimeoutMs + lingerTimeoutMs
}
