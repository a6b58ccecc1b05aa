import { readBytes, readInteger, readIntegerOrNull } from './columns.js'
import type { Database, Row } from './database.js'
import { failureValues, pushValues, readStoredRow, type FailureRow, type PushRow, type StoredRow } from './queue-rows.js'
import { PushInserts } from './push-inserts.js'
import { INSERT_INTO } from './queue-schema.js'

export interface WaitingRow extends PushRow {
  readonly failures: number
  readonly firstFailedAtMs: number | null
  readonly doubtfulCall: number | null
}

/** All columns but the body, which may lie in pages of its own. */
const HEAD = 'id, lane, lane_seq, receipt, request_id, plant, device_type, live, record_count, bytes, received_at_ms'

/** The pushes that wait, and what failed with them. Throws StoreError. */
export class QueuePushes {
  readonly #connection: Database
  readonly #inserts: PushInserts

  constructor (database: Database) {
    this.#connection = database
    this.#inserts = new PushInserts(database)
  }

  /** Whatever is asked sees the pushes that came before. */
  get #database (): Database {
    this.#inserts.write()
    return this.#connection
  }

  /** A push that has just come. It is written with those of the same transaction. */
  insertNew (push: PushRow): void {
    this.#inserts.add(push)
  }

  save (): void {
    this.#inserts.write()
  }

  /** Their transaction was rolled back. */
  forgetNew (): void {
    this.#inserts.forget()
  }

  insert (push: PushRow): void {
    this.#database.run(INSERT_INTO.pushes, pushValues(push))
  }

  delete (id: number): void {
    this.#database.run('DELETE FROM pushes WHERE id = ?', [id])
    this.#database.run('DELETE FROM failures WHERE id = ?', [id])
  }

  find (id: number): StoredRow | undefined {
    const row = this.#database.get(`SELECT ${HEAD} FROM pushes WHERE id = ?`, [id])
    return row === undefined ? undefined : readStoredRow(row)
  }

  laneOf (id: number): number | undefined {
    const row = this.#database.get('SELECT lane FROM pushes WHERE id = ?', [id])
    return row === undefined ? undefined : readInteger(row, 'lane')
  }

  ofReceipt (lane: number, receipt: number): StoredRow[] {
    return this.#database.all(`SELECT ${HEAD} FROM pushes WHERE lane = ? AND receipt = ? ORDER BY id`, [lane, receipt]).map(readStoredRow)
  }

  /**
   * The head of a lane, in order, after `afterId`. The bytes are added up in the index first, so that no more bodies are
   * read than are asked for; one push is read however large it is.
   */
  head (lane: number, { afterId, entriesMax, bytesMax }: { afterId: number, entriesMax: number, bytesMax: number }): WaitingRow[] {
    const heads = this.#database.all(
      'SELECT id, bytes FROM pushes INDEXED BY pushes_by_lane WHERE lane = ? AND id > ? ORDER BY id LIMIT ?', [lane, afterId, entriesMax])
    let bytes = 0
    let lastId = afterId
    for (const head of heads) {
      bytes += readInteger(head, 'bytes')
      if (lastId !== afterId && bytes > bytesMax) break
      lastId = readInteger(head, 'id')
    }
    return this.#database.all(`
      SELECT p.*, f.failures, f.first_failed_at_ms, f.doubtful_call FROM pushes p INDEXED BY pushes_by_lane
      LEFT JOIN failures f ON f.id = p.id WHERE p.lane = ? AND p.id > ? AND p.id <= ? ORDER BY p.id`, [lane, afterId, lastId]).map(readWaiting)
  }

  /** With its body. */
  get (id: number): WaitingRow | undefined {
    return this.after(id - 1, 1).find(row => row.id === id)
  }

  /** All pushes of all lanes, `rowsMax` at a time. */
  after (afterId: number, rowsMax: number): WaitingRow[] {
    return this.#database.all(`
      SELECT p.*, f.failures, f.first_failed_at_ms, f.doubtful_call FROM pushes p
      LEFT JOIN failures f ON f.id = p.id WHERE p.id > ? ORDER BY p.id LIMIT ?`, [afterId, rowsMax]).map(readWaiting)
  }

  oldestAtMs (lane: number): number | undefined {
    const row = this.#database.get(`
      SELECT received_at_ms FROM pushes WHERE id = (SELECT id FROM pushes INDEXED BY pushes_by_lane WHERE lane = ? ORDER BY id LIMIT 1)`, [lane])
    return row === undefined ? undefined : readInteger(row, 'received_at_ms')
  }

  /** The sequence numbers that wait in a lane, from the index alone. */
  seqs (lane: number): number[] {
    return this.#database.all('SELECT lane_seq FROM pushes INDEXED BY pushes_by_lane WHERE lane = ?', [lane]).map(row => readInteger(row, 'lane_seq'))
  }

  /** Receipt ids with the records that wait under them, of one lane. */
  recordsByReceipt (lane: number): Map<number, number> {
    const rows = this.#database.all('SELECT receipt, SUM(record_count) AS records FROM pushes WHERE lane = ? GROUP BY receipt', [lane])
    return new Map(rows.map(row => [readInteger(row, 'receipt'), readInteger(row, 'records')]))
  }

  noteFailure (ids: readonly number[], { atMs, inDoubt }: { atMs: number, inDoubt: boolean }): void {
    // One number for all that travelled together. What was in doubt before stays so: the earlier call may have arrived.
    const call = inDoubt ? Math.min(...ids) : null
    for (const id of ids) {
      this.#database.run(`
        INSERT INTO failures (id, tag, failures, first_failed_at_ms, doubtful_call) SELECT id, 'failure', 1, ?, ? FROM pushes WHERE id = ?
        ON CONFLICT (id) DO UPDATE SET failures = failures + 1, doubtful_call = COALESCE(doubtful_call, excluded.doubtful_call)`, [atMs, call, id])
    }
  }

  /** A call is about to be sent: nothing has failed yet, but a kill would leave it in doubt. Or it is known not to have arrived. */
  noteBegun (ids: readonly number[], { atMs, begun }: { atMs: number, begun: boolean }): void {
    const call = Math.min(...ids)
    for (const id of ids) {
      if (!begun) this.#database.run('UPDATE failures SET doubtful_call = NULL WHERE id = ?', [id])
      else {
        this.#database.run(`
          INSERT INTO failures (id, tag, failures, first_failed_at_ms, doubtful_call) SELECT id, 'failure', 0, ?, ? FROM pushes WHERE id = ?
          ON CONFLICT (id) DO UPDATE SET doubtful_call = COALESCE(doubtful_call, excluded.doubtful_call)`, [atMs, call, id])
      }
    }
  }

  insertFailure (failure: FailureRow): void {
    this.#database.run(INSERT_INTO.failures, failureValues(failure))
  }
}

function readWaiting (row: Row): WaitingRow {
  const { id, lane, laneSeq, receipt, requestId, plant, deviceType, live, recordCount, bytes, receivedAtMs } = readStoredRow(row)
  return {
    id,
    lane,
    laneSeq,
    receipt,
    requestId,
    plant,
    deviceType,
    live,
    recordCount,
    bytes,
    receivedAtMs,
    digest: readBytes(row, 'digest'),
    body: readBytes(row, 'body'),
    failures: readIntegerOrNull(row, 'failures') ?? 0,
    firstFailedAtMs: readIntegerOrNull(row, 'first_failed_at_ms'),
    doubtfulCall: readIntegerOrNull(row, 'doubtful_call')
  }
}
