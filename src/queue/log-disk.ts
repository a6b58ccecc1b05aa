import type { Clock } from '../clock.js'
import type { QueueStore } from '../store/queue-store.js'
import type { Ballast } from './log-ballast.js'
import { isBusy, isDiskFull } from './log-failures.js'
import type { QueueNotice } from './queue-log.js'

export interface DiskParts {
  readonly store: QueueStore
  readonly ballast: Ballast
  readonly clock: Clock
  /** How often a full disk is tried again: each try writes the ballast, or a push. */
  readonly tryEveryMs: number
  readonly notify: (notice: QueueNotice) => void
}

/** What a drained queue keeps of its file for the next outage, and how much of the rest it gives back at a time. */
const KEPT_BYTES = 67_108_864
const GIVEN_BACK_BYTES = 4_194_304

/** Whether new pushes find room, and what is done for the bookkeeping when they do not. */
export class DiskRoom {
  readonly #parts: DiskParts
  #full = false
  #nextTryAtMs = 0

  constructor (parts: DiskParts) {
    this.#parts = parts
  }

  /**
   * Whether a push may be tried. The ballast comes first: without it the space that a push took would be missing for
   * the bookkeeping.
   */
  hasRoom (): boolean {
    const { ballast, clock } = this.#parts
    if (!this.#full && ballast.ready) return true
    if (clock.monotonicMs() < this.#nextTryAtMs) return false
    if (ballast.make() || this.#makeFromFreeSpace()) return true
    this.noteFull()
    return false
  }

  noteFull (): void {
    this.#nextTryAtMs = this.#parts.clock.monotonicMs() + this.#parts.tryEveryMs
    if (this.#full) return
    this.#full = true
    this.#parts.notify({ kind: 'disk-full', full: true })
  }

  /** A push was written. */
  noteRoom (): void {
    if (!this.#full) return
    this.#full = false
    this.#parts.notify({ kind: 'disk-full', full: false })
  }

  /** Writes a push: when there is no room, the log is copied into the file, so that it begins anew, and it is tried once more. */
  write<T> (write: () => T): T {
    try {
      return write()
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#parts.store.shortenLog()
      return write()
    }
  }

  /** Writes what must be written on a full disk too, at the cost of the ballast. */
  writeAnyway<T> (write: () => T): T {
    try {
      return this.write(write)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.#parts.ballast.free()
      return this.write(write)
    }
  }

  /** What has time: gives back a little of the space that a backlog took. */
  tidy (): void {
    const { store } = this.#parts
    if (store.freeBytes() > KEPT_BYTES) unlessHeldUp(() => { store.giveBack(GIVEN_BACK_BYTES) })
  }

  /** A queue that filled the disk by itself and has drained finds the room for its ballast in its own file. */
  #makeFromFreeSpace (): boolean {
    const { store, ballast } = this.#parts
    if (store.freeBytes() === 0) return false
    unlessHeldUp(() => { store.giveBack(ballast.bytes) })
    return ballast.make()
  }
}

/** A full disk, or another process at work, only puts off what has time. */
export function unlessHeldUp (work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!isDiskFull(error) && !isBusy(error)) throw error
  }
}
