import type { Clock } from '../clock.js'

/** More would make the commit hardly cheaper for each. */
const REQUESTS_MAX = 256
/** For requests that come one by one without end, each in a turn of its own. */
const GATHERING_MS_MAX = 8

export interface GatheringParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** How many requests wait. */
  readonly count: () => number
  readonly send: () => void
}

/**
 * Decides when the requests that wait go to the queue's thread: at the end of the first turn of the event loop that brought no
 * more. A commit costs as much as thirty pushes in it (docs/decisions/0017-fuller-commits.md), and while pushes still come in, turn after turn, those that are sent at
 * once only make more commits: they do not become durable sooner.
 */
export class Gathering {
  readonly #parts: GatheringParts
  #isUnderWay = false

  constructor (parts: GatheringParts) {
    this.#parts = parts
  }

  /** A request waits. */
  begin (): void {
    if (this.#isUnderWay) return
    this.#isUnderWay = true
    this.#lookAfterTurn(0, this.#parts.clock.monotonicMs())
  }

  #lookAfterTurn (before: number, sinceMs: number): void {
    setImmediate(() => {
      const { clock, count, send } = this.#parts
      const now = count()
      if (now > before && now < REQUESTS_MAX && clock.monotonicMs() - sinceMs < GATHERING_MS_MAX) {
        this.#lookAfterTurn(now, sinceMs)
        return
      }
      this.#isUnderWay = false
      send()
    })
  }
}
