/** At most half of the places are taken, so that a free one is near. */
const PLACES_MIN = 64
/** By chance a name looks at two or three places; whoever makes names that collide must not make this slow. */
const LOOKS_MAX = 64
const NO_BYTES = new Uint8Array(0)

/**
 * Names as they stand in one body, to see that no two are the same. It copies none of them, and keeps its room for the next body: a
 * set of its own for each push cost as much as reading it.
 */
export class NameSet {
  #bytes: Uint8Array = NO_BYTES
  /** Each name takes one place: where it starts and ends; a start of 0 is a free place. */
  #starts = new Int32Array(PLACES_MIN)
  #ends = new Int32Array(PLACES_MIN)
  #count = 0
  #isCrowded = false

  /** Forgets all names; those that come stand in these bytes. */
  clear (bytes: Uint8Array = NO_BYTES): void {
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

/** FNV-1a; its low bits alone are as good as any. */
function hashOf (bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash >>> 8
}

/** Whether the same bytes stand at two places. */
export function isSame (bytes: Uint8Array, start: number, other: number, length: number): boolean {
  for (let offset = 0; offset < length; offset++) {
    if (bytes[start + offset] !== bytes[other + offset]) return false
  }
  return true
}
