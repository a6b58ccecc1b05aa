import { rangeContent } from '../store/queue-deliveries.js'
import type { QueueStore } from '../store/queue-store.js'
import { writeCloudRequestIds } from './log-receipt.js'
import type { Settlement } from './queue-log.js'

/** What one call delivered whole, from the head of its lane: the rule while nothing is wrong. */
export function wholeCalls (settlements: readonly Settlement[]): Settlement[][] {
  const calls: Settlement[][] = []
  for (const settlement of settlements) {
    const call = calls.at(-1)
    const last = call?.at(-1)
    if (call !== undefined && last !== undefined && isOfSameCall(last, settlement)) call.push(settlement)
    else calls.push([settlement])
  }
  return calls
}

/**
 * Writes that a call was delivered whole, without reading one of its pushes.
 * @returns false, and has written nothing, when the disk holds anything else between its first and its last push, when
 * something became of them before, or when their records must be compared with what is parked
 */
export function settleWhole (store: QueueStore, call: readonly Settlement[], atMs: number): boolean {
  const [first, last] = [call[0], call.at(-1)]
  if (first === undefined || last === undefined || first.parked.length > 0) return false
  const laneId = store.pushes.laneOf(first.id)
  if (laneId === undefined) return false
  const lane = store.lanes.get(laneId)
  if (store.lanes.hasParked(lane)) return false
  const range = { lane: laneId, fromId: first.id, toId: last.id }
  const sums = store.deliveries.sums(range)
  if (sums?.entries !== call.length || sums.toSeq - sums.fromSeq + 1 !== sums.entries) return false
  if (sums.untouched !== rangeContent(call.map(({ id, deliveredRecords }) => ({ id, records: deliveredRecords })))) return false
  store.receipts.deliver({ ...range, ...sums }, writeCloudRequestIds(first.cloudRequestIds), atMs)
  store.deliveries.remove(range)
  store.lanes.addWaiting(lane, sums, -1)
  store.lanes.finish(lane, sums.fromSeq, sums.toSeq)
  return true
}

function isOfSameCall (a: Settlement, b: Settlement): boolean {
  return a.id < b.id && a.parked.length === 0 && b.parked.length === 0 && a.cloudRequestIds.length === b.cloudRequestIds.length &&
    a.cloudRequestIds.every((id, index) => id === b.cloudRequestIds[index])
}
