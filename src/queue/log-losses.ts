import type { LaneState } from '../store/queue-lanes.js'
import type { ReceiptRow } from '../store/queue-receipt-rows.js'
import type { StoredRow } from '../store/queue-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import { SeqRanges } from '../store/seq-ranges.js'
import { changeReceipt } from './log-receipt.js'
import type { Loss } from './queue-log.js'

/**
 * Finds what the disk lost, and writes it down as lost, so that each loss is told once. In each lane every sequence
 * number that was given out must wait or be finished, and every receipt must find the records that it counts.
 *
 * @param thorough compare all receipts, not only those of lanes in which a number is missing
 */
export function recordLosses (store: QueueStore, { thorough, atMs }: { thorough: boolean, atMs: number }): Loss[] {
  const losses: Loss[] = []
  for (const lane of store.lanes.all()) {
    const missing = hasGap(lane) ? findMissing(store, lane) : []
    for (const [from, to] of missing) store.lanes.finish(lane, from, to)
    const lost = missing.length > 0 || thorough ? recordLostReceipts(store, lane, atMs) : NONE
    if (missing.length > 0 || lost.requestIds.length > 0) {
      losses.push({ plant: lane.plant, deviceType: lane.deviceType, laneSeqs: missing, ...lost })
    }
  }
  return losses
}

/** A waiting entry whose bytes have changed on disk: it leaves its lane as lost. */
export function loseEntry (store: QueueStore, push: StoredRow, atMs: number): Loss {
  const lane = store.lanes.get(push.lane)
  store.pushes.delete(push.id)
  store.lanes.addWaiting(lane, push, -1)
  store.lanes.finish(lane, push.laneSeq)
  changeReceipt(store, push.receipt, { waiting: -push.recordCount, lost: push.recordCount }, atMs)
  return { plant: push.plant, deviceType: push.deviceType, laneSeqs: [[push.laneSeq, push.laneSeq]], records: push.recordCount, requestIds: [push.requestId] }
}

/** The same for records of the parked list. */
export function loseParked (store: QueueStore, row: StoredRow, atMs: number): Loss {
  store.parked.close(row.id, 'lost')
  store.parkedRecords.delete(row.id)
  store.lanes.addParked(store.lanes.get(row.lane), row, -1)
  changeReceipt(store, row.receipt, { parked: -row.recordCount, lost: row.recordCount }, atMs)
  return { plant: row.plant, deviceType: row.deviceType, laneSeqs: [], records: row.recordCount, requestIds: [row.requestId] }
}

function hasGap ({ finished, waiting, nextSeq }: LaneState): boolean {
  return finished.size + waiting !== nextSeq - 1
}

function findMissing (store: QueueStore, lane: LaneState): ReadonlyArray<readonly [number, number]> {
  const accounted = SeqRanges.parse(lane.finished.toText()) ?? new SeqRanges()
  for (const [from, to] of store.pushes.seqs(lane.id)) accounted.addRange(from, to)
  return accounted.missing(lane.nextSeq - 1)
}

const NONE = { records: 0, requestIds: [] } as const

function recordLostReceipts (store: QueueStore, lane: LaneState, atMs: number): Pick<Loss, 'records' | 'requestIds'> {
  const requestIds = new Set<string>()
  let records = 0
  const lose = (kind: 'waiting' | 'parked', receipt: ReceiptRow, found: ReadonlyMap<number, number>): void => {
    const missing = receipt[kind] - (found.get(receipt.id) ?? 0)
    if (missing <= 0) return
    changeReceipt(store, receipt.id, { [kind]: -missing, lost: missing }, atMs)
    requestIds.add(receipt.requestId)
    records += missing
  }
  const waiting = store.pushes.recordsByReceipt(lane.id)
  for (const receipt of store.receipts.waitingOfLane(lane.id)) lose('waiting', receipt, waiting)
  const parked = store.parked.recordsByReceipt(lane.id)
  for (const receipt of store.receipts.parkedOfLane(lane.id)) lose('parked', receipt, parked)
  return { records, requestIds: [...requestIds] }
}
