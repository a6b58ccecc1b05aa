import type { Clock } from '../clock.js'
import type { QueueStore } from '../store/queue-store.js'
import type { Ballast } from './log-ballast.js'
import { isDiskFull } from './log-failures.js'
import type { QueueNotice } from './queue-log.js'

/** How often a full disk is tried again: each try writes the ballast, or a push. */
const TRY_EVERY_MS = 1000

export interface DiskParts {
  readonly ballast: Ballast
  readonly clock: Clock
  readonly notify: (notice: QueueNotice) => void
}

/** Whether new pushes find room, and what is done for the bookkeeping when they do not. */
export class DiskRoom {
  readonly #ballast: Ballast
  readonly #clock: Clock
  readonly #notify: (notice: QueueNotice) => void
  #full = false
  #nextTryAtMs = 0

  constructor ({ ballast, clock, notify }: DiskParts) {
    this.#ballast = ballast
    this.#clock = clock
    this.#notify = notify
  }

  /**
   * Whether a push may be tried. The ballast comes first: without it the space that a push took would be missing for
   * the bookkeeping.
   */
  hasRoom (): boolean {
    if (!this.#full && this.#ballast.ready) return true
    if (this.#clock.monotonicMs() < this.#nextTryAtMs) return false
    if (this.#ballast.make()) return true
    this.noteFull()
    return false
  }

  noteFull (): void {
    this.#nextTryAtMs = this.#clock.monotonicMs() + TRY_EVERY_MS
    if (this.#full) return
    this.#full = true
    this.#notify({ kind: 'disk-full', full: true })
  }

  /** A push was written. */
  noteRoom (): void {
    if (!this.#full) return
    this.#full = false
    this.#notify({ kind: 'disk-full', full: false })
  }

  /**
   * Writes what must be written on a full disk too: first as it is, for it may need no new block; then with the log
   * copied into the file, so that it begins anew; last without the ballast.
   */
  writeAnyway<T> (store: QueueStore, write: () => T): T {
    for (const makeRoom of [() => {}, () => { store.shortenLog() }]) {
      try {
        makeRoom()
        return write()
      } catch (error) {
        if (!isDiskFull(error)) throw error
      }
    }
    this.#ballast.free()
    return write()
  }
}
