import { toLogSentence } from '../relay/log-sentence.js'
import type { Failure } from '../relay/verdict.js'
import type { Alarms } from './alarms.js'
import { DrainRate } from './drain-rate.js'
import { holdMs } from './hold.js'
import { Pace, type PaceParts } from './pace.js'
import { Refusals } from './refusals.js'

export interface AccountParts extends PaceParts {
  readonly callsInFlightMax: number
  readonly alarms: Alarms
}

/** A call that was allowed to start. */
export interface Ticket {
  readonly startedAtMs: number
  /** How many calls had been delivered then. */
  readonly deliveries: number
  readonly isProbe: boolean
}

interface Outage {
  failures: number
  probeAtMs: number
  isProbing: boolean
}

/** A failure that whoever looks after the account must mend; the others may pass by themselves. */
const TELLS_OPERATOR: ReadonlySet<Failure['kind']> = new Set(['account-fault', 'unknown-refusal', 'refused', 'bad-answer'])
/** So many failures in a row are more than a hiccup. */
const FAILURES_TOLD = 3

/**
 * What is known of one RAM account: how fast it may be used, and whether it works at all. While nothing of it succeeds it
 * is out: one call at a time asks again, at the latest after `holdMsMax`, and nothing is given up.
 */
export class Account {
  readonly name: string
  readonly pace: Pace
  readonly refusals = new Refusals()
  readonly drainRate: DrainRate
  /** Live pushes that are on their way to the cloud. */
  liveTries = 0
  /** One code of refusal met pushes that have no device in common: until something is delivered nothing is parked for it. */
  refusesAll = false
  readonly #parts: AccountParts
  #deliveries = 0
  #inFlight = 0
  #outage: Outage | undefined
  #openSinceMs = -Infinity
  #isRetired = false

  constructor (name: string, parts: AccountParts) {
    this.name = name
    this.pace = new Pace(parts)
    this.drainRate = new DrainRate(parts.clock)
    this.#parts = parts
  }

  /** Calls that were delivered, live pushes included: whoever failed in between failed alone. */
  get deliveries (): number {
    return this.#deliveries
  }

  get isOut (): boolean {
    return this.#outage !== undefined
  }

  get isIdle (): boolean {
    return this.#inFlight === 0
  }

  /** When the last outage ended that was more than a hiccup, by the monotonic clock. */
  get openSinceMs (): number {
    return this.#openSinceMs
  }

  /** Its credential has changed, or is gone: what is still under way is finished, and nothing is begun. */
  get isRetired (): boolean {
    return this.#isRetired
  }

  retire (): void {
    this.#isRetired = true
    this.#parts.alarms.end(`account ${this.name}`)
  }

  /** Milliseconds until a call may start; undefined: not before one that is in flight has ended. */
  get waitMs (): number | undefined {
    if (this.#inFlight >= this.#parts.callsInFlightMax || this.#outage?.isProbing === true) return undefined
    return Math.max(this.pace.leftMs, (this.#outage?.probeAtMs ?? -Infinity) - this.#parts.clock.monotonicMs())
  }

  begin (): Ticket {
    this.#inFlight += 1
    this.pace.begin()
    if (this.#outage !== undefined) this.#outage.isProbing = true
    return { startedAtMs: this.#parts.clock.monotonicMs(), deliveries: this.#deliveries, isProbe: this.#outage !== undefined }
  }

  end ({ isProbe }: Ticket): void {
    this.#inFlight -= 1
    if (isProbe && this.#outage !== undefined) this.#outage.isProbing = false
  }

  noteDelivery (): void {
    this.#deliveries += 1
    this.refusals.clear()
    this.refusesAll = false
    this.noteAnswer()
  }

  /** The cloud judged a push, so the account works; unless it judges all pushes alike. */
  noteAnswer (): void {
    if (this.#outage === undefined || this.refusesAll) return
    if (this.#outage.failures >= FAILURES_TOLD) {
      this.pace.restart()
      this.#openSinceMs = this.#parts.clock.monotonicMs()
    }
    this.#outage = undefined
    if (!this.#isRetired) this.#parts.alarms.end(`account ${this.name}`)
  }

  /** Nothing speaks against the failure being one of the account, the line or the cloud. */
  noteFailure (failure: Failure, { startedAtMs, isProbe }: Ticket): void {
    const { clock, random, holdMsMax, alarms } = this.#parts
    // The alarm would be one of the account that came after it.
    if (this.#isRetired) return
    if (failure.retryAfterMs !== undefined) this.pace.pause(failure.retryAfterMs)
    if (this.#outage === undefined || isProbe) {
      const outage = this.#outage ??= { failures: 0, probeAtMs: 0, isProbing: false }
      // Counted from the start of a probe: one that hangs for as long as the wait is followed at once.
      outage.probeAtMs = (isProbe ? startedAtMs : clock.monotonicMs()) + holdMs(outage.failures, holdMsMax, random)
      outage.failures += 1
    }
    const { kind, code, remedy } = failure
    if (TELLS_OPERATOR.has(kind) || remedy === 'tell-operator' || (this.#outage?.failures ?? 0) >= FAILURES_TOLD) {
      alarms.raise(`account ${this.name}`, { kind: this.refusesAll ? 'refuses-all' : kind, code, message: toLogSentence(failure), account: this.name })
    }
  }
}
