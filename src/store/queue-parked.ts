import { readInteger } from './columns.js'
import type { Database } from './database.js'
import { parkedValues, readParkedHead, readParkedRow, type ParkedHead, type ParkedRow, type ParkedState } from './queue-rows.js'
import { INSERT_INTO } from './queue-schema.js'

const HEAD = `id, lane, lane_seq, receipt, request_id, plant, device_type, live, record_count, bytes, received_at_ms, parked_at_ms,
  state, code, message, cloud_request_id`

/** What was set aside with a reason, and what became of it. Throws StoreError. */
export class QueueParked {
  readonly #database: Database

  constructor (database: Database) {
    this.#database = database
  }

  insert (parked: ParkedRow): void {
    this.#database.run(INSERT_INTO.parked, parkedValues(parked))
  }

  find (id: number): ParkedRow | undefined {
    const row = this.#database.get('SELECT * FROM parked WHERE id = ?', [id])
    return row === undefined ? undefined : readParkedRow(row)
  }

  /** The row stays as a record; its bytes have gone elsewhere, or were given up. */
  close (id: number, state: Exclude<ParkedState, 'parked'>): void {
    this.#database.run('UPDATE parked SET state = ?, bytes = 0, body = NULL WHERE id = ?', [state, id])
  }

  /** Without bodies. */
  heads (state: ParkedState): ParkedHead[] {
    return this.#database.all(`SELECT ${HEAD} FROM parked WHERE state = ? ORDER BY id`, [state]).map(readParkedHead)
  }

  ofReceipt (receipt: number): ParkedHead[] {
    return this.#database.all(`SELECT ${HEAD} FROM parked WHERE receipt = ? ORDER BY id`, [receipt]).map(readParkedHead)
  }

  deleteOfReceipt (receipt: number): void {
    this.#database.run('DELETE FROM parked WHERE receipt = ?', [receipt])
  }

  /** What lies there with its bytes, `rowsMax` at a time. */
  after (afterId: number, rowsMax: number): ParkedRow[] {
    return this.#database.all("SELECT * FROM parked WHERE id > ? AND state = 'parked' ORDER BY id LIMIT ?", [afterId, rowsMax]).map(readParkedRow)
  }

  /** Receipt ids with the records that are parked under them, of one lane. */
  recordsByReceipt (lane: number): Map<number, number> {
    const rows = this.#database.all(`
      SELECT receipt, SUM(record_count) AS records FROM parked WHERE state = 'parked' AND lane = ? GROUP BY receipt`, [lane])
    return new Map(rows.map(row => [readInteger(row, 'receipt'), readInteger(row, 'records')]))
  }
}
