import type { ReceiptRow } from '../store/queue-receipt-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import type { ParkReason, Receipt, RepairCounts } from './queue-log.js'

/** What one event changes in a receipt: numbers of records, added to those that are there. */
export interface ReceiptChange {
  readonly waiting?: number
  readonly delivered?: number
  readonly parked?: number
  readonly skipped?: number
  readonly lost?: number
  readonly cloudRequestIds?: readonly string[]
  readonly reasons?: readonly ParkReason[]
}

const CLOUD_REQUEST_IDS_MAX = 16
const REASONS_MAX = 8

/** A receipt that is gone (it was lost, or its time was over) is passed over: it must not hold up what it counts. */
export function changeReceipt (store: QueueStore, id: number, change: ReceiptChange, atMs: number): void {
  const before = store.receipts.get(id)
  if (before === undefined) return
  store.receipts.update(before, {
    ...before,
    waiting: before.waiting + (change.waiting ?? 0),
    delivered: before.delivered + (change.delivered ?? 0),
    parked: before.parked + (change.parked ?? 0),
    skipped: before.skipped + (change.skipped ?? 0),
    lost: before.lost + (change.lost ?? 0),
    cloudRequestIds: writeCloudRequestIds([...readList(before.cloudRequestIds, isText), ...change.cloudRequestIds ?? []]),
    reasons: writeReasons([...readList(before.reasons, isReason), ...change.reasons ?? []]),
    updatedAtMs: atMs
  })
}

export function writeCloudRequestIds (ids: readonly string[]): string {
  return JSON.stringify([...new Set(ids)].slice(0, CLOUD_REQUEST_IDS_MAX))
}

export function writeReasons (reasons: readonly ParkReason[]): string {
  return JSON.stringify(reasons.slice(0, REASONS_MAX))
}

/** Undefined where nothing was changed. */
export function writeRepairs (repairs: RepairCounts | undefined): string | undefined {
  return repairs === undefined || Object.keys(repairs).length === 0 ? undefined : JSON.stringify(repairs)
}

export function readReceipt (store: QueueStore, row: ReceiptRow): Receipt {
  const { requestId, plant, deviceType, receivedAtMs, updatedAtMs, records, waiting, delivered, parked, skipped, lost } = row
  return {
    requestId,
    plant,
    deviceType,
    receivedAtMs,
    updatedAtMs,
    records,
    waiting,
    delivered,
    parked,
    skipped,
    lost,
    cloudRequestIds: readList(row.cloudRequestIds, isText),
    reasons: readList(row.reasons, isReason).map(reason => ({ ...reason, cloudRequestId: reason.cloudRequestId })),
    repairs: readRepairs(store.repairs.get(row.id)?.repairs ?? '{}')
  }
}

function readRepairs (json: string): RepairCounts {
  try {
    const repairs: unknown = JSON.parse(json)
    if (typeof repairs !== 'object' || repairs === null) return {}
    return Object.fromEntries(Object.entries(repairs).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
  } catch {
    return {}
  }
}

/** The lists are our own JSON; what a damaged file made of them is left out. */
function readList<Item> (json: string, isItem: (value: unknown) => value is Item): Item[] {
  try {
    const list: unknown = JSON.parse(json)
    return Array.isArray(list) ? list.filter(isItem) : []
  } catch {
    return []
  }
}

function isText (value: unknown): value is string {
  return typeof value === 'string'
}

function isReason (value: unknown): value is ParkReason {
  return typeof value === 'object' && value !== null && 'code' in value && isText(value.code) && 'message' in value && isText(value.message)
}
