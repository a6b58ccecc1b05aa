import { readBundledPushes, readBundledReceipts } from '../store/bundle-rows.js'
import { readBytes } from '../store/columns.js'
import type { Row } from '../store/database.js'
import { readFailureRow, readLaneRow, readParkedHead, type FailureRow, type LaneRow, type ParkedHead, type PushRow, type StoredRow } from '../store/queue-rows.js'
import { readParkedRecord, type ParkedRecord } from '../store/queue-parked-records.js'
import { emptyReceipt, readReceiptRow, type ReceiptRow } from '../store/queue-receipt-rows.js'
import { readRepairsRow, type RepairsRow } from '../store/queue-repairs.js'
import { readRepeatKeyRow, type RepeatKeyRow } from '../store/queue-repeat-keys.js'
import type { QueueTable } from '../store/queue-schema.js'
import { SeqRanges } from '../store/seq-ranges.js'

type KnownLane = Omit<LaneRow, 'finished'> & { readonly finished: SeqRanges }

/**
 * What the rows of a damaged store say together. A row may have been found twice, in an older version, or without the
 * rows that belong to it: the newest version counts, what is known to be finished is not taken again, and missing lanes
 * and receipts are made from the rows that name them.
 */
export class Carved {
  readonly #lanes = new Map<number, KnownLane>()
  readonly #receipts = new Map<number, ReceiptRow>()
  /** By their seals, and by the ids of their bundles. */
  readonly #bundleReceipts = new Map<string, Row>()
  readonly #failures = new Map<number, FailureRow>()
  readonly #repeatKeys = new Map<number, RepeatKeyRow>()
  readonly #repairs = new Map<number, RepairsRow>()
  /** Parked rows of which a later version says that they are parked no longer. */
  readonly #closed = new Set<number>()
  readonly #taken = new Set<number>()
  /** By parked entry, when its records were delivered from elsewhere. */
  readonly #delivered = new Map<number, Map<number, number>>()
  /** All rows that name a lane or a receipt, the body left out. */
  readonly #pushes: StoredRow[] = []
  readonly #parked: ParkedHead[] = []

  /** @throws StoreError when the row is not one of ours */
  note (table: QueueTable, row: Row): void {
    if (table === 'lanes') this.#noteLane(readLaneRow(row))
    else if (table === 'receipts') this.#noteReceipt(readReceiptRow(row))
    else if (table === 'bundle_receipts') this.#noteBundle(row)
    else if (table === 'failures') this.#noteFailure(readFailureRow(row))
    else if (table === 'parked') this.#noteParked(readParkedHead(row))
    else if (table === 'repeat_keys') this.#noteRepeatKey(readRepeatKeyRow(row))
    else if (table === 'repairs') this.#noteRepairs(readRepairsRow(row))
    else if (table === 'parked_records') this.#noteDelivered(readParkedRecord(row))
  }

  /** The pushes of a row of `bundles`; its receipts say of them what it says, should that have changed on disk. Throws StoreError. */
  readBundle (row: Row): PushRow[] {
    try {
      return readBundledPushes(row)
    } catch (error) {
      const twin = this.#bundleReceipts.get(sealText(row)) ?? this.#bundleReceipts.get(String(row['id']))
      if (twin === undefined) throw error
      return readBundledPushes({ ...row, ...twin })
    }
  }

  wantsPush ({ id, lane, laneSeq, receipt }: StoredRow): boolean {
    return !this.#taken.has(id) && this.#lanes.get(lane)?.finished.has(laneSeq) !== true && this.#receipts.get(receipt)?.waiting !== 0
  }

  wantsParked ({ id, receipt, state }: ParkedHead): boolean {
    if (this.#taken.has(id)) return false
    return state !== 'parked' || (!this.#closed.has(id) && this.#receipts.get(receipt)?.parked !== 0)
  }

  deliveredAtMs (parked: number): (record: number) => number | null {
    return record => this.#delivered.get(parked)?.get(record) ?? null
  }

  tookPush (push: StoredRow): void {
    this.#taken.add(push.id)
    this.#pushes.push(push)
  }

  tookParked (parked: ParkedHead): void {
    this.#taken.add(parked.id)
    this.#parked.push(parked)
  }

  failures (): FailureRow[] {
    return this.#pushes.flatMap(({ id }) => this.#failures.get(id) ?? [])
  }

  /** Each lane that any row names. One whose own row is gone counts as finished what no row speaks of. */
  lanes (): LaneRow[] {
    const rows = new Map<number, { lastId: number, lastSeq: number, open: Set<number>, name: StoredRow | ReceiptRow }>()
    const note = (row: StoredRow | ReceiptRow, isOpen: boolean): void => {
      const lane = rows.get(row.lane) ?? { lastId: 0, lastSeq: 0, open: new Set<number>(), name: row }
      lane.lastId = Math.max(lane.lastId, row.id)
      lane.lastSeq = Math.max(lane.lastSeq, row.laneSeq)
      if (isOpen && row.laneSeq > 0) lane.open.add(row.laneSeq)
      rows.set(row.lane, lane)
    }
    for (const receipt of this.#receipts.values()) note(receipt, receipt.waiting > 0)
    for (const push of this.#pushes) note(push, true)
    for (const parked of this.#parked) note(parked, false)
    const found = [...rows].map(([id, { lastId, lastSeq, open, name: { plant, deviceType, live } }]) => {
      const known = this.#lanes.get(id)
      return {
        ...known ?? { id, plant, deviceType, live },
        nextSeq: Math.max(known?.nextSeq ?? 1, lastSeq + 1),
        lastId: Math.max(known?.lastId ?? id, lastId),
        finished: (known?.finished ?? allBut(open, lastSeq)).toText()
      }
    })
    const empty = [...this.#lanes.values()].filter(({ id }) => !rows.has(id)).map(lane => ({ ...lane, finished: lane.finished.toText() }))
    return [...found, ...empty]
  }

  /** Each receipt that any row names; none counts less than was found, and what it counts beyond that is told as lost later. */
  receipts (atMs: number): ReceiptRow[] {
    const all = new Map<number, ReceiptRow>(this.#receipts)
    const found = new Map<number, { waiting: number, parked: number }>()
    const add = (row: StoredRow, kind: 'waiting' | 'parked', records: number): void => {
      const sums = found.get(row.receipt) ?? { waiting: 0, parked: 0 }
      sums[kind] += records
      found.set(row.receipt, sums)
      if (!all.has(row.receipt)) all.set(row.receipt, emptyReceipt(row, atMs))
    }
    for (const push of this.#pushes) add(push, 'waiting', push.recordCount)
    for (const parked of this.#parked) add(parked, 'parked', parked.state === 'parked' ? parked.recordCount : 0)
    return [...all.values()].map(receipt => {
      const waiting = Math.max(receipt.waiting, found.get(receipt.id)?.waiting ?? 0)
      const parked = Math.max(receipt.parked, found.get(receipt.id)?.parked ?? 0)
      return { ...receipt, waiting, parked, records: waiting + parked + receipt.delivered + receipt.skipped + receipt.lost }
    })
  }

  /** A push whose receipt is gone is not answered for. */
  repeatKeys (): RepeatKeyRow[] {
    return [...this.#repeatKeys.values()].filter(({ id }) => this.#receipts.has(id))
  }

  repairs (): RepairsRow[] {
    return [...this.#repairs.values()].filter(({ id }) => this.#receipts.has(id))
  }

  #noteLane (row: LaneRow): void {
    const finished = SeqRanges.parse(row.finished)
    const known = this.#lanes.get(row.id)
    if (finished === undefined || (known !== undefined && newness(known.nextSeq, known.finished.size) >= newness(row.nextSeq, finished.size))) return
    this.#lanes.set(row.id, { ...row, finished })
  }

  #noteReceipt (row: ReceiptRow): void {
    const known = this.#receipts.get(row.id)
    if (known === undefined || known.updatedAtMs < row.updatedAtMs || (known.updatedAtMs === row.updatedAtMs && row.waiting < known.waiting)) this.#receipts.set(row.id, row)
  }

  #noteBundle (row: Row): void {
    for (const receipt of readBundledReceipts(row)) this.#noteReceipt(receipt)
    // Which of the two is whole in the other row is not known.
    for (const name of [sealText(row), String(row['id'])]) this.#bundleReceipts.set(name, row)
  }

  #noteFailure (row: FailureRow): void {
    if ((this.#failures.get(row.id)?.failures ?? -1) < row.failures) this.#failures.set(row.id, row)
  }

  #noteRepeatKey (row: RepeatKeyRow): void {
    this.#repeatKeys.set(row.id, row)
  }

  #noteRepairs (row: RepairsRow): void {
    this.#repairs.set(row.id, row)
  }

  #noteParked ({ id, state }: ParkedHead): void {
    if (state !== 'parked') this.#closed.add(id)
  }

  #noteDelivered ({ parked, record, deliveredAtMs }: ParkedRecord): void {
    if (deliveredAtMs === null) return
    const records = this.#delivered.get(parked) ?? new Map<number, number>()
    this.#delivered.set(parked, records.set(record, deliveredAtMs))
  }
}

/** Numbers are only ever given out, and finished, never taken back. */
function newness (nextSeq: number, finished: number): number {
  return nextSeq + finished
}

function allBut (open: ReadonlySet<number>, last: number): SeqRanges {
  const finished = new SeqRanges()
  let next = 1
  for (const seq of [...open].sort((a, b) => a - b)) {
    if (seq > next) finished.addRange(next, seq - 1)
    next = seq + 1
  }
  if (next <= last) finished.addRange(next, last)
  return finished
}

function sealText (row: Row): string {
  return Buffer.from(readBytes(row, 'seal')).toString('latin1')
}
