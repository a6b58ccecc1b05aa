import type { QueueStore } from '../store/queue-store.js'

/** How many finished receipts are kept, and for how long; those with parked records stay in any case. */
export interface Retention {
  readonly receiptsMax: number
  readonly receiptsAgeMsMax: number
}

/** Lanes that hold nothing and may be forgotten: device types are texts of the senders, so their number has no end. */
const IDLE_LANES_MAX = 2000

/** So many parts of the number are removed at once: one by one, each is written in pages that hardly anything else changes. */
const BUNDLES = 200

/**
 * Removes what was finished long ago, the oldest first; a little with each settlement, so that no call pays for many.
 * @param rowsMax at most as many receipts, and a bundle; more than are finished at a time, so that the number comes down
 */
export function sweep (store: QueueStore, { receiptsMax, receiptsAgeMsMax }: Retention, atMs: number, rowsMax: number): void {
  const bundle = Math.floor(receiptsMax / BUNDLES)
  const excess = store.receipts.finished - receiptsMax
  const beforeMs = atMs - receiptsAgeMsMax
  if (excess > bundle) store.receipts.deleteFinished(rowsMax + bundle, { countMax: excess })
  if (store.receipts.hasFinishedBefore(beforeMs)) store.receipts.deleteFinished(rowsMax, { beforeMs })
  // Sorting thousands of lanes is not for every settlement.
  if (store.lanes.count > 2 * IDLE_LANES_MAX) store.lanes.forgetIdle(IDLE_LANES_MAX)
}
