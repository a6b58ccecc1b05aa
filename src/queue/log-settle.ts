import type { QueueStore } from '../store/queue-store.js'
import { markDelivered } from './log-parked-records.js'
import { cleanReason, parkParts, recordsOfParts } from './log-park.js'
import { changeReceipt } from './log-receipt.js'
import { settleWhole, wholeCalls } from './log-settle-call.js'
import type { Settlement } from './queue-log.js'

/**
 * Writes what became of waiting entries: they leave their lane, their parked records come to lie in the parked list.
 * An entry that is not there was settled before, by a try whose answer was lost, and is passed over.
 *
 * @throws TypeError when the records of a settlement do not add up to the entry's
 */
export function settleEntries (store: QueueStore, settlements: readonly Settlement[], atMs: number): void {
  for (const call of wholeCalls(settlements)) {
    settleOneByOne(store, settleWhole(store, call, atMs), atMs)
  }
}

function settleOneByOne (store: QueueStore, settlements: readonly Settlement[], atMs: number): void {
  for (const { id, deliveredRecords, cloudRequestIds, parked } of settlements) {
    const push = store.pushes.find(id)
    if (push === undefined) continue
    const parkedRecords = recordsOfParts(parked)
    if (deliveredRecords + parkedRecords !== push.recordCount) {
      throw new TypeError(`The settlement of ${id} speaks of ${deliveredRecords} delivered and ${parkedRecords} parked records; the entry has ${push.recordCount}.`)
    }
    if (deliveredRecords > 0) markDelivered(store, push, parked, atMs)
    const lane = store.lanes.get(push.lane)
    store.pushes.delete(id)
    store.lanes.addWaiting(lane, push, -1)
    store.lanes.finish(lane, push.laneSeq)
    const { receipt, requestId, laneSeq, receivedAtMs } = push
    parkParts(store, lane, { receipt, requestId, laneSeq, receivedAtMs }, parked, atMs)
    changeReceipt(store, receipt, {
      waiting: -push.recordCount,
      delivered: deliveredRecords,
      parked: parkedRecords,
      cloudRequestIds,
      reasons: parked.map(({ reason }) => cleanReason(reason))
    }, atMs)
  }
}
