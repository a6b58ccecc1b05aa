import type { Clock } from '../../src/clock.js'

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #epochMs: number
  #monotonicMs = 1000
  #timers: Array<{ dueMs: number, callback: () => void }> = []

  constructor (epochMs: number = Date.UTC(2026, 0, 1)) {
    this.#epochMs = epochMs
  }

  now (): number {
    // A whole number, as the machine's clock says it; timers may fall due between two.
    return Math.floor(this.#epochMs)
  }

  monotonicMs (): number {
    return this.#monotonicMs
  }

  after (delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + delayMs, callback }
    this.#timers.push(timer)
    return () => { this.#timers = this.#timers.filter(other => other !== timer) }
  }

  /** How many timers wait: 0 at the end of a test that leaves nothing behind. */
  get waiting (): number {
    return this.#timers.length
  }

  /** Time passes: what falls due is called in its order. */
  async advance (byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs
    for (;;) {
      await settled()
      const next = this.#timers.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#move(Math.max(next.dueMs, this.#monotonicMs))
      next.callback()
    }
    this.#move(untilMs)
    await settled()
  }

  /** The machine's clock is set; no time passes. */
  jump (byMs: number): void {
    this.#epochMs += byMs
  }

  #move (toMs: number): void {
    this.#epochMs += toMs - this.#monotonicMs
    this.#monotonicMs = toMs
  }
}

/** Resolves when every promise that could be settled by now has been. */
async function settled (): Promise<void> {
  await new Promise<void>(resolve => { setImmediate(resolve) })
}
