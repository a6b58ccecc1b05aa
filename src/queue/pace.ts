import type { Clock } from '../clock.js'
import { holdMs } from './hold.js'

const CALLS_A_SECOND_START = 8
const CALLS_A_SECOND_MIN = 0.1
const CALLS_A_SECOND_MAX = 500
/** How many calls may start at once after a rest. */
const BURST_CALLS = 4
/** A call that carried as much and was as quick shows that more would fit. */
const QUICK_MS = 5_000
const CALL_BYTES_START = 262_144
const CALL_BYTES_MIN = 16_384

export interface PaceParts {
  readonly clock: Clock
  readonly random: () => number
  readonly callBytesMax: number
  readonly holdMsMax: number
}

/**
 * How fast the calls of one account may follow each other: a rate that grows a little with every delivery and is halved
 * when the cloud throttles, and the size of a call, which is halved when the line is too slow for it.
 */
export class Pace {
  readonly #parts: PaceParts
  #callsASecond = CALLS_A_SECOND_START
  /** Below it the rate doubles every second, above it the growth is slow: it is where the cloud last throttled. */
  #callsASecondSafe = Infinity
  #callBytesMax: number
  #nextAtMs = -Infinity
  #pausedUntilMs = -Infinity
  #throttledInARow = 0
  #halvedAtMs = -Infinity

  constructor (parts: PaceParts) {
    this.#parts = parts
    this.#callBytesMax = Math.min(CALL_BYTES_START, parts.callBytesMax)
  }

  get callBytesMax (): number {
    return this.#callBytesMax
  }

  get callsASecond (): number {
    return this.#callsASecond
  }

  /** Milliseconds until the next call may start; 0: now. */
  get leftMs (): number {
    return Math.max(0, this.#pausedUntilMs - this.#nowMs, this.#nextAtMs - this.#burstMs - this.#nowMs)
  }

  begin (): void {
    this.#nextAtMs = Math.max(this.#nextAtMs, this.#nowMs) + 1000 / this.#callsASecond
  }

  /** A call that was begun had nothing to send. */
  withdraw (): void {
    this.#nextAtMs -= 1000 / this.#callsASecond
  }

  delivered ({ bytes, durationMs }: { bytes: number, durationMs: number }): void {
    this.#throttledInARow = 0
    if (bytes * 2 > this.#callBytesMax && durationMs < QUICK_MS) this.#callBytesMax = Math.min(this.#parts.callBytesMax, this.#callBytesMax * 2)
    // A rate that nobody uses up proves nothing, and must not grow.
    if (this.#nextAtMs <= this.#nowMs) return
    this.#callsASecond += this.#callsASecond < this.#callsASecondSafe ? 1 : Math.min(0.5, 1 / this.#callsASecond)
    this.#callsASecond = Math.min(CALLS_A_SECOND_MAX, this.#callsASecond)
  }

  /**
   * @param startedAtMs When the call was begun: those that were under way together are throttled together, and count once.
   *   Live pushes that come during a pause are told of it without being sent, and count for nothing.
   */
  throttled (startedAtMs: number, retryAfterMs: number | undefined): void {
    const { holdMsMax, random } = this.#parts
    if (startedAtMs > this.#halvedAtMs && this.#nowMs >= this.#pausedUntilMs) {
      this.#halvedAtMs = this.#nowMs
      this.#callsASecond = Math.max(CALLS_A_SECOND_MIN, this.#callsASecond / 2)
      this.#callsASecondSafe = this.#callsASecond
      this.pause(retryAfterMs ?? holdMs(this.#throttledInARow, holdMsMax, random))
      this.#throttledInARow += 1
      // After the pause they come one by one.
      this.#nextAtMs = Math.max(this.#nextAtMs, this.#pausedUntilMs + this.#burstMs)
    } else if (retryAfterMs !== undefined) {
      this.pause(retryAfterMs)
    }
  }

  pause (forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#nowMs + forMs)
  }

  /** A call did not get through in its time. */
  timedOut (): void {
    this.#callBytesMax = Math.max(CALL_BYTES_MIN, Math.floor(this.#callBytesMax / 2))
  }

  /** After an outage the cloud is not met with all that waits at once. */
  restart (): void {
    this.#callsASecond = Math.min(this.#callsASecond, CALLS_A_SECOND_START)
  }

  get #nowMs (): number {
    return this.#parts.clock.monotonicMs()
  }

  get #burstMs (): number {
    return BURST_CALLS * 1000 / this.#callsASecond
  }
}
