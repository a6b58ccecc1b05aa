/**
 * What the sandbox can be told to do wrong, each a character of its own. The comment says what shows on the wire, and
 * whether a push that meets it counts as arrived (docs of `ReceivedPush.answered`).
 */
export const FAULT_NAMES = [
  /** Takes the request and never answers. Arrived. */
  'neverAnswers',
  /** Reads the whole request, then destroys the socket before an answer. Arrived. */
  'hangsUp',
  /** Sends the status line and the headers of a success, then destroys the socket. Arrived. */
  'hangsUpAfterHeaders',
  /** Sends the answer's body one byte at a time, `ms` between two bytes. Arrived. */
  'dribbles',
  /** Announces a longer Content-Length than it sends, then closes. Arrived. */
  'truncatesBody',
  /** 400 `Throttling.User`, with `x-acs-retry-after` when `retryAfterMs` is given. Not arrived. */
  'throttles',
  /** 400 `SignatureDoesNotMatch`; the message echoes the string-to-sign and the key id. Not arrived. */
  'refusesSignature',
  /** An HTML page of a load balancer, 502 unless `statusCode` says otherwise. Not arrived. */
  'isAnErrorPage',
  /** 200 `{"requestId":"…","data":"fail"}`. Arrived. */
  'saysTwoHundredButNotSuccess',
  /** Its clock is off by `ms`, in the Date header and in the 15-minute window. Stands beside any other fault. */
  'skewedClock',
  /** 302 to another path of the same origin, which answers a success to whoever follows. Not arrived. */
  'redirects',
  /** Answers `code` with `statusCode`. Not arrived. */
  'refuses',
  /** 500 `InternalError`; with `statusCode` 503 `ServiceUnavailable`, with 504 `ServiceTimeout`. Not arrived. */
  'isDown',
  /** A success whose body goes on for 16 MiB. Arrived. */
  'answersTooMuch',
  /** Answers with keep-alive, then destroys the socket at once. Arrived. */
  'closesIdle'
] as const

export type FaultName = typeof FAULT_NAMES[number]

export interface FaultOptions {
  /** For so many pushes; without it, for ever (until healed, or until another fault is injected). */
  readonly times?: number | undefined
  /** Milliseconds: between two bytes (`dribbles`, default 20), or how far the clock is ahead (`skewedClock`). */
  readonly ms?: number | undefined
  /** The Code that is answered, for `throttles`, `refuses`, `isDown`. */
  readonly code?: string | undefined
  readonly statusCode?: number | undefined
  /** Sent as `x-acs-retry-after` with any answer of 400 and above. */
  readonly retryAfterMs?: number | undefined
  /** The case of the keys of an error answer; by default each code has the case that it is known for. */
  readonly keyCase?: 'pascal' | 'camel' | undefined
}
