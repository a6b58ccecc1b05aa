import type { Clock } from '../clock.js'

/** The Date header counts whole seconds and its way takes time: less than this is no skew. */
const SKEW_MS_MIN = 30_000

/** How far the cloud's clock is from this machine's, learned from its answers, so that a wrong clock still delivers. */
export class ClockSkew {
  readonly #clock: Clock
  #skewMs = 0

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get skewMs (): number {
    return this.#skewMs
  }

  /** Milliseconds since the epoch as the cloud counts them. */
  cloudNow (): number {
    return this.#clock.now() + this.#skewMs
  }

  /**
   * To be called for answers of the gateway alone: the Date of an error page on the way is anybody's.
   * @param wasRefused The cloud refused our time, so even a small difference counts.
   * @returns Whether there was a date to learn from.
   */
  learn (date: string | string[] | undefined, wasRefused: boolean): boolean {
    const cloudMs = typeof date === 'string' ? Date.parse(date) : NaN
    if (Number.isNaN(cloudMs)) return false
    if (wasRefused || Math.abs(cloudMs - this.cloudNow()) >= SKEW_MS_MIN) this.#skewMs = cloudMs - this.#clock.now()
    return true
  }
}
