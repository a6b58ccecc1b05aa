import type { RamCredential } from '../credentials/credential-source.js'
import { ProxyError } from '../errors.js'
import { acsDate, PUSH_PATH, signPush } from '../signing/sign-request.js'
import { attempt, type Outcome } from './attempt.js'
import { backoffMs } from './backoff.js'
import { describeCancel, describeFailure, describeTimeout } from './describe-failure.js'
import { Ending } from './ending.js'
import type { SendOptions, SharedParts } from './relay.js'
import { type Failure, readVerdict, type Verdict } from './verdict.js'

/** A bound for an endpoint that fails at once and a random that is always 0. */
const ATTEMPTS_MAX = 20
/** With less time left another attempt would more likely turn "nothing was sent" into "may have arrived" than be answered. */
const ATTEMPT_MS_MIN = 50
const CLOCK_LESSONS_MAX = 2
/** Whoever says it, it passes. */
const TOO_MANY_REQUESTS = 429
const RETRIED: ReadonlySet<Verdict['kind']> = new Set(['throttled', 'maybe-arrived', 'unsent'])

/** Sends one push, in as many signed attempts as make sense before its deadline. */
export class PushSender {
  readonly #shared: SharedParts
  readonly #body: Buffer
  readonly #ending: Ending
  readonly #retries: SendOptions['retries']
  readonly #resendsInDoubt: SendOptions['resendsInDoubt']
  /** The last failure after which the push may have arrived. */
  #unsure: Failure | undefined
  /** The credential that the cloud refused; it is refreshed once. */
  #refused: RamCredential | undefined
  #attempts = 0
  #clockLessons = 0
  #signedAgain = false
  #foundStale = false
  /** Of the attempt that is under way. */
  #startedAtMs = 0
  #clockSkewMs = 0

  constructor (shared: SharedParts, body: Buffer, { timeoutMs, clientGone, stopping, retries, resendsInDoubt }: SendOptions) {
    this.#shared = shared
    this.#body = body
    this.#ending = new Ending(shared.clock, timeoutMs, clientGone, stopping)
    this.#retries = retries
    this.#resendsInDoubt = resendsInDoubt
  }

  /** To be called once. */
  async send (): Promise<Verdict> {
    try {
      let last: Failure | undefined
      let delayMs = 0
      while (this.#attempts < ATTEMPTS_MAX) {
        // A push that need not wait is not made to: each step that could have been left out costs a promise.
        const noTurn = delayMs === 0 && this.#isItsTurn() ? undefined : await this.#waitForTurn(delayMs, last)
        if (noTurn !== undefined) return this.#conclude(noTurn)
        const credential = this.#heldCredential() ?? await this.#getCredential()
        if (credential === undefined) return this.#conclude(this.#ending.reason === undefined && last !== undefined ? last : this.#endOf(false))
        const outcome = await this.#begin(credential)
        const verdict = this.#note(outcome)
        if (verdict.kind === 'delivered') return verdict
        const nextInMs = this.#learn(verdict, outcome, credential)
        if (nextInMs === undefined || this.#ending.reason !== undefined) return this.#conclude(verdict)
        last = verdict
        delayMs = nextInMs
      }
      return this.#conclude(last ?? this.#endOf(false))
    } finally {
      this.#ending.close()
      this.#shared.onEnded()
    }
  }

  /** Nothing asks to wait. With a failure behind it a push also needs time enough for another attempt. */
  #isItsTurn (): boolean {
    return this.#attempts === 0 && this.#shared.pause.leftMs === 0 && this.#ending.reason === undefined
  }

  /** Waits for the backoff and for a pause of the account; returns what to conclude with when that leaves no time. */
  async #waitForTurn (delayMs: number, last: Failure | undefined): Promise<Failure | undefined> {
    const { pause } = this.#shared
    let waitMs = delayMs + pause.leftMs
    if (last !== undefined && this.#ending.leftMs < ATTEMPT_MS_MIN) return last
    while (waitMs > 0 && this.#ending.reason === undefined) {
      if (waitMs + ATTEMPT_MS_MIN > this.#ending.leftMs) return last ?? pause.toFailure()
      await this.#ending.sleep(waitMs)
      // Another push may have been throttled meanwhile.
      waitMs = pause.leftMs
    }
    return this.#ending.reason === undefined ? undefined : this.#endOf(false)
  }

  /** The one that is at hand, unless it is the one that the cloud refused. */
  #heldCredential (): RamCredential | undefined {
    return this.#refused === undefined ? this.#shared.credentials.held?.() : undefined
  }

  /** Undefined when the time is over before there is one. */
  async #getCredential (): Promise<RamCredential | undefined> {
    try {
      const credential = await this.#ending.orEnd(this.#askForCredential())
      if (credential === undefined && this.#ending.reason === 'timed-out') throw new ProxyError('Credentials.Unavailable', undefined, { retryAfterMs: 1_000 })
      return credential
    } catch (error) {
      // "Nothing was sent" would not be true of a push that may have arrived.
      if (this.#unsure !== undefined) return undefined
      throw error
    }
  }

  async #askForCredential (): Promise<RamCredential> {
    const { credentials } = this.#shared
    const current = await credentials.get()
    // Whichever push was refused first has had it refreshed for all of them.
    const wasRefused = this.#refused !== undefined && current.accessKeyId === this.#refused.accessKeyId && current.securityToken === this.#refused.securityToken
    return wasRefused ? await credentials.refresh() : current
  }

  #begin (credential: RamCredential): Promise<Outcome> {
    const { pool, signedHost, nonce, skew, clock } = this.#shared
    this.#startedAtMs = clock.monotonicMs()
    this.#clockSkewMs = skew.skewMs
    const { headers } = signPush({ host: signedHost, body: this.#body, credential, date: acsDate(skew.cloudNow()), nonce: nonce() })
    return attempt(pool, { path: PUSH_PATH, headers, body: this.#body }, this.#ending)
  }

  /** What became of the attempt, told to whoever watches. */
  #note (outcome: Outcome): Verdict {
    const { skew, pause, clock, onAttempt } = this.#shared
    const verdict = this.#judge(outcome)
    this.#attempts += 1
    const attempt = this.#attempts
    const durationMs = clock.monotonicMs() - this.#startedAtMs
    const clockSkewMs = this.#clockSkewMs
    if (verdict.kind !== 'delivered') {
      onAttempt({ ...verdict, attempt, durationMs, clockSkewMs })
      return verdict
    }
    onAttempt({ kind: 'delivered', statusCode: verdict.statusCode, cloudRequestId: verdict.cloudRequestId, attempt, durationMs, clockSkewMs })
    pause.end()
    skew.learn('headers' in outcome ? outcome.headers.date : undefined, false)
    return verdict
  }

  #judge (outcome: Outcome): Verdict {
    if ('statusCode' in outcome) return readVerdict(outcome.statusCode, outcome.headers, outcome.body)
    return outcome.cause === undefined ? this.#endOf(outcome.begun) : describeFailure(outcome.cause, outcome.begun)
  }

  /** Takes from a failure what helps the next attempt. Returns how long to wait before it, undefined when there is none. */
  #learn (failure: Failure, outcome: Outcome, credential: RamCredential): number | undefined {
    const { pause, skew, random } = this.#shared
    if (failure.mayHaveArrived) this.#unsure = failure
    if (failure.kind === 'throttled' || failure.retryAfterMs !== undefined) pause.slowDown(failure)
    if (failure.mayHaveArrived && this.#resendsInDoubt === false) return undefined
    if (failure.remedy === 'learn-clock' && 'headers' in outcome) {
      this.#clockLessons += 1
      return this.#clockLessons <= CLOCK_LESSONS_MAX && skew.learn(outcome.headers.date, true) ? 0 : undefined
    }
    if (failure.remedy === 'refresh-credential') {
      const isFirst = this.#refused === undefined
      this.#refused = credential
      return isFirst ? 0 : undefined
    }
    if (failure.remedy === 'sign-again') {
      // Once, at once: whatever sends requests twice on the way does so to the next one too, however long that waits.
      const isFirst = !this.#signedAgain
      this.#signedAgain = true
      return isFirst ? 0 : undefined
    }
    if ('stale' in outcome && outcome.stale && !this.#foundStale) {
      this.#foundStale = true
      return 0
    }
    if (this.#retries === 'none' || failure.remedy === 'tell-operator') return undefined
    return RETRIED.has(failure.kind) || failure.statusCode === TOO_MANY_REQUESTS ? backoffMs(this.#attempts, random) : undefined
  }

  /** Never less certain than the most uncertain attempt: what may have arrived once may have arrived. */
  #conclude (failure: Failure): Failure {
    const unsure = this.#unsure
    if (unsure === undefined || failure.mayHaveArrived) return failure
    if (failure.kind !== 'throttled' && failure.kind !== 'unsent') return { ...failure, mayHaveArrived: true }
    return { ...unsure, timedOut: failure.timedOut ?? false, retryAfterMs: failure.retryAfterMs ?? unsure.retryAfterMs }
  }

  #endOf (begun: boolean): Failure {
    return this.#ending.reason === 'cancelled' ? describeCancel(begun) : describeTimeout(begun, this.#shared.viaProxy)
  }
}
