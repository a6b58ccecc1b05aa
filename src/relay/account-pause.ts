import type { Clock } from '../clock.js'
import type { Failure } from './verdict.js'

const PAUSE_MS_BASE = 500
const PAUSE_MS_CAP = 10_000

/** The limits of the gateway are those of the account: when one push is throttled, all wait. */
export class AccountPause {
  readonly #clock: Clock
  #untilMs = -Infinity
  #throttledInARow = 0
  #reason: Failure | undefined

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** Milliseconds until the next attempt of any push; 0: now. */
  get leftMs (): number {
    return Math.max(0, this.#untilMs - this.#clock.monotonicMs())
  }

  /** An answer that asks to slow down. Those of pushes that were under way together count once. */
  slowDown (failure: Failure): void {
    const isPaused = this.leftMs > 0
    this.#reason = failure
    if (failure.retryAfterMs !== undefined) {
      this.#untilMs = Math.max(this.#untilMs, this.#clock.monotonicMs() + failure.retryAfterMs)
    } else if (!isPaused) {
      this.#untilMs = this.#clock.monotonicMs() + Math.min(PAUSE_MS_CAP, PAUSE_MS_BASE * 2 ** Math.min(this.#throttledInARow, 10))
    }
    if (!isPaused) this.#throttledInARow += 1
  }

  /** A push was delivered: the next throttling begins with a short pause again. */
  end (): void {
    this.#throttledInARow = 0
  }

  /** For a push that must not even be tried now. */
  toFailure (): Failure {
    const { statusCode, code, message = 'Energy Expert asks the account to slow down.' } = this.#reason ?? {}
    return { kind: 'throttled', mayHaveArrived: false, statusCode, code, message, retryAfterMs: Math.ceil(this.leftMs) }
  }
}
