/** So many free places at the head are cleared away at once. */
const CLEARED_AT = 256

/**
 * What waits, by numbers that only grow, and mostly leaves in that order. A Map in its place is rebuilt every few entries, and
 * each old table points at the next one and at all that it held: once one has grown old, V8 keeps all that come after it, with
 * the pushes in them, until a major collection (1 kB a push of 434 bytes).
 */
export class NumberedLine<T extends object> {
  /** The value of number `#first + index`. */
  readonly #values: Array<T | undefined> = []
  #first = 1
  /** How many places at the head are free. */
  #free = 0

  /** @returns its number */
  add (value: T): number {
    return this.#first + this.#values.push(value) - 1
  }

  get (number: number): T | undefined {
    return this.#values[number - this.#first]
  }

  delete (number: number): void {
    const index = number - this.#first
    if (index < 0 || index >= this.#values.length) return
    this.#values[index] = undefined
    while (this.#free < this.#values.length && this.#values[this.#free] === undefined) this.#free += 1
    if (this.#free < CLEARED_AT) return
    this.#values.splice(0, this.#free)
    this.#first += this.#free
    this.#free = 0
  }

  /** In the order of their numbers; those that are reached may be deleted, and what is added meanwhile is not reached. */
  * entries (): Iterable<[number, T]> {
    const end = this.#first + this.#values.length
    for (let number = this.#first + this.#free; number < end; number++) {
      const value = this.get(number)
      if (value !== undefined) yield [number, value]
    }
  }
}
