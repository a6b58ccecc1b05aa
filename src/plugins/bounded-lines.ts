import type { Clock } from '../clock.js'

export interface BoundedLinesOptions {
  readonly clock: Clock
  readonly linesPerMinuteMax: number
  /** Called once a minute in which lines were left out. */
  readonly onLeftOut: (lines: number) => void
}

const MINUTE_MS = 60_000

/** What strangers can cause must not fill the disk with lines: so many a minute, and one that says how many more there were. */
export class BoundedLines {
  readonly #options: BoundedLinesOptions
  #lines = 0

  constructor (options: BoundedLinesOptions) {
    this.#options = options
  }

  /** Whether one more may be written in this minute. */
  take (): boolean {
    const { clock, linesPerMinuteMax } = this.#options
    if (this.#lines === 0) clock.after(MINUTE_MS, () => { this.#endMinute() })
    this.#lines += 1
    return this.#lines <= linesPerMinuteMax
  }

  #endMinute (): void {
    const leftOut = this.#lines - this.#options.linesPerMinuteMax
    this.#lines = 0
    if (leftOut > 0) this.#options.onLeftOut(leftOut)
  }
}
