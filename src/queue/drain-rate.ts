import type { Clock } from '../clock.js'

/** Short enough to follow a change of pace, long enough to bridge the pauses between calls. */
const MEMORY_MS = 30_000

/** How many pushes an account gets settled in a second, averaged over about half a minute. */
export class DrainRate {
  readonly #clock: Clock
  #settled = 0
  #atMs: number
  #sinceMs: number

  constructor (clock: Clock) {
    this.#clock = clock
    this.#atMs = this.#sinceMs = clock.monotonicMs()
  }

  note (pushes: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#settled = this.#faded(nowMs)
    // After a rest it counts anew, for the rest says nothing about the pace.
    if (this.#settled < 0.5) this.#sinceMs = nowMs
    this.#settled += pushes
    this.#atMs = nowMs
  }

  /** How long `pushes` will take at the present pace, in milliseconds; undefined while nothing moves. */
  endsInMs (pushes: number): number | undefined {
    const nowMs = this.#clock.monotonicMs()
    const settled = this.#faded(nowMs)
    if (settled < 0.5) return undefined
    const weightMs = MEMORY_MS * (1 - Math.exp(-Math.max(1000, nowMs - this.#sinceMs) / MEMORY_MS))
    return Math.ceil(pushes * weightMs / settled)
  }

  #faded (nowMs: number): number {
    return this.#settled * Math.exp((this.#atMs - nowMs) / MEMORY_MS)
  }
}
