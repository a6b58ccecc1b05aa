/** Beyond so many of one lane, what comes later is held back with the last of them. */
const DELAYS_MAX = 10_000

/**
 * Which pushes of a lane must not travel yet, because their plant sends faster than its limit. In memory alone: after a
 * restart they travel at once.
 */
export class Delays {
  /** By rising id and time: one bucket of the plant gives out the times. */
  #held: Array<{ readonly id: number, readonly dueAtMs: number }> = []

  /** @param dueAtMs by the monotonic clock */
  add (id: number, dueAtMs: number): void {
    if (this.#held.length < DELAYS_MAX) this.#held.push({ id, dueAtMs })
  }

  /** The push from which on nothing may travel yet, and how long that is still to be so; undefined when all may. */
  first (nowMs: number): { readonly id: number, readonly waitMs: number } | undefined {
    const due = this.#held.findIndex(({ dueAtMs }) => dueAtMs > nowMs)
    this.#held = due < 0 ? [] : this.#held.slice(due)
    const [next] = this.#held
    return next === undefined ? undefined : { id: next.id, waitMs: next.dueAtMs - nowMs }
  }
}
