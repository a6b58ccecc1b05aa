/** One row of the catalogue: the status that goes with a code, and what whoever reads it should do. */
interface CatalogueRow {
  readonly statusCode: number
  /** What happened and what to do, in one sentence: the message where the place that throws has nothing better to say. */
  readonly message: string
}

/**
 * Every error code that the proxy can answer with. Closed: an answer with another code is a defect, except the code of
 * a cloud's own refusal, which `Cloud.Refused` stands for. docs/errors.md explains each row; a test compares the two.
 */
export const CATALOGUE = {
  EmptyBody: { statusCode: 400, message: 'The request has no body; send the push as JSON.' },
  InvalidEncoding: { statusCode: 400, message: 'The body fits no encoding that it may have.' },
  InvalidJson: { statusCode: 400, message: 'The body is not JSON.' },
  InvalidPush: { statusCode: 400, message: 'The push breaks the contract; errors lists each place.' },
  InvalidRequest: { statusCode: 400, message: 'The request could not be read as HTTP; see the sender\'s HTTP settings.' },
  InvalidKey: { statusCode: 401, message: 'The API key is missing, unknown, expired or revoked; send a valid one in the X-API-Key header.' },
  InvalidToken: { statusCode: 401, message: 'The admin port needs the operator\'s token; send it as Authorization: Bearer.' },
  'Forbidden.Address': { statusCode: 403, message: 'The API key may not be used from this address; ask the operator to allow it.' },
  'Forbidden.Device': { statusCode: 403, message: 'The API key may not push this device or device type; ask the operator to allow it.' },
  NotFound: { statusCode: 404, message: 'There is nothing at this path; push to /api/v1/data/increment/push.' },
  MethodNotAllowed: { statusCode: 405, message: 'This path does not take this method; use POST.' },
  RequestTimeout: { statusCode: 408, message: 'The request did not arrive whole in time; check the line and the Content-Length.' },
  BodyTooLarge: { statusCode: 413, message: 'The body is larger than the proxy takes; send fewer devices in one push.' },
  PushTooLarge: { statusCode: 413, message: 'The push holds more than the proxy takes at once; send fewer devices in one push.' },
  UnsupportedContentEncoding: { statusCode: 415, message: 'The body is compressed in a way that the proxy does not read; send it uncompressed, or as gzip or deflate.' },
  MisdirectedRequest: { statusCode: 421, message: 'The admin port does not answer to this Host; ask for it by address or localhost, or add the name to ADMIN_ALLOWED_HOSTS.' },
  IdempotencyKeyReused: { statusCode: 422, message: 'The Idempotency-Key belongs to a push with another body that was delivered or stored; give each push a key of its own.' },
  'Throttling.Address': { statusCode: 429, message: 'Too many requests without a valid key or path came from this address; mend the sender, or wait.' },
  'Throttling.Plant': { statusCode: 429, message: 'The plant sends more than its operator allows in a minute; wait, then send it again.' },
  HeadersTooLarge: { statusCode: 431, message: 'The header section is too large; send fewer or shorter headers.' },
  InternalError: { statusCode: 500, message: 'The proxy failed; give the operator the request id.' },
  'Cloud.AccountFault': { statusCode: 502, message: 'Energy Expert refuses the operator\'s account; the push is not at fault. Tell the operator.' },
  'Cloud.BadAnswer': { statusCode: 502, message: 'What answered was not Energy Expert; tell the operator to check the endpoint and the line.' },
  'Cloud.Refused': { statusCode: 400, message: 'Energy Expert refused the push.' },
  'Cloud.Throttled': { statusCode: 503, message: 'Energy Expert asks the operator\'s account to slow down; nothing was taken. Send it again later.' },
  'Cloud.Unreachable': { statusCode: 503, message: 'Energy Expert could not be reached; nothing was sent. Send it again later.' },
  'Cloud.MaybeArrived': { statusCode: 504, message: 'Energy Expert did not confirm; the push may have arrived.' },
  'Cloud.Timeout': { statusCode: 504, message: 'Energy Expert did not answer in time; the push may have arrived.' },
  'Credentials.Unavailable': { statusCode: 503, message: 'The proxy has no valid RAM credential now; nothing was sent. Tell the operator.' },
  'Credentials.Unknown': { statusCode: 503, message: 'The proxy does not know the RAM credential that is set for this plant; nothing was sent. Tell the operator.' },
  QueueFull: { statusCode: 503, message: 'The proxy\'s queue is full; nothing was taken. Send it again later, and tell the operator.' },
  ShuttingDown: { statusCode: 503, message: 'The proxy is shutting down; nothing was sent. Send it again in a moment.' },
  TooMuchInFlight: { statusCode: 503, message: 'The proxy holds as many bodies as it may; nothing was sent. Send it again in a moment.' }
} as const satisfies Record<string, CatalogueRow>

export type ErrorCode = keyof typeof CATALOGUE

/** A fault of a body, at a place: `path` is a JSON pointer (RFC 6901), `''` is the whole body. */
export interface Fault {
  readonly path: string
  readonly message: string
}

/** The cloud's own refusal, to be passed on as it is (its message already redacted). */
export interface CloudRefusal {
  readonly statusCode: number
  readonly code: string
  readonly requestId: string | undefined
}

export interface ProxyErrorOptions {
  /** Kept for the log, never answered. */
  readonly cause?: unknown
  /** Faults of the body, answered as `errors`. */
  readonly faults?: readonly Fault[]
  /** What became of the body before the fault was found, answered as `steps`; of a dry run alone. */
  readonly steps?: ReadonlyArray<{ readonly step: string, readonly what: string }>
  /** Answered as Retry-After (whole seconds, rounded up) and x-acs-retry-after (milliseconds). */
  readonly retryAfterMs?: number
  /** Only with `Cloud.Refused`: the status and code of the answer are the cloud's. */
  readonly refusal?: CloudRefusal
  /** The methods that the path takes; only with `MethodNotAllowed`. */
  readonly allow?: string
}

/** Every failure that a caller may learn of. Anything else that is thrown is ours: 500 and a request id. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly code: ErrorCode
  readonly statusCode: number
  readonly faults: readonly Fault[] | undefined
  readonly steps: ProxyErrorOptions['steps']
  readonly retryAfterMs: number | undefined
  readonly refusal: CloudRefusal | undefined
  readonly allow: string | undefined

  constructor (code: ErrorCode, message: string = CATALOGUE[code].message, options: ProxyErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.statusCode = options.refusal?.statusCode ?? CATALOGUE[code].statusCode
    this.faults = options.faults
    this.steps = options.steps
    this.retryAfterMs = options.retryAfterMs
    this.refusal = options.refusal
    this.allow = options.allow
  }
}
