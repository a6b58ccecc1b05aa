import type { Clock } from '../clock.js'

/** The Date header counts whole seconds and its way takes time: less than this is no skew. */
const SKEW_MS_MIN = 30_000

/**
 * How far the cloud's clock is from this machine's, learned from its answers, so that a wrong clock still delivers. From the first
 * answer on the cloud's time runs by the monotonic clock: setting this machine's clock, right or wrong, changes nothing in it.
 */
export class ClockSkew {
  readonly #clock: Clock
  #toldDate = ''
  #toldMs = NaN
  #learned: { readonly cloudMs: number, readonly atMs: number } | undefined

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** 0 for less than a second, which is no more than how the two clocks of this machine run. */
  get skewMs (): number {
    const skewMs = this.cloudNow() - this.#clock.now()
    return Math.abs(skewMs) < 1_000 ? 0 : skewMs
  }

  /** Milliseconds since the epoch as the cloud counts them; the machine's own before an answer told. */
  cloudNow (): number {
    if (this.#learned === undefined) return this.#clock.now()
    const { cloudMs, atMs } = this.#learned
    return Math.round(cloudMs + this.#clock.monotonicMs() - atMs)
  }

  /**
   * To be called for answers of the gateway alone: the Date of an error page on the way is anybody's.
   * @param wasRefused The cloud refused our time, so even a small difference counts.
   * @returns Whether there was a date to learn from.
   */
  learn (date: string | string[] | undefined, wasRefused: boolean): boolean {
    if (typeof date !== 'string') return false
    // The answers of one second tell the same date.
    if (date !== this.#toldDate) {
      this.#toldDate = date
      this.#toldMs = Date.parse(date)
    }
    const toldMs = this.#toldMs
    if (Number.isNaN(toldMs)) return false
    const believedMs = this.cloudNow()
    const isNear = !wasRefused && Math.abs(toldMs - believedMs) < SKEW_MS_MIN
    this.#learned = { cloudMs: isNear ? believedMs : toldMs, atMs: this.#clock.monotonicMs() }
    return true
  }
}
