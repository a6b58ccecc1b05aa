import { freePiece } from '../free-memory.js'
import { bundleBodies, bundleOf, bundleReceiptValues, bundleValues, isBundleable, readBundledPushes, readBundledReceipts, readHeads } from './bundle-rows.js'
import { readBytes, readInteger, readText } from './columns.js'
import type { Database, Row } from './database.js'
import { insertPushes } from './insert-pushes.js'
import { QUEUE_PAGE_BYTES } from './queue-bytes.js'
import type { PushRange } from './queue-deliveries.js'
import type { Counted } from './queue-lanes.js'
import { INSERT_WAITING, receiptValues, type ReceiptRow } from './queue-receipt-rows.js'
import { pushValues, type NewPush, type PushRow } from './queue-rows.js'
import { INSERT_INTO } from './queue-schema.js'

/** For fewer, rows of their own are as cheap. */
export const BUNDLE_ENTRIES_MIN = 4
const ENTRIES_MAX = 64
/** From the first id to the last; between them lie those of other lanes. */
export const BUNDLE_SPAN_MAX = 1024
/** It lies in one page: no chain of pages may break, and a page that is damaged costs about as many pushes as with rows. */
const ROW_BYTES_MAX = QUEUE_PAGE_BYTES - 100
/** Numbers, tag and seals of a bundle; the numbers of each of its pushes. */
const FIXED_BYTES = 130
const PUSH_BYTES = 34
/** What a receipt takes up in a bundle, about. */
const RECEIPT_BYTES = 80

/** A bundle all of which waits. */
export interface WaitingBundle extends Required<Counted> {
  readonly id: number
  readonly lastId: number
  readonly lane: number
  readonly firstSeq: number
  /** See rangeContent. */
  readonly content: string
  /** Something has failed between its first id and its last. */
  readonly mayHaveFailed: boolean
}

/**
 * Pushes that came in one commit and are expected to leave together: one row for what waits, and one for the receipts. A
 * row for each push takes ten times as long to write, and to take away. Whatever happens to one of them alone (`expand`)
 * gives all of them the rows that they would have had. Throws StoreError.
 */
export class QueueBundles {
  readonly #database: Database

  constructor (database: Database) {
    this.#database = database
  }

  /**
   * Writes as bundles what can lie in one.
   * @param rows of one transaction, in the order of their coming
   * @returns those that cannot
   */
  insert (rows: readonly NewPush[], atMs: number): NewPush[] {
    const alone: NewPush[] = []
    for (const run of runsOf(rows)) {
      const [first, last] = [run[0], run.at(-1)]
      if (first === undefined || last === undefined || run.length < BUNDLE_ENTRIES_MIN) alone.push(...run)
      else this.#insert(run, first, last, atMs)
    }
    return alone
  }

  #insert (run: readonly NewPush[], first: NewPush, last: NewPush, atMs: number): void {
    const bundle = bundleOf(run, first, last)
    const bodies = bundleBodies(run)
    this.#database.run(INSERT_INTO.bundles, bundleValues(bundle, run, bodies))
    freePiece(bodies)
    this.#database.run(INSERT_INTO.bundle_receipts, bundleReceiptValues(bundle, run, atMs))
  }

  /** The lane of a push with a row of its own, or of the bundle that begins with it. */
  laneOf (id: number): number | undefined {
    const row = this.#database.get('SELECT lane FROM bundles WHERE id = ? UNION ALL SELECT lane FROM pushes WHERE id = ? LIMIT 1', [id, id])
    return row === undefined ? undefined : readInteger(row, 'lane')
  }

  /** The bundles that begin in a range, in their order. The content of one whose receipts are not there is empty. */
  ofRange ({ lane, fromId, toId }: PushRange): WaitingBundle[] {
    return this.#database.all(`
      SELECT b.id, b.last_id, b.first_seq, b.entries, b.bytes, b.records, r.content,
        EXISTS (SELECT 1 FROM failures WHERE id BETWEEN b.id AND b.last_id) AS failed
      FROM bundles b INDEXED BY bundles_by_lane LEFT JOIN bundle_receipts r ON r.id = b.id AND r.last_id = b.last_id
      WHERE b.lane = ? AND b.id BETWEEN ? AND ? ORDER BY b.id`, [lane, fromId, toId]).map(row => ({
      id: readInteger(row, 'id'),
      lastId: readInteger(row, 'last_id'),
      lane,
      firstSeq: readInteger(row, 'first_seq'),
      entries: readInteger(row, 'entries'),
      bytes: readInteger(row, 'bytes'),
      recordCount: readInteger(row, 'records'),
      content: row['content'] === null ? '' : Buffer.from(readBytes(row, 'content')).toString('latin1'),
      mayHaveFailed: readInteger(row, 'failed') === 1
    }))
  }

  /** All of it was delivered. */
  deliver ({ id, mayHaveFailed }: WaitingBundle, cloudRequestIds: string, atMs: number): void {
    if (mayHaveFailed) {
      for (const each of this.idsWith(id)) this.#database.run('DELETE FROM failures WHERE id = ?', [each])
    }
    this.#database.run("UPDATE bundle_receipts SET state = 'delivered', cloud_request_ids = ?, updated_at_ms = ? WHERE id = ?", [cloudRequestIds, atMs, id])
    this.#database.run('DELETE FROM bundles WHERE id = ?', [id])
  }

  /** Gives each push of the bundle in which this one lies, and each of their receipts, a row of its own. */
  expand (id: number): void {
    // What it leaves free, its rows take up: on a full disk there is no other room.
    const bundle = this.#with('bundles', id)
    if (bundle !== undefined) {
      this.#database.run('DELETE FROM bundles WHERE id = ?', [readInteger(bundle, 'id')])
      this.#insertRows(readBundledPushes(bundle))
    }
    const receipts = this.#with('bundle_receipts', id)
    if (receipts === undefined) return
    this.#database.run('DELETE FROM bundle_receipts WHERE id = ?', [readInteger(receipts, 'id')])
    if (bundle !== undefined && readText(receipts, 'state') === 'waiting') {
      this.#database.run(`${INSERT_WAITING} lane = ? AND id BETWEEN ? AND ?`, ['updated_at_ms', 'lane', 'id', 'last_id'].map(column => readInteger(receipts, column)))
    } else for (const receipt of readBundledReceipts(receipts)) this.#database.run(INSERT_INTO.receipts, receiptValues(receipt))
  }

  /** By their own names, which the digests cover, should those of their lane have changed on disk. */
  #insertRows (pushes: readonly PushRow[]): void {
    const [first] = pushes
    const lane = first && this.#database.get('SELECT plant, device_type, live FROM lanes WHERE id = ?', [first.lane])
    const isNamedAlike = lane?.['plant'] === first?.plant && lane?.['device_type'] === first?.deviceType && lane?.['live'] === (first?.live === true ? 1 : 0)
    if (isNamedAlike) insertPushes(this.#database, pushes)
    else for (const push of pushes) this.#database.run(INSERT_INTO.pushes, pushValues(push))
  }

  push (id: number): PushRow | undefined {
    const bundle = this.#with('bundles', id)
    return bundle && readBundledPushes(bundle).find(push => push.id === id)
  }

  /** The pushes that wait in the same bundle as this one. */
  idsWith (id: number): number[] {
    const bundle = this.#with('bundles', id)
    return bundle === undefined ? [] : readHeads(bundle).map(push => push.id)
  }

  receipt (id: number): ReceiptRow | undefined {
    const receipts = this.#with('bundle_receipts', id)
    return receipts && readBundledReceipts(receipts).find(receipt => receipt.id === id)
  }

  /** The row that holds this push: as a rule the nearest, but where several lanes come together the range of another may hold its id, too. */
  #with (table: 'bundles' | 'bundle_receipts', id: number): Row | undefined {
    const nearest = this.#database.get(`SELECT * FROM ${table} WHERE id <= ? ORDER BY id DESC LIMIT 1`, [id])
    if (nearest === undefined || holds(nearest, id)) return nearest
    return this.#database.all(`SELECT * FROM ${table} WHERE id BETWEEN ? AND ? AND last_id >= ?`, [id - BUNDLE_SPAN_MAX, id, id]).find(row => holds(row, id))
  }
}

function holds (row: Row, id: number): boolean {
  return readInteger(row, 'last_id') >= id && readHeads(row).some(head => head.id === id)
}

/** Those that follow one another in their lane, in parts that a bundle can hold. */
function runsOf (rows: readonly NewPush[]): NewPush[][] {
  const runs: NewPush[][] = []
  const open = new Map<number, NewPush[]>()
  for (const row of rows) {
    const [run, canLie] = [open.get(row.lane), isBundleable(row)]
    if (canLie && run?.at(-1)?.laneSeq === row.laneSeq - 1) run.push(row)
    else {
      const next = [row]
      runs.push(next)
      if (canLie) open.set(row.lane, next)
      else open.delete(row.lane)
    }
  }
  return runs.flatMap(divide)
}

/** Parts of about the same size: a last one of three would be rows. */
function divide (run: NewPush[]): NewPush[][] {
  const [first, last] = [run[0], run.at(-1)]
  if (first === undefined || last === undefined || run.length < BUNDLE_ENTRIES_MIN) return [run]
  const bytes = run.reduce((sum, { body, requestId }) => sum + body.byteLength + requestId.length + PUSH_BYTES, FIXED_BYTES + 3 * (first.plant.length + first.deviceType.length))
  const parts = Math.max(Math.ceil(bytes / ROW_BYTES_MAX), Math.ceil(run.length / ENTRIES_MAX), last.id - first.id < BUNDLE_SPAN_MAX ? 1 : 2)
  if (parts === 1 && isCounted(run, bytes)) return [run]
  if (parts === 1 && run.length < 2 * BUNDLE_ENTRIES_MIN) return run.map(row => [row])
  const entries = Math.ceil(run.length / Math.max(2, parts))
  return Array.from({ length: Math.ceil(run.length / entries) }, (_, part) => run.slice(part * entries, (part + 1) * entries)).flatMap(divide)
}

/** Whether its share of a page is no more than what its pushes count for the bounds; otherwise two halves waste less, or rows. */
function isCounted (run: readonly NewPush[], bytes: number): boolean {
  const share = QUEUE_PAGE_BYTES / Math.max(1, Math.floor((QUEUE_PAGE_BYTES - 8) / bytes))
  return share + run.length * RECEIPT_BYTES <= run.reduce((sum, push) => sum + push.bytes, 0)
}
