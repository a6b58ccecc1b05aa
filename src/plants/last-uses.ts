import type { Clock } from '../clock.js'
import type { PlantsStore } from '../store/plants-store.js'

export interface LastUsesParts {
  readonly store: PlantsStore
  readonly clock: Clock
  readonly onProblem: (problem: unknown) => void
  /** How long uses gather in memory. Default 10,000. */
  readonly writeEveryMs?: number
  /** How many are written in one go: 500 take about 5 ms, in which the event loop stands still. */
  readonly writtenAtOnceMax?: number
}

/**
 * When each key was last used: noted in memory as requests come, written now and then beside them. It is a help for
 * people, so no failure to write it is worth a push: it is reported, and tried again with the next round.
 */
export class LastUses {
  readonly #parts: Required<LastUsesParts>
  #unwritten = new Map<string, number>()
  /** What is being written, part by part. Keys that are used meanwhile wait for the next round: it would never end. */
  #due = new Map<string, number>()
  #cancelWrite: (() => void) | undefined
  #closed = false

  constructor (parts: LastUsesParts) {
    this.#parts = { writeEveryMs: 10_000, writtenAtOnceMax: 500, ...parts }
  }

  note (id: string): void {
    this.#unwritten.set(id, this.#parts.clock.now())
    this.#schedule(this.#parts.writeEveryMs)
  }

  /** Writes everything now. */
  write (): void {
    this.#takeDue()
    this.#write(this.#due.size)
  }

  close (): void {
    this.#closed = true
    this.#cancelWrite?.()
    this.write()
  }

  #takeDue (): void {
    for (const [id, usedAtMs] of this.#unwritten) this.#due.set(id, usedAtMs)
    this.#unwritten = new Map()
  }

  #write (countMax: number): boolean {
    const batch = new Map([...this.#due].slice(0, countMax))
    if (batch.size === 0) return true
    try {
      this.#parts.store.writeLastUses(batch)
    } catch (problem) {
      this.#parts.onProblem(problem)
      return false
    }
    for (const id of batch.keys()) this.#due.delete(id)
    return true
  }

  #schedule (delayMs: number): void {
    if (this.#closed || this.#cancelWrite !== undefined) return
    this.#cancelWrite = this.#parts.clock.after(delayMs, () => {
      this.#cancelWrite = undefined
      if (this.#due.size === 0) this.#takeDue()
      const written = this.#write(this.#parts.writtenAtOnceMax)
      // The rest goes on soon, with requests served in between.
      if (this.#due.size > 0) this.#schedule(written ? 50 : this.#parts.writeEveryMs)
      else if (this.#unwritten.size > 0) this.#schedule(this.#parts.writeEveryMs)
    })
  }
}
