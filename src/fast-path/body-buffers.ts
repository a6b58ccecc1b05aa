import type { Clock } from '../clock.js'

/** The smallest is a page of the system's memory; the others are twice as large each. */
const CAPACITY_BYTES_MIN = 4_096
/** As much as that is kept for bodies to come. */
const FREE_BYTES_MAX = 33_554_432
/** What nobody wanted for so long is let go. */
const LOOK_EVERY_MS = 10_000

interface Shelf {
  readonly free: ArrayBuffer[]
  /** As few of them were free at once since the shelf was looked at last: so many are not needed. */
  leastFree: number
}

/**
 * Buffers for bodies that come in pieces, to be used again. A new one for each large body is garbage outside of the heap that V8 counts: each
 * 32 to 64 MB of it began a collection of all there is, which cost up to a third of the processor time of a push of a thousand devices.
 */
export class BodyBuffers {
  readonly #clock: Clock
  readonly #shelves = new Map<number, Shelf>()
  #freeBytes = 0
  #isLooking = false

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** How much is kept, in bytes. */
  get freeBytes (): number {
    return this.#freeBytes
  }

  /** A buffer of so many bytes that holds anything. Whoever does not give it back leaves it to the garbage collector. */
  take (bytes: number): Buffer {
    const capacityBytes = capacityFor(bytes)
    const shelf = this.#shelves.get(capacityBytes)
    const free = shelf?.free.pop()
    if (shelf === undefined || free === undefined) return Buffer.from(new ArrayBuffer(capacityBytes), 0, bytes)
    this.#freeBytes -= capacityBytes
    shelf.leastFree = Math.min(shelf.leastFree, shelf.free.length)
    return Buffer.from(free, 0, bytes)
  }

  /** @param buffer One that `take` gave, which nobody reads or writes any more. */
  giveBack ({ buffer }: Buffer): void {
    const capacityBytes = buffer.byteLength
    if (!(buffer instanceof ArrayBuffer) || this.#freeBytes + capacityBytes > FREE_BYTES_MAX) return
    this.#freeBytes += capacityBytes
    const shelf = this.#shelves.get(capacityBytes)
    if (shelf === undefined) this.#shelves.set(capacityBytes, { free: [buffer], leastFree: 0 })
    else shelf.free.push(buffer)
    this.#lookLater()
  }

  #lookLater (): void {
    if (this.#isLooking) return
    this.#isLooking = true
    this.#clock.after(LOOK_EVERY_MS, () => {
      this.#isLooking = false
      for (const [capacityBytes, shelf] of this.#shelves) {
        this.#freeBytes -= shelf.free.splice(0, shelf.leastFree).length * capacityBytes
        shelf.leastFree = shelf.free.length
        if (shelf.free.length === 0) this.#shelves.delete(capacityBytes)
      }
      if (this.#freeBytes > 0) this.#lookLater()
    })
  }
}

function capacityFor (bytes: number): number {
  return Math.max(CAPACITY_BYTES_MIN, 2 ** Math.ceil(Math.log2(bytes)))
}
