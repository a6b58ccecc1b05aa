/**
 * A set of whole numbers from 1 on, kept as ranges: what is finished in a lane is nearly always one range, from 1 to
 * somewhere, so that knowing every number costs a few bytes.
 */
export class SeqRanges {
  /** Sorted; between two ranges at least one number is missing. */
  readonly #ranges: Array<[from: number, to: number]> = []

  /** `undefined` when the text is not one that `toText` gave. */
  static parse (text: string): SeqRanges | undefined {
    const set = new SeqRanges()
    for (const part of text === '' ? [] : text.split(',')) {
      const [from, to = from] = part.split('-').map(Number)
      if (!isSeq(from) || !isSeq(to) || to < from || from <= set.last) return undefined
      set.addRange(from, to)
    }
    return set
  }

  get last (): number {
    return this.#ranges.at(-1)?.[1] ?? 0
  }

  /** How many numbers are in the set. */
  get size (): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
  }

  has (seq: number): boolean {
    const range = this.#ranges[this.#find(seq)]
    return range !== undefined && range[0] <= seq
  }

  add (seq: number): void {
    this.addRange(seq, seq)
  }

  addRange (from: number, to: number): void {
    // Every range from `at` up to `end` overlaps or touches the new one, and becomes a part of it.
    const at = this.#find(from - 1)
    let end = at
    let [low, high] = [from, to]
    for (let range = this.#ranges[end]; range !== undefined && range[0] <= to + 1; range = this.#ranges[++end]) {
      low = Math.min(low, range[0])
      high = Math.max(high, range[1])
    }
    this.#ranges.splice(at, end - at, [low, high])
  }

  /** The ranges between 1 and `to` that are not in the set. */
  missing (to: number): Array<readonly [from: number, to: number]> {
    const gaps: Array<readonly [number, number]> = []
    let next = 1
    for (const [low, high] of this.#ranges) {
      if (low > to) break
      if (low > next) gaps.push([next, low - 1])
      next = high + 1
    }
    if (next <= to) gaps.push([next, to])
    return gaps
  }

  /** Such as `1-500,502`. */
  toText (): string {
    return this.#ranges.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`).join(',')
  }

  /** The place of the first range that ends at `seq` or later. */
  #find (seq: number): number {
    let [low, high] = [0, this.#ranges.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle]?.[1] ?? 0) < seq) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isSeq (value: number | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1
}
