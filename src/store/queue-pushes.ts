import type { SqlValue } from './bind-values.js'
import { BundlePushes } from './bundle-pushes.js'
import { readBytes, readInteger, readIntegerOrNull } from './columns.js'
import type { Database, Row } from './database.js'
import { PushInserts } from './push-inserts.js'
import type { QueueBundles } from './queue-bundles.js'
import { pushValues, readStoredRow, type NewPush, type PushRow, type StoredRow, type WaitingRow } from './queue-rows.js'
import { INSERT_INTO } from './queue-schema.js'
import { readHead, type HeadBounds } from './waiting-head.js'

/** All columns but the body, which may lie in pages of its own. */
const HEAD = 'id, lane, lane_seq, receipt, request_id, plant, device_type, live, record_count, bytes, received_at_ms'
const WAITING = 'SELECT p.*, f.failures, f.first_failed_at_ms, f.doubtful_call FROM pushes p LEFT JOIN failures f ON f.id = p.id'

/** The pushes that wait, with rows of their own or in bundles. Throws StoreError. */
export class QueuePushes {
  readonly #connection: Database
  readonly #inserts: PushInserts
  readonly #bundles: QueueBundles
  readonly #bundled: BundlePushes

  constructor (database: Database, bundles: QueueBundles) {
    this.#connection = database
    this.#bundles = bundles
    this.#bundled = new BundlePushes(database)
    this.#inserts = new PushInserts(database, bundles)
  }

  /** Whatever is asked sees the pushes that came before. */
  get #database (): Database {
    this.#inserts.write()
    return this.#connection
  }

  /**
   * A push that has just come. It is written with those of the same transaction.
   * @param bundledAtMs see PushInserts.add
   */
  insertNew (push: NewPush, bundledAtMs?: number): void {
    this.#inserts.add(push, bundledAtMs)
  }

  save (): void {
    this.#inserts.write()
  }

  /** Whether pushes that came were given rows of their own, and no receipts yet. */
  takeHasNewRows (): boolean {
    return this.#inserts.takeHasWrittenRows()
  }

  /** Their transaction was rolled back. */
  forgetNew (): void {
    this.#inserts.forget()
  }

  insert (push: PushRow): void {
    this.#database.run(INSERT_INTO.pushes, pushValues(push))
  }

  delete (id: number): void {
    this.#changeRow(id, 'DELETE FROM pushes WHERE id = ?', [id])
    this.#database.run('DELETE FROM failures WHERE id = ?', [id])
  }

  find (id: number): StoredRow | undefined {
    return this.#database.snapshot(() => {
      const row = this.#connection.get(`SELECT ${HEAD} FROM pushes WHERE id = ?`, [id])
      if (row !== undefined) return readStoredRow(row)
      const bundled = this.#bundles.push(id)
      return bundled === undefined ? undefined : withoutBody(bundled)
    })
  }

  ofReceipt (lane: number, receipt: number): StoredRow[] {
    return this.#database.snapshot(() => {
      const rows = this.#connection.all(`SELECT ${HEAD} FROM pushes WHERE lane = ? AND receipt = ? ORDER BY id`, [lane, receipt]).map(readStoredRow)
      const bundled = this.#bundles.push(receipt)
      return bundled?.lane === lane ? [withoutBody(bundled), ...rows] : rows
    })
  }

  /** The head of a lane, in order, after `afterId`. */
  head (lane: number, bounds: HeadBounds): WaitingRow[] {
    const { afterId, entriesMax } = bounds
    return this.#database.snapshot(() => readHead({
      bundles: this.#bundled.ofLane(lane, afterId, entriesMax),
      rows: this.#connection.all('SELECT id, bytes FROM pushes INDEXED BY pushes_by_lane WHERE lane = ? AND id > ? ORDER BY id LIMIT ?', [lane, afterId, entriesMax])
        .map(row => ({ id: readInteger(row, 'id'), bytes: readInteger(row, 'bytes') })),
      readBundle: id => this.#bundled.of(id),
      readRows: (fromId, toId) => this.#connection.all(`
        SELECT p.*, f.failures, f.first_failed_at_ms, f.doubtful_call FROM pushes p INDEXED BY pushes_by_lane
        LEFT JOIN failures f ON f.id = p.id WHERE p.lane = ? AND p.id BETWEEN ? AND ? ORDER BY p.id`, [lane, fromId, toId]).map(readWaiting)
    }, bounds))
  }

  /** With its body. */
  get (id: number): WaitingRow | undefined {
    return this.#database.snapshot(() => {
      const row = this.#connection.get(`${WAITING} WHERE p.id = ?`, [id])
      if (row !== undefined) return readWaiting(row)
      const bundled = this.#bundles.push(id)
      return bundled === undefined ? undefined : this.#bundled.withFailures([bundled])[0]
    })
  }

  /** All pushes of all lanes, `rowsMax` at a time. */
  after (afterId: number, rowsMax: number): WaitingRow[] {
    return this.#database.snapshot(() => {
      const rows = this.#connection.all(`${WAITING} WHERE p.id > ? ORDER BY p.id LIMIT ?`, [afterId, rowsMax]).map(readWaiting)
      return [...rows, ...this.#bundled.after(afterId, rowsMax)].sort((a, b) => a.id - b.id).slice(0, rowsMax)
    })
  }

  oldestAtMs (lane: number): number | undefined {
    return this.#database.snapshot(() => {
      const row = this.#connection.get(`
        SELECT id, received_at_ms FROM pushes WHERE id = (SELECT id FROM pushes INDEXED BY pushes_by_lane WHERE lane = ? ORDER BY id LIMIT 1)`, [lane])
      const bundled = this.#bundled.oldest(lane)
      if (row === undefined || (bundled !== undefined && bundled.id < readInteger(row, 'id'))) return bundled?.receivedAtMs
      return readInteger(row, 'received_at_ms')
    })
  }

  /** The sequence numbers that wait in a lane, from one to another, both included. */
  seqs (lane: number): Array<readonly [from: number, to: number]> {
    return this.#database.snapshot(() => {
      const rows = this.#connection.all('SELECT lane_seq FROM pushes INDEXED BY pushes_by_lane WHERE lane = ?', [lane]).map(row => readInteger(row, 'lane_seq'))
      return [...rows.map(seq => [seq, seq] as const), ...this.#bundled.seqs(lane)]
    })
  }

  /** Receipt ids with the records that wait under them, of one lane. */
  recordsByReceipt (lane: number): Map<number, number> {
    return this.#database.snapshot(() => {
      const rows = this.#connection.all('SELECT receipt, SUM(record_count) AS records FROM pushes WHERE lane = ? GROUP BY receipt', [lane])
      const records = new Map(rows.map(row => [readInteger(row, 'receipt'), readInteger(row, 'records')]))
      for (const [receipt, bundled] of this.#bundled.recordsByReceipt(lane)) records.set(receipt, (records.get(receipt) ?? 0) + bundled)
      return records
    })
  }

  /** What changes one row alone finds it, where it lies in a bundle, after that was made rows of. */
  #changeRow (id: number, sql: string, values: readonly SqlValue[]): void {
    if (this.#database.run(sql, values).changes > 0) return
    this.#bundles.expand(id)
    this.#database.run(sql, values)
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

function withoutBody ({ digest, body, ...head }: PushRow): StoredRow {
  return head
}
