import { BundleReceipts } from './bundle-receipts.js'
import { readInteger } from './columns.js'
import type { Database } from './database.js'
import type { QueueBundles, WaitingBundle } from './queue-bundles.js'
import type { PushRange, RangeSums } from './queue-deliveries.js'
import type { QueuePushes } from './queue-pushes.js'
import { INSERT_WAITING, isFinished, readReceiptRow, receiptValues, type ReceiptRow } from './queue-receipt-rows.js'
import { INSERT_INTO } from './queue-schema.js'

const FINISHED = 'waiting = 0 AND parked = 0'
const LOOK_EVERY_MS = 1000
const UPDATE = 'UPDATE receipts SET records = ?, waiting = ?, delivered = ?, parked = ?, skipped = ?, lost = ?, cloud_request_ids = ?, reasons = ?, updated_at_ms = ? WHERE id = ?'
const OLDEST = `SELECT id FROM receipts INDEXED BY receipts_finished WHERE ${FINISHED} AND updated_at_ms < ? ORDER BY updated_at_ms, id LIMIT ?`

/** Receipts with rows of their own, or in bundles. Throws StoreError. */
export class QueueReceipts {
  readonly #database: Database
  readonly #bundles: QueueBundles
  readonly #bundled: BundleReceipts
  readonly #pushes: Pick<QueuePushes, 'save' | 'takeHasNewRows'>
  #finished = 0
  #noneBeforeMs = -Infinity
  /** Ids of pushes whose receipts `save` writes, from one to the other. */
  #unwritten: Array<{ readonly fromId: number, toId: number, readonly atMs: number }> = []

  constructor (database: Database, pushes: Pick<QueuePushes, 'save' | 'takeHasNewRows'>, bundles: QueueBundles) {
    this.#database = database
    this.#bundles = bundles
    this.#bundled = new BundleReceipts(database)
    this.#pushes = pushes
  }

  /** Counts again what `finished` says. */
  load (): void {
    this.#unwritten = []
    const row = this.#database.get(`SELECT COUNT(*) AS receipts FROM receipts WHERE ${FINISHED}`)
    this.#finished = (row === undefined ? 0 : readInteger(row, 'receipts')) + this.#bundled.countFinished()
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

  /** One statement for many. */
  save (): void {
    if (this.#unwritten.length === 0) return
    this.#pushes.save()
    for (const { fromId, toId, atMs } of this.#pushes.takeHasNewRows() ? this.#unwritten : []) {
      this.#database.run(`${INSERT_WAITING} id BETWEEN ? AND ?`, [atMs, fromId, toId])
    }
    this.#unwritten = []
  }

  get (id: number): ReceiptRow | undefined {
    this.save()
    return this.#database.snapshot(() => {
      const row = this.#database.get('SELECT * FROM receipts WHERE id = ?', [id])
      return row === undefined ? this.#bundles.receipt(id) : readReceiptRow(row)
    })
  }

  update (before: ReceiptRow, after: ReceiptRow): void {
    const values = [after.records, after.waiting, after.delivered, after.parked, after.skipped, after.lost, after.cloudRequestIds, after.reasons, after.updatedAtMs, after.id]
    if (this.#database.run(UPDATE, values).changes === 0) {
      this.#bundles.expand(after.id)
      this.#database.run(UPDATE, values)
    }
    this.#finished += Number(isFinished(after)) - Number(isFinished(before))
  }

  /** All of a bundle was delivered. */
  deliverBundle (bundle: WaitingBundle, cloudRequestIds: string, atMs: number): void {
    this.#bundles.deliver(bundle, cloudRequestIds, atMs)
    this.#finished += bundle.entries
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
    return this.#database.snapshot(() => this.#findRow(requestId) ?? this.#bundled.find(requestId))
  }

  #findRow (requestId: string): ReceiptRow | undefined {
    for (let beforeId = Number.MAX_SAFE_INTEGER; ;) {
      const newest = this.#database.get('SELECT id >> 11 AS bundle FROM receipts WHERE id < ? ORDER BY id DESC LIMIT 1', [beforeId])
      if (newest === undefined) return undefined
      const bundle = readInteger(newest, 'bundle')
      const row = this.#database.get('SELECT * FROM receipts WHERE id >> 11 = ? AND request_id = ?', [bundle, requestId])
      if (row !== undefined) return readReceiptRow(row)
      beforeId = bundle * 2048
    }
  }

  /** Those of one lane under which something should wait. */
  waitingOfLane (lane: number): ReceiptRow[] {
    return this.#database.snapshot(() => {
      const rows = this.#database.all('SELECT * FROM receipts WHERE lane = ? AND waiting > 0 ORDER BY id', [lane]).map(readReceiptRow)
      return [...rows, ...this.#bundled.waitingOfLane(lane)]
    })
  }

  /** Records that all kept receipts count as lost. */
  lostRecords (): number {
    const row = this.#database.get('SELECT COALESCE(SUM(lost), 0) AS lost FROM receipts')
    return row === undefined ? 0 : readInteger(row, 'lost')
  }

  parkedOfLane (lane: number): ReceiptRow[] {
    return this.#database.all('SELECT * FROM receipts WHERE lane = ? AND parked > 0 ORDER BY id', [lane]).map(readReceiptRow)
  }

  /** Whether a receipt was finished before that time; up to a second later it may say that none was. */
  hasFinishedBefore (ms: number): boolean {
    // There was none a moment ago: the disk need not be asked with each settlement.
    if (ms >= this.#noneBeforeMs && ms < this.#noneBeforeMs + LOOK_EVERY_MS) return false
    const isOne = this.#hasRowFinishedBefore(ms) || (this.#bundled.oldestFinished()?.updatedAtMs ?? Infinity) < ms
    if (!isOne) this.#noneBeforeMs = ms
    return isOne
  }

  /** By lane, the pushes that waited, were delivered and finished within a time, and when the first of them was. */
  deliveriesByLane (fromMs: number, toMs: number): Map<number, { pushes: number, firstAtMs: number }> {
    const rows = this.#database.all(`
      SELECT lane, COUNT(*) AS pushes, MIN(updated_at_ms) AS first FROM receipts INDEXED BY receipts_finished
      WHERE ${FINISHED} AND updated_at_ms BETWEEN ? AND ? AND delivered > 0 AND lane_seq > 0 GROUP BY lane`, [fromMs, toMs])
    const deliveries = new Map(rows.map(row => [readInteger(row, 'lane'), { pushes: readInteger(row, 'pushes'), firstAtMs: readInteger(row, 'first') }]))
    for (const { lane, pushes, firstAtMs } of this.#bundled.deliveriesByLane(fromMs, toMs)) {
      const rows = deliveries.get(lane)
      deliveries.set(lane, { pushes: pushes + (rows?.pushes ?? 0), firstAtMs: Math.min(firstAtMs, rows?.firstAtMs ?? Infinity) })
    }
    return deliveries
  }

  /**
   * Removes the receipts that came to their end first, with all that goes with them, what was parked of them among it: about
   * `rowsMax` at a time, since a bundle goes as a whole.
   * @param bounds never more than `countMax`, and only those from before `beforeMs`
   */
  deleteFinished (rowsMax: number, { countMax = Infinity, beforeMs = Number.MAX_SAFE_INTEGER }: { readonly countMax?: number, readonly beforeMs?: number }): void {
    for (let removed = 0; removed < Math.min(rowsMax, countMax);) {
      const bundle = this.#bundled.oldestFinished()
      removed += this.#deleteRows(Math.min(rowsMax, countMax) - removed, Math.min(bundle?.updatedAtMs ?? Infinity, beforeMs))
      if (bundle === undefined || bundle.updatedAtMs >= beforeMs || removed >= rowsMax || removed + bundle.entries > countMax) return
      this.#bundled.delete(bundle.id)
      this.#finished -= bundle.entries
      removed += bundle.entries
    }
  }

  #deleteRows (rowsMax: number, beforeMs: number): number {
    if (!this.#hasRowFinishedBefore(beforeMs)) return 0
    const values = [beforeMs, rowsMax]
    for (const [table, column] of [['parked', 'receipt'], ['repeat_keys', 'id'], ['repairs', 'id']]) {
      // In most stores they are empty, and need not be asked for each receipt.
      if (this.#database.get(`SELECT 1 FROM ${table} LIMIT 1`) !== undefined) this.#database.run(`DELETE FROM ${table} WHERE ${column} IN (${OLDEST})`, values)
    }
    const { changes } = this.#database.run(`DELETE FROM receipts WHERE id IN (${OLDEST})`, values)
    this.#finished -= changes
    return changes
  }

  #hasRowFinishedBefore (ms: number): boolean {
    return this.#database.get(`SELECT 1 FROM receipts INDEXED BY receipts_finished WHERE ${FINISHED} AND updated_at_ms < ? LIMIT 1`, [ms]) !== undefined
  }

  remove (receipt: ReceiptRow): void {
    this.#database.run('DELETE FROM receipts WHERE id = ?', [receipt.id])
    if (isFinished(receipt)) this.#finished--
  }
}
