import type { Clock } from '../clock.js'

interface Window {
  current: number
  readonly startMs: number
}

/** What a sender has used of its window. */
export interface WindowUse {
  /** Requests of this window, this one included. */
  readonly current: number
  /** Until the window is over. */
  readonly leftMs: number
}

/** So many senders are remembered by each limit; a flood from more of them makes it forget the one that was heard longest ago. */
const SENDERS_MAX = 5_000

/** Requests by sender, in windows that begin with a sender's first. On the clock that only grows: one that is set back would hold a window open for as long. */
export class RateWindows {
  readonly #clock: Clock
  readonly #sendersMax: number
  readonly #windows = new Map<string, Window>()

  constructor (clock: Clock, sendersMax = SENDERS_MAX) {
    this.#clock = clock
    this.#sendersMax = sendersMax
  }

  count (sender: string, windowMs: number): WindowUse {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#windows.get(sender)
    const window = known === undefined || known.startMs + windowMs <= nowMs ? { current: 0, startMs: nowMs } : known
    window.current++
    // Written anew, so that the map's first entry is the one that was heard longest ago.
    this.#windows.delete(sender)
    this.#windows.set(sender, window)
    const [oldest] = this.#windows.size > this.#sendersMax ? this.#windows.keys() : []
    if (oldest !== undefined) this.#windows.delete(oldest)
    return { current: window.current, leftMs: Math.ceil(window.startMs + windowMs - nowMs) }
  }
}
