import { endingOf, readBundledReceipts } from './bundle-rows.js'
import { readInteger } from './columns.js'
import type { Database } from './database.js'
import type { ReceiptRow } from './queue-receipt-rows.js'

/** Receipts of a bundle that was delivered. */
export interface FinishedBundle {
  readonly id: number
  readonly entries: number
  readonly updatedAtMs: number
}

/** What is read of the receipts that lie in bundles, and how they go. Throws StoreError. */
export class BundleReceipts {
  readonly #database: Database

  constructor (database: Database) {
    this.#database = database
  }

  /** The newest first: 1 ms for 100,000 receipts, when it is none of them. */
  find (requestId: string): ReceiptRow | undefined {
    const [ending, line] = [Buffer.from(endingOf(requestId), 'latin1'), Buffer.from(` ${requestId}\n`, 'latin1')]
    for (let beforeId = Number.MAX_SAFE_INTEGER; ;) {
      // The line of another push may end in the same letters.
      const row = this.#database.get('SELECT * FROM bundle_receipts WHERE id < ? AND instr(endings, ?) > 0 AND instr(heads, ?) > 0 ORDER BY id DESC LIMIT 1', [beforeId, ending, line])
      if (row === undefined) return undefined
      const receipt = readBundledReceipts(row).find(receipt => receipt.requestId === requestId)
      if (receipt !== undefined) return receipt
      beforeId = readInteger(row, 'id')
    }
  }

  /** How many have nothing left to happen to them. */
  countFinished (): number {
    const row = this.#database.get("SELECT COALESCE(SUM(entries), 0) AS receipts FROM bundle_receipts INDEXED BY bundle_receipts_finished WHERE state = 'delivered'")
    return row === undefined ? 0 : readInteger(row, 'receipts')
  }

  waitingOfLane (lane: number): ReceiptRow[] {
    return this.#database.all("SELECT * FROM bundle_receipts WHERE lane = ? AND state = 'waiting' ORDER BY id", [lane]).flatMap(readBundledReceipts)
  }

  /** That which came to its end first. */
  oldestFinished (): FinishedBundle | undefined {
    const row = this.#database.get(`
      SELECT id, entries, updated_at_ms FROM bundle_receipts INDEXED BY bundle_receipts_finished WHERE state = 'delivered' ORDER BY updated_at_ms, id LIMIT 1`)
    return row === undefined ? undefined : { id: readInteger(row, 'id'), entries: readInteger(row, 'entries'), updatedAtMs: readInteger(row, 'updated_at_ms') }
  }

  delete (id: number): void {
    this.#database.run('DELETE FROM bundle_receipts WHERE id = ?', [id])
  }

  /** See QueueReceipts.deliveriesByLane. */
  deliveriesByLane (fromMs: number, toMs: number): Array<{ readonly lane: number, readonly pushes: number, readonly firstAtMs: number }> {
    return this.#database.all(`
      SELECT lane, SUM(entries) AS pushes, MIN(updated_at_ms) AS first FROM bundle_receipts INDEXED BY bundle_receipts_finished
      WHERE state = 'delivered' AND updated_at_ms BETWEEN ? AND ? GROUP BY lane`, [fromMs, toMs])
      .map(row => ({ lane: readInteger(row, 'lane'), pushes: readInteger(row, 'pushes'), firstAtMs: readInteger(row, 'first') }))
  }
}
