import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { readLog, readLoggedPages } from './carve-log.js'
import { QUEUE_PAGE_BYTES } from './queue-bytes.js'

/** The pages of a damaged queue.db, its write-ahead log included, read without SQLite. No other connection may be open on it in this process. */
export class DamagedPages {
  readonly #file: number
  readonly #log: Buffer
  readonly #logged: ReadonlyMap<number, number>
  readonly #pagesInFile: number
  /** Pages 1 to this one may be there. */
  readonly count: number
  /** Pages that were free when the damage came: what they hold was delivered long ago. */
  readonly free: ReadonlySet<number>

  constructor (path: string) {
    this.#file = openSync(path, 'r')
    this.#log = readLog(path)
    this.#logged = readLoggedPages(this.#log).pages
    this.#pagesInFile = Math.floor(fstatSync(this.#file).size / QUEUE_PAGE_BYTES)
    this.count = Math.max(this.#pagesInFile, ...this.#logged.keys())
    this.free = this.#walkFreePages()
  }

  /** `undefined` where the page cannot be read. */
  read (page: number): Buffer | undefined {
    const logged = this.#logged.get(page)
    if (logged !== undefined) return this.#log.subarray(logged, logged + QUEUE_PAGE_BYTES)
    if (page < 1 || page > this.#pagesInFile) return undefined
    const bytes = Buffer.allocUnsafe(QUEUE_PAGE_BYTES)
    try {
      return readSync(this.#file, bytes, 0, QUEUE_PAGE_BYTES, (page - 1) * QUEUE_PAGE_BYTES) === QUEUE_PAGE_BYTES ? bytes : undefined
    } catch {
      // A bad block of the disk: this page is lost, the others need not be.
      return undefined
    }
  }

  close (): void {
    closeSync(this.#file)
  }

  /** The list of free pages starts in the header of page 1 ("Database File Format", the freelist). */
  #walkFreePages (): Set<number> {
    const free = new Set<number>()
    const header = this.read(1)
    if (header === undefined || header.toString('latin1', 0, 15) !== 'SQLite format 3') return free
    for (let trunk = header.readUInt32BE(32); trunk !== 0 && !free.has(trunk);) {
      const page = this.read(trunk)
      free.add(trunk)
      if (page === undefined) break
      const leaves = Math.min(page.readUInt32BE(4), QUEUE_PAGE_BYTES / 4 - 2)
      for (let leaf = 0; leaf < leaves; leaf++) free.add(page.readUInt32BE(8 + leaf * 4))
      trunk = page.readUInt32BE(0)
    }
    return free
  }
}
