/** Chance that can be had again: the same seed gives the same numbers (mulberry32). */
export class Random {
  #state: number

  constructor (seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to, but not, 1. */
  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  below (max: number): number {
    return Math.floor(this.next() * max)
  }

  chance (probability: number): boolean {
    return this.next() < probability
  }

  pick<T> (choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0]
  }

  bytes (count: number): string {
    return Array.from({ length: count }, () => String.fromCharCode(this.below(256))).join('')
  }
}
