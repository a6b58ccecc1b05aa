import type { QueueStore } from '../store/queue-store.js'

/** How many finished receipts are kept, and for how long; those with parked records stay in any case. */
export interface Retention {
  readonly receiptsMax: number
  readonly receiptsAgeMsMax: number
}

/** Lanes that hold nothing and may be forgotten: device types are texts of the senders, so their number has no end. */
const IDLE_LANES_MAX = 2000

/**
 * Removes what was finished long ago, the oldest first; a little with each settlement, so that no call pays for many.
 * @param rowsMax at most as many receipts; more than are finished at a time, so that the number comes down
 */
export function sweep (store: QueueStore, { receiptsMax, receiptsAgeMsMax }: Retention, atMs: number, rowsMax: number): void {
  const tooMany = Math.min(rowsMax, Math.max(0, store.receipts.finished - receiptsMax))
  const ids = new Set([
    ...tooMany === 0 ? [] : store.receipts.oldestFinished(tooMany),
    ...store.receipts.oldestFinished(rowsMax, atMs - receiptsAgeMsMax)
  ])
  if (ids.size > 0) store.receipts.delete([...ids])
  // Sorting thousands of lanes is not for every settlement.
  if (store.lanes.count > 2 * IDLE_LANES_MAX) store.lanes.forgetIdle(IDLE_LANES_MAX)
}
