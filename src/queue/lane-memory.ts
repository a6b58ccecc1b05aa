import { queueBytesOf } from '../store/queue-bytes.js'
import type { Entry, ReadBounds } from './queue-log.js'

/**
 * The head of one lane, as far as it is known without asking the disk. Sequence numbers have no gaps, so whoever knows
 * which number is the next that waits, and has that push in memory, knows the head.
 */
export class LaneMemory {
  /** The first number that still waits; undefined while it is not known. */
  #headSeq: number | undefined
  /** The newest number that was given out, as far as it was told. */
  #lastSeq = 0
  /** What was read last and is not settled, from the head on. */
  #readIds: number[] = []
  /** Pushes one after the other, without a gap. */
  #run: Entry[] = []

  get headId (): number | undefined {
    return this.#readIds[0]
  }

  /** Whether a push that was just written would join what is remembered. */
  continuesWith (laneSeq: number): boolean {
    const last = this.#run.at(-1)
    return last === undefined || last.laneSeq + 1 === laneSeq
  }

  /** @param entry undefined: it is on disk alone */
  note (laneSeq: number, entry: Entry | undefined): void {
    this.#lastSeq = Math.max(this.#lastSeq, laneSeq)
    if (laneSeq === 1) this.#headSeq = 1
    if (entry !== undefined) this.#run.push(entry)
  }

  /** The head of the lane; undefined when the disk must be asked. */
  read ({ entriesMax, bytesMax, afterId }: ReadBounds): Entry[] | undefined {
    if (afterId !== undefined || this.#run[0] === undefined || this.#run[0].laneSeq !== this.#headSeq) return undefined
    let taken = 0
    let bytes = 0
    for (const { body } of this.#run) {
      bytes += queueBytesOf(body.length)
      if (taken >= entriesMax || (taken > 0 && bytes > bytesMax)) break
      taken += 1
    }
    // What lies behind the run is on disk alone.
    if (taken === this.#run.length && this.#run.at(-1)?.laneSeq !== this.#lastSeq) return undefined
    const entries = this.#run.slice(0, taken)
    this.#readIds = entries.map(({ id }) => id)
    return entries
  }

  /** The head was read from disk. @returns the bodies that are no longer needed */
  noteRead (entries: readonly Entry[]): Entry[] {
    const headSeq = entries[0]?.laneSeq
    this.#headSeq = headSeq
    const gap = entries.findIndex(({ laneSeq }, index) => laneSeq !== (headSeq ?? 0) + index)
    this.#readIds = (gap < 0 ? entries : entries.slice(0, gap)).map(({ id }) => id)
    return headSeq === undefined ? [] : this.#forgetBefore(headSeq)
  }

  /** @returns the bodies that are no longer needed; undefined when this is not what was read */
  settle (ids: readonly number[]): Entry[] | undefined {
    if (this.#headSeq === undefined || ids.some((id, index) => this.#readIds[index] !== id)) return undefined
    this.#readIds = this.#readIds.slice(ids.length)
    this.#headSeq += ids.length
    return this.#forgetBefore(this.#headSeq)
  }

  /** All bodies that are remembered. */
  get entries (): readonly Entry[] {
    return this.#run
  }

  #forgetBefore (seq: number): Entry[] {
    const kept = this.#run.findIndex(({ laneSeq }) => laneSeq >= seq)
    return this.#run.splice(0, kept < 0 ? this.#run.length : kept)
  }
}
