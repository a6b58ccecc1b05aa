import type { SqlValue } from './bind-values.js'
import { readInteger, readText } from './columns.js'
import type { Row } from './database.js'
import { readLaneName, type LaneName, type StoredRow } from './queue-rows.js'

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

/** Nothing is left to happen to it. */
export function isFinished ({ waiting, parked }: ReceiptRow): boolean {
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

export function receiptValues (receipt: ReceiptRow): SqlValue[] {
  return [receipt.id, 'receipt', receipt.requestId, receipt.lane, receipt.laneSeq, receipt.plant, receipt.deviceType, receipt.live ? 1 : 0,
    receipt.receivedAtMs, receipt.records, receipt.waiting, receipt.delivered, receipt.parked, receipt.skipped, receipt.lost,
    receipt.cloudRequestIds, receipt.reasons, receipt.updatedAtMs]
}

/**
 * Receipts of pushes that wait whole, from the rows of the pushes: its value is the time, and those of the condition that follows it. What
 * has a receipt keeps it. To hand over 18 columns one by one takes six times as long.
 */
export const INSERT_WAITING = `
  INSERT OR IGNORE INTO receipts SELECT id, 'receipt', request_id, lane, lane_seq, plant, device_type, live, received_at_ms, record_count, record_count,
    0, 0, 0, 0, '[]', '[]', ? FROM pushes WHERE `

/** One that counts no records yet. */
export function emptyReceipt ({ receipt, requestId, lane, laneSeq, plant, deviceType, live, receivedAtMs }: Omit<StoredRow, 'id' | 'bytes' | 'recordCount'>, atMs: number): ReceiptRow {
  return {
    id: receipt,
    requestId,
    lane,
    laneSeq,
    plant,
    deviceType,
    live,
    receivedAtMs,
    records: 0,
    waiting: 0,
    delivered: 0,
    parked: 0,
    skipped: 0,
    lost: 0,
    cloudRequestIds: '[]',
    reasons: '[]',
    updatedAtMs: atMs
  }
}
