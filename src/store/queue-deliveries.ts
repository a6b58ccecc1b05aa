import { readInteger, readTextOrNull } from './columns.js'
import type { Database } from './database.js'

/** Pushes of one lane, from one id to another, both included. */
export interface PushRange {
  readonly lane: number
  readonly fromId: number
  readonly toId: number
}

/** What waits in a range. */
export interface RangeSums {
  readonly entries: number
  readonly bytes: number
  readonly recordCount: number
  readonly fromSeq: number
  readonly toSeq: number
  /** The ids with their records, as `rangeContent` writes them: of those alone under whose receipt nothing has happened yet. */
  readonly untouched: string
}

const IN_RANGE = 'lane = ? AND id BETWEEN ? AND ?'

/**
 * Whole calls that were delivered, in one statement for each table: to read a row and to write it back takes ten times as
 * long, since each column of it crosses into JavaScript. What was delivered was durable before, so none of it can be among
 * those that PushInserts still holds. Throws StoreError.
 */
export class QueueDeliveries {
  readonly #database: Database

  constructor (database: Database) {
    this.#database = database
  }

  sums ({ lane, fromId, toId }: PushRange): RangeSums | undefined {
    const row = this.#database.get(`
      SELECT COUNT(*) AS entries, SUM(p.bytes) AS bytes, SUM(p.record_count) AS records, MIN(p.lane_seq) AS from_seq, MAX(p.lane_seq) AS to_seq,
        GROUP_CONCAT(CASE WHEN r.id IS NOT NULL THEN p.id || ' ' || p.record_count END) AS untouched
      FROM pushes p INDEXED BY pushes_by_lane LEFT JOIN receipts r ON r.id = p.id AND p.receipt = p.id AND r.waiting = p.record_count AND r.records = r.waiting
      WHERE p.lane = ? AND p.id BETWEEN ? AND ?`, [lane, fromId, toId])
    if (row === undefined || row['entries'] === 0) return undefined
    return {
      entries: readInteger(row, 'entries'),
      bytes: readInteger(row, 'bytes'),
      recordCount: readInteger(row, 'records'),
      fromSeq: readInteger(row, 'from_seq'),
      toSeq: readInteger(row, 'to_seq'),
      untouched: readTextOrNull(row, 'untouched') ?? ''
    }
  }

  /** Removes what waits in the range; the receipts are the caller's. */
  remove ({ lane, fromId, toId }: PushRange): void {
    this.#database.run(`
      DELETE FROM failures WHERE id BETWEEN ? AND ? AND EXISTS (SELECT 1 FROM pushes WHERE pushes.id = failures.id AND lane = ?)`, [fromId, toId, lane])
    this.#database.run(`DELETE FROM pushes INDEXED BY pushes_by_lane WHERE ${IN_RANGE}`, [lane, fromId, toId])
  }
}
