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
  'closesIdle',
  /** Answers with keep-alive, then destroys the socket, unread, when the next request comes over it. Arrived. */
  'goesStale'
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

/** A fault as it was injected, with how many pushes it is still for. */
export interface InjectedFault extends FaultOptions {
  readonly fault: FaultName
}

/** What one push meets. */
export interface TakenFaults {
  /** `undefined`: the sandbox is well. */
  readonly fault: InjectedFault | undefined
  readonly skewMs: number
}

export interface Faults {
  inject (fault: FaultName, options?: FaultOptions): void
  heal (): void
  /** The faults of the next push; those with `times` wear off by it. */
  take (): TakenFaults
  /** How far the clock is ahead now. */
  skewMs (): number
  /** The skew first, then what comes one after another. */
  list (): readonly InjectedFault[]
}

export function isFaultName (name: unknown): name is FaultName {
  return FAULT_NAMES.some(known => known === name)
}

/**
 * Keeps what was injected. Faults with `times` happen one after another in the order of injecting; a fault without
 * stays until it is healed or until the next one is injected. The skew of the clock is kept beside them.
 */
export function createFaults (): Faults {
  let queue: InjectedFault[] = []
  let skew: InjectedFault | undefined
  return {
    inject (fault, options = {}) {
      const injected = { ...options, fault }
      if (fault === 'skewedClock') skew = injected
      else queue = [...queue.filter(({ times }) => times !== undefined), injected].filter(isLasting)
    },
    heal () {
      queue = []
      skew = undefined
    },
    take () {
      const taken = { fault: queue[0], skewMs: skew?.ms ?? 0 }
      queue = queue.map((fault, at) => at === 0 ? wornOff(fault) : fault).filter(isLasting)
      skew = skew === undefined ? undefined : [wornOff(skew)].find(isLasting)
      return taken
    },
    skewMs: () => skew?.ms ?? 0,
    list: () => skew === undefined ? [...queue] : [skew, ...queue]
  }
}

function wornOff (fault: InjectedFault): InjectedFault {
  return fault.times === undefined ? fault : { ...fault, times: fault.times - 1 }
}

function isLasting ({ times }: InjectedFault): boolean {
  return times === undefined || times > 0
}
