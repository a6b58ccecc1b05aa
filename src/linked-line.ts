/** Who may stand in a line: for each line one place, kept as long as its owner. */
export class Place<T> {
  readonly owner: T
  before: Place<T> | undefined
  behind: Place<T> | undefined
  isTaken = false

  constructor (owner: T) {
    this.owner = owner
  }
}

/**
 * In the order of their coming, like a Set, for those that come and go without end. A Set is rebuilt every few changes, and
 * each old table points at the next one: once one has grown old, V8 keeps all that come after it until a major collection.
 */
export class LinkedLine<T> {
  #first: Place<T> | undefined
  #last: Place<T> | undefined

  get first (): T | undefined {
    return this.#first?.owner
  }

  /** To the end; who stands in it keeps its place. */
  add (place: Place<T>): void {
    if (place.isTaken) return
    place.isTaken = true
    place.before = this.#last
    if (this.#last === undefined) this.#first = place
    else this.#last.behind = place
    this.#last = place
  }

  /** Whoever does not stand in it may leave. */
  delete (place: Place<T>): void {
    if (!place.isTaken) return
    place.isTaken = false
    const { before, behind } = place
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
    place.before = place.behind = undefined
  }

  /** The one that is reached may leave. */
  * [Symbol.iterator] (): Iterator<T> {
    for (let place = this.#first; place !== undefined;) {
      const { owner, behind } = place
      yield owner
      place = behind
    }
  }
}
