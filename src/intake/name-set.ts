import { isSame } from './scan-words.js'

/** At most half of the places are taken, so that a free one is near. */
const PLACES_MIN = 64
/** By chance a name looks at two or three places; whoever makes names that collide must not make this slow. */
const LOOKS_MAX = 64
const NO_BYTES: DataView = new DataView(new ArrayBuffer(0))

/**
 * Names as they stand in one body, to see that no two are the same. It copies none of them, and keeps its room for the next body: a
 * set of its own for each push cost as much as reading it.
 */
export class NameSet {
  #bytes: DataView = NO_BYTES
  /** Each name takes one place: where it starts and ends; a start of 0 is a free place. */
  #starts = new Int32Array(PLACES_MIN)
  #ends = new Int32Array(PLACES_MIN)
  #count = 0
  #isCrowded = false

  /** Forgets all names; those that come stand in these bytes. */
  clear (bytes: DataView = NO_BYTES): void {
    this.#bytes = bytes
    if (this.#count > 0) this.#empty()
    this.#count = 0
    this.#isCrowded = false
  }

  /**
   * Whether the name that lies between these offsets is surely new.
   * @param start Above 0.
   */
  add (start: number, end: number): boolean {
    if (this.#count * 2 >= this.#starts.length) this.#grow()
    const place = this.#find(start, end)
    if (this.#isCrowded || place < 0 || this.#starts[place] !== 0) return false
    this.#starts[place] = start
    this.#ends[place] = end
    this.#count += 1
    return true
  }

  /** Bodies of one size come in a row, and their room is kept; a smaller one must not pay for a larger one that came before. */
  #empty (): void {
    if (this.#starts.length > PLACES_MIN && this.#count * 8 < this.#starts.length) {
      this.#starts = new Int32Array(this.#starts.length / 4)
      this.#ends = new Int32Array(this.#starts.length)
    } else {
      this.#starts.fill(0)
    }
  }

  /** The place of the same name, or the free one that it would take; -1 when neither is near. */
  #find (start: number, end: number): number {
    const mask = this.#starts.length - 1
    let place = hashOf(this.#bytes, start, end) & mask
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const other = this.#starts[place] ?? 0
      if (other === 0 || ((this.#ends[place] ?? 0) - other === end - start && isSame(this.#bytes, other, start, end - start))) return place
      place = (place + 1) & mask
    }
    return -1
  }

  #grow (): void {
    const starts = this.#starts
    const ends = this.#ends
    this.#starts = new Int32Array(starts.length * 4)
    this.#ends = new Int32Array(starts.length * 4)
    for (let index = 0; index < starts.length; index++) {
      const start = starts[index] ?? 0
      if (start === 0) continue
      const place = this.#find(start, ends[index] ?? 0)
      // One that is left out could come again unseen.
      this.#isCrowded ||= place < 0
      this.#starts[place] = start
      this.#ends[place] = ends[index] ?? 0
    }
  }
}

/** Four bytes at a time, as MurmurHash3 mixes them at its end: multiplied, and the high bits folded into the low ones. */
export function hashOf (bytes: DataView, start: number, end: number): number {
  let hash = end - start
  let at = start
  for (; at + 4 <= end; at += 4) hash = mixed(hash ^ bytes.getInt32(at, true))
  for (; at < end; at++) hash = mixed(hash ^ bytes.getUint8(at))
  return Math.imul(hash, 0xc2b2ae35) >>> 8
}

function mixed (hash: number): number {
  const product = Math.imul(hash, 0x85ebca6b)
  return product ^ (product >>> 13)
}
