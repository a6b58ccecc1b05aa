import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

const CHUNK_BYTES = 262_144

/**
 * A file that holds some space for the day when the disk is full: then it is removed, and what happened to the pushes
 * that wait can still be written down, which frees space in turn.
 */
export class Ballast {
  readonly bytes: number
  readonly #path: string
  #ready: boolean

  constructor (path: string, bytes: number) {
    this.#path = path
    this.bytes = bytes
    this.#ready = this.#isWhole()
  }

  /** Whether the space is held. */
  get ready (): boolean {
    return this.#ready
  }

  /** Holds the space if it does not yet. @returns false, and leaves nothing behind, when the disk has no room for it */
  make (): boolean {
    if (this.#ready) return true
    // On a disk that stays full for hours, trying is not to wear it out.
    if (this.#hasNoRoom()) return false
    try {
      this.#write()
      this.#ready = true
    } catch {
      this.free()
    }
    return this.#ready
  }

  free (): void {
    this.#ready = false
    rmSync(this.#path, { force: true })
  }

  /** Random bytes: some file systems keep no space for zeros, or for the same block twice. */
  #write (): void {
    // One piece of memory for all of them: the whole ballast would stay in memory until the garbage collector comes by.
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
    const file = openSync(this.#path, 'w', 0o600)
    try {
      for (let left = this.bytes; left > 0;) left -= writeSync(file, randomFillSync(chunk), 0, Math.min(left, CHUNK_BYTES))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  #hasNoRoom (): boolean {
    const { bavail, bsize } = statfsSync(dirname(this.#path))
    return bavail * bsize < this.bytes
  }

  #isWhole (): boolean {
    const stat = statSync(this.#path, { throwIfNoEntry: false })
    return stat?.size === this.bytes
  }
}
