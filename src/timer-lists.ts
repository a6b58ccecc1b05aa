interface Entry {
  readonly endsAtMs: number
  /** Undefined: over. */
  callback: (() => void) | undefined
  previous: Entry | undefined
  next: Entry | undefined
}

/**
 * Timers by their length: those of one length end in the order in which they were set, so that one timer of the system serves all of
 * them. For deadlines that every request sets and hardly any reaches: setting and cancelling one costs a fifth of what setTimeout does.
 */
export class TimerLists {
  readonly #monotonicMs: () => number
  readonly #lists = new Map<number, TimerList>()

  constructor (monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Never keeps the process alive. @returns to be called to cancel it */
  after (delayMs: number, callback: () => void): () => void {
    let list = this.#lists.get(delayMs)
    if (list === undefined) {
      list = new TimerList(delayMs, this.#monotonicMs, () => { this.#lists.delete(delayMs) })
      this.#lists.set(delayMs, list)
    }
    return list.add(callback)
  }
}

/** Looks from its beginning until it is empty; then it is of no use any more. Cancelling asks nothing of the system. */
class TimerList {
  readonly #delayMs: number
  readonly #monotonicMs: () => number
  readonly #onEmpty: () => void
  #first: Entry | undefined
  #last: Entry | undefined

  constructor (delayMs: number, monotonicMs: () => number, onEmpty: () => void) {
    this.#delayMs = delayMs
    this.#monotonicMs = monotonicMs
    this.#onEmpty = onEmpty
    this.#lookIn(delayMs)
  }

  add (callback: () => void): () => void {
    const entry: Entry = { endsAtMs: this.#monotonicMs() + this.#delayMs, callback, previous: this.#last, next: undefined }
    if (this.#last === undefined) this.#first = entry
    else this.#last.next = entry
    this.#last = entry
    return () => { this.#remove(entry) }
  }

  #remove (entry: Entry): void {
    if (entry.callback === undefined) return
    const { previous, next } = entry
    // What is over holds on to nothing: an old entry that still knew the next would make all that came after it old.
    entry.callback = entry.previous = entry.next = undefined
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
  }

  #lookIn (waitMs: number): void {
    setTimeout(() => { this.#tick() }, waitMs).unref()
  }

  #tick (): void {
    const nowMs = this.#monotonicMs()
    try {
      for (let first = this.#first; first !== undefined && first.endsAtMs <= nowMs; first = this.#first) {
        const { callback } = first
        this.#remove(first)
        callback?.()
      }
    } finally {
      // The next one that is still there decides when to look again, whatever a callback added or threw.
      if (this.#first === undefined) this.#onEmpty()
      else this.#lookIn(Math.max(1, Math.ceil(this.#first.endsAtMs - nowMs)))
    }
  }
}
