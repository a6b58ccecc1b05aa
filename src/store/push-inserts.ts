import { isBindable } from './bind-values.js'
import type { Database } from './database.js'
import { insertPushes } from './insert-pushes.js'
import type { QueueBundles } from './queue-bundles.js'
import type { NewPush } from './queue-rows.js'

/**
 * Pushes that are written together before their transaction ends: many of one lane as a bundle, others by one statement.
 * A few values for all of them cross into the database, instead of 14 for each. Throws StoreError.
 */
export class PushInserts {
  readonly #database: Database
  readonly #bundles: Pick<QueueBundles, 'insert'>
  #bundled: NewPush[] = []
  #bundledAtMs = 0
  #rows: NewPush[] = []
  #hasWrittenRows = false

  constructor (database: Database, bundles: Pick<QueueBundles, 'insert'>) {
    this.#database = database
    this.#bundles = bundles
  }

  /**
   * @param push In its first life: its receipt has the same id.
   * @param bundledAtMs Nothing but its receipt is kept beside it, so it may lie in a bundle.
   * @throws TypeError for what cannot be stored, so that it is known whose it is
   */
  add (push: NewPush, bundledAtMs?: number): void {
    if (![push.requestId, push.recordCount, push.receivedAtMs].every(isBindable) || push.recordCount < 0) throw new TypeError('The push cannot be stored as it is.')
    if (bundledAtMs === undefined) this.#rows.push(push)
    else {
      this.#bundled.push(push)
      this.#bundledAtMs = bundledAtMs
    }
  }

  /** Whoever reads pushes that may have come in the same transaction calls it first. */
  write (): void {
    if (this.#rows.length === 0 && this.#bundled.length === 0) return
    const [alone, bundled] = [this.#rows, this.#bundled]
    this.forget()
    const rows = [...alone, ...this.#bundles.insert(bundled, this.#bundledAtMs)]
    if (rows.length === 0) return
    this.#hasWrittenRows = true
    insertPushes(this.#database, rows)
  }

  /** Whether some were given rows of their own since this was asked before. */
  takeHasWrittenRows (): boolean {
    const has = this.#hasWrittenRows
    this.#hasWrittenRows = false
    return has
  }

  /** Their transaction was rolled back. */
  forget (): void {
    this.#rows = []
    this.#bundled = []
  }
}
