import { isIntact } from '../store/digest.js'
import type { ParkedHead, ParkedState, WaitingRow } from '../store/queue-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import { toEntry } from './log-reads.js'
import { readReceipt } from './log-receipt.js'
import type { Entry, ParkReason, Receipt } from './queue-log.js'

/** Records in the parked list, or what became of them. */
export interface ParkedEntry {
  readonly id: number
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  readonly recordCount: number
  /** As the disk counts; 0 once its bytes are gone. */
  readonly bytes: number
  readonly receivedAtMs: number
  readonly parkedAtMs: number
  readonly state: ParkedState
  readonly reason: ParkReason
}

/** With what is known of its records. */
export interface ParkedView extends ParkedEntry {
  readonly body: Uint8Array | undefined
  /**
   * For how many of its records the same device and time was delivered after it was parked; undefined when that cannot
   * be known, and once it is parked no longer.
   */
  readonly deliveredSince: number | undefined
}

/** What is known of one push. */
export interface PushView {
  readonly receipt: Receipt | undefined
  readonly waiting: readonly Entry[]
  readonly parked: readonly ParkedView[]
}

/** One push, or part of one, that lies in the queue. */
export interface ExportRow {
  readonly state: 'waiting' | 'parked'
  readonly id: number
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  readonly recordCount: number
  readonly receivedAtMs: number
  /** Only of parked ones. */
  readonly reason: ParkReason | undefined
  readonly body: Uint8Array
  /** False when the bytes are no longer those that were stored. */
  readonly intact: boolean
}

/** Bodies have up to 4 MB. */
const ROWS_AT_A_TIME = 16

/** @param id a request id, or the number of a waiting push or of a parked entry */
export function showPush (store: QueueStore, id: string): PushView | undefined {
  const receiptId = findReceiptId(store, id)
  if (receiptId === undefined) return undefined
  const receipt = store.receipts.get(receiptId)
  const parked = store.parked.ofReceipt(receiptId)
  const lanes = new Set([receipt?.lane, ...parked.map(({ lane }) => lane), store.pushes.find(receiptId)?.lane].filter(lane => lane !== undefined))
  const waiting = [...lanes].flatMap(lane => store.pushes.ofReceipt(lane, receiptId)).flatMap(({ id }) => store.pushes.get(id) ?? [])
  return {
    receipt: receipt === undefined ? undefined : readReceipt(store, receipt),
    waiting: waiting.map(toEntry),
    parked: parked.map(head => ({ ...toParkedEntry(head), body: store.parked.find(head.id)?.body ?? undefined, deliveredSince: readDeliveredSince(store, head.id) }))
  }
}

function readDeliveredSince (store: QueueStore, id: number): number | undefined {
  const { known, deliveredSince } = store.parkedRecords.count(id)
  return known === 0 ? undefined : deliveredSince
}

export function toParkedEntry ({ id, requestId, plant, deviceType, recordCount, bytes, receivedAtMs, parkedAtMs, state, code, message, cloudRequestId }: ParkedHead): ParkedEntry {
  return { id, requestId, plant, deviceType, recordCount, bytes, receivedAtMs, parkedAtMs, state, reason: { code, message, cloudRequestId: cloudRequestId ?? undefined } }
}

/** Everything that lies there, a few rows at a time: one long read would keep the log from being shortened meanwhile. */
export function * exportRows (store: QueueStore): Generator<ExportRow> {
  const lastId = yield * waitingRows(store, 0)
  yield * parkedRows(store)
  // What was parked when the waiting ones were read may have been replayed before its turn came.
  yield * waitingRows(store, lastId)
}

/** @returns the id of the last */
function * waitingRows (store: QueueStore, after: number): Generator<ExportRow, number> {
  let afterId = after
  for (let rows = store.pushes.after(afterId, ROWS_AT_A_TIME); rows.length > 0; rows = store.pushes.after(afterId, ROWS_AT_A_TIME)) {
    for (const row of rows) {
      afterId = row.id
      yield { ...common(row), state: 'waiting', reason: undefined, body: row.body, intact: isIntact(row) }
    }
  }
  return afterId
}

function * parkedRows (store: QueueStore): Generator<ExportRow> {
  let afterId = 0
  for (let rows = store.parked.after(afterId, ROWS_AT_A_TIME); rows.length > 0; rows = store.parked.after(afterId, ROWS_AT_A_TIME)) {
    for (const row of rows) {
      afterId = row.id
      if (row.body !== null) yield { ...common(row), state: 'parked', reason: toParkedEntry(row).reason, body: row.body, intact: isIntact(row) }
    }
  }
}

function common ({ id, requestId, plant, deviceType, recordCount, receivedAtMs }: WaitingRow | ParkedHead): Omit<ExportRow, 'state' | 'reason' | 'body' | 'intact'> {
  return { id, requestId, plant, deviceType, recordCount, receivedAtMs }
}

function findReceiptId (store: QueueStore, id: string): number | undefined {
  const number = /^[0-9]{1,15}$/.test(id) ? Number(id) : undefined
  if (number !== undefined) return (store.pushes.find(number) ?? store.parked.find(number))?.receipt
  return store.receipts.find(id)?.id
}
