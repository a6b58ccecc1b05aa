import { readInteger, readText } from './columns.js'
import type { Database, Row } from './database.js'
import type { SqlValue } from './bind-values.js'
import type { PushRange, RangeSums } from './queue-deliveries.js'
import type { QueuePushes } from './queue-pushes.js'
import { readLaneName, type LaneName } from './queue-rows.js'
import { INSERT_INTO } from './queue-schema.js'

/** What became of a stored push, in numbers of records; waiting, delivered, parked, skipped and lost add up to `records`. */
export interface ReceiptRow extends LaneName {
  readonly id: number
  readonly requestId: string
  readonly lane: number
  /** 0 where nothing of the push ever waited. */
  readonly laneSeq: number
  readonly receivedAtMs: number
  readonly records: number
  readonly waiting: number
  readonly delivered: number
  readonly parked: number
  readonly skipped: number
  readonly lost: number
  /** JSON: an array of texts. */
  readonly cloudRequestIds: string
  /** JSON: an array of reasons. */
  readonly reasons: string
  readonly updatedAtMs: number
}

const FINISHED = 'waiting = 0 AND parked = 0'
const OLDEST = `SELECT id FROM receipts INDEXED BY receipts_finished WHERE ${FINISHED} AND updated_at_ms < ? ORDER BY updated_at_ms, id LIMIT ?`

/** Throws StoreError. */
export class QueueReceipts {
  readonly #database: Database
  readonly #pushes: Pick<QueuePushes, 'save'>
  #finished = 0
  /** Ids of pushes whose receipts `save` writes, from one to the other. */
  #unwritten: Array<{ readonly fromId: number, toId: number, readonly atMs: number }> = []

  constructor (database: Database, pushes: Pick<QueuePushes, 'save'>) {
    this.#database = database
    this.#pushes = pushes
  }

  /** Counts again what `finished` says. */
  load (): void {
    this.#unwritten = []
    const row = this.#database.get(`SELECT COUNT(*) AS receipts FROM receipts WHERE ${FINISHED}`)
    this.#finished = row === undefined ? 0 : readInteger(row, 'receipts')
  }

  /** How many receipts have nothing left to happen to them. */
  get finished (): number {
    return this.#finished
  }

  insert (receipt: ReceiptRow): void {
    this.#database.run(INSERT_INTO.receipts, receiptValues(receipt))
    if (isFinished(receipt)) this.#finished++
  }

  /** The receipt of a push that waits whole. It is written with those of the same transaction, from the rows of the pushes. */
  insertWaiting (id: number, atMs: number): void {
    const last = this.#unwritten.at(-1)
    if (last?.toId === id - 1) last.toId = id
    else this.#unwritten.push({ fromId: id, toId: id, atMs })
  }

  /** One statement for many: to hand over their 18 columns one by one takes six times as long. */
  save (): void {
    if (this.#unwritten.length === 0) return
    this.#pushes.save()
    for (const { fromId, toId, atMs } of this.#unwritten) {
      this.#database.run(`
        INSERT INTO receipts SELECT id, 'receipt', request_id, lane, lane_seq, plant, device_type, live, received_at_ms, record_count, record_count,
          0, 0, 0, 0, '[]', '[]', ? FROM pushes WHERE id BETWEEN ? AND ?`, [atMs, fromId, toId])
    }
    this.#unwritten = []
  }

  get (id: number): ReceiptRow | undefined {
    this.save()
    const row = this.#database.get('SELECT * FROM receipts WHERE id = ?', [id])
    return row === undefined ? undefined : readReceiptRow(row)
  }

  update (before: ReceiptRow, after: ReceiptRow): void {
    this.#database.run(`
      UPDATE receipts SET records = ?, waiting = ?, delivered = ?, parked = ?, skipped = ?, lost = ?, cloud_request_ids = ?, reasons = ?, updated_at_ms = ?
      WHERE id = ?`, [after.records, after.waiting, after.delivered, after.parked, after.skipped, after.lost, after.cloudRequestIds,
      after.reasons, after.updatedAtMs, after.id])
    this.#finished += Number(isFinished(after)) - Number(isFinished(before))
  }

  /**
   * All pushes of a range were delivered whole, and nothing had become of any of them before (RangeSums.untouched). Between
   * their ids may lie the receipt of one that never had a place there, and was replayed: its number is 0.
   */
  deliver ({ lane, fromId, toId, fromSeq, toSeq }: PushRange & Pick<RangeSums, 'fromSeq' | 'toSeq'>, cloudRequestIds: string, atMs: number): void {
    const { changes } = this.#database.run(`
      UPDATE receipts SET waiting = 0, delivered = records, cloud_request_ids = ?, updated_at_ms = ?
      WHERE id BETWEEN ? AND ? AND lane = ? AND lane_seq BETWEEN ? AND ? AND waiting = records`, [cloudRequestIds, atMs, fromId, toId, lane, fromSeq, toSeq])
    this.#finished += changes
  }

  /**
   * Request ids are random, and an index of them all would be written in another page for nearly every push: half as
   * many appends a second, measured with 100,000 receipts. So the index holds them by bundles of 2048 receipts in the
   * order of their coming, and a look-up asks bundle by bundle, the newest first: 1.4 ms for 100,000 receipts.
   */
  find (requestId: string): ReceiptRow | undefined {
    this.save()
    const range = this.#database.get('SELECT MIN(id >> 11) AS oldest, MAX(id >> 11) AS newest FROM receipts')
    if (range === undefined || range['newest'] === null) return undefined
    for (let bundle = readInteger(range, 'newest'); bundle >= readInteger(range, 'oldest'); bundle--) {
      const row = this.#database.get('SELECT * FROM receipts WHERE id >> 11 = ? AND request_id = ?', [bundle, requestId])
      if (row !== undefined) return readReceiptRow(row)
    }
    return undefined
  }

  /** Records that all kept receipts count as lost. */
  lostRecords (): number {
    const row = this.#database.get('SELECT COALESCE(SUM(lost), 0) AS lost FROM receipts')
    return row === undefined ? 0 : readInteger(row, 'lost')
  }

  /** Those of one lane under which something should wait. */
  waitingOfLane (lane: number): ReceiptRow[] {
    return this.#database.all('SELECT * FROM receipts WHERE lane = ? AND waiting > 0 ORDER BY id', [lane]).map(readReceiptRow)
  }

  parkedOfLane (lane: number): ReceiptRow[] {
    return this.#database.all('SELECT * FROM receipts WHERE lane = ? AND parked > 0 ORDER BY id', [lane]).map(readReceiptRow)
  }

  /** Whether a receipt was finished before that time. */
  hasFinishedBefore (ms: number): boolean {
    return this.#database.get(`SELECT 1 FROM receipts INDEXED BY receipts_finished WHERE ${FINISHED} AND updated_at_ms < ? LIMIT 1`, [ms]) !== undefined
  }

  /** By lane, the pushes that waited, were delivered and finished within a time, and when the first of them was. */
  deliveriesByLane (fromMs: number, toMs: number): Map<number, { pushes: number, firstAtMs: number }> {
    const rows = this.#database.all(`
      SELECT lane, COUNT(*) AS pushes, MIN(updated_at_ms) AS first FROM receipts INDEXED BY receipts_finished
      WHERE ${FINISHED} AND updated_at_ms BETWEEN ? AND ? AND delivered > 0 AND lane_seq > 0 GROUP BY lane`, [fromMs, toMs])
    return new Map(rows.map(row => [readInteger(row, 'lane'), { pushes: readInteger(row, 'pushes'), firstAtMs: readInteger(row, 'first') }]))
  }

  /**
   * Removes the receipts that came to their end first, with all that goes with them, what was parked of them among it: at
   * most `rowsMax`, and only those from before `beforeMs`.
   */
  deleteFinished (rowsMax: number, beforeMs: number = Number.MAX_SAFE_INTEGER): void {
    const values = [beforeMs, rowsMax]
    for (const [table, column] of [['parked', 'receipt'], ['repeat_keys', 'id'], ['repairs', 'id']]) {
      // In most stores they are empty, and need not be asked for each receipt.
      if (this.#database.get(`SELECT 1 FROM ${table} LIMIT 1`) !== undefined) this.#database.run(`DELETE FROM ${table} WHERE ${column} IN (${OLDEST})`, values)
    }
    this.#finished -= this.#database.run(`DELETE FROM receipts WHERE id IN (${OLDEST})`, values).changes
  }

  remove (receipt: ReceiptRow): void {
    this.#database.run('DELETE FROM receipts WHERE id = ?', [receipt.id])
    if (isFinished(receipt)) this.#finished--
  }
}

function isFinished ({ waiting, parked }: ReceiptRow): boolean {
  return waiting === 0 && parked === 0
}

export function readReceiptRow (row: Row): ReceiptRow {
  return {
    id: readInteger(row, 'id'),
    requestId: readText(row, 'request_id'),
    lane: readInteger(row, 'lane'),
    laneSeq: readInteger(row, 'lane_seq'),
    ...readLaneName(row),
    receivedAtMs: readInteger(row, 'received_at_ms'),
    records: readInteger(row, 'records'),
    waiting: readInteger(row, 'waiting'),
    delivered: readInteger(row, 'delivered'),
    parked: readInteger(row, 'parked'),
    skipped: readInteger(row, 'skipped'),
    lost: readInteger(row, 'lost'),
    cloudRequestIds: readText(row, 'cloud_request_ids'),
    reasons: readText(row, 'reasons'),
    updatedAtMs: readInteger(row, 'updated_at_ms')
  }
}

function receiptValues (receipt: ReceiptRow): SqlValue[] {
  return [receipt.id, 'receipt', receipt.requestId, receipt.lane, receipt.laneSeq, receipt.plant, receipt.deviceType, receipt.live ? 1 : 0,
    receipt.receivedAtMs, receipt.records, receipt.waiting, receipt.delivered, receipt.parked, receipt.skipped, receipt.lost,
    receipt.cloudRequestIds, receipt.reasons, receipt.updatedAtMs]
}
