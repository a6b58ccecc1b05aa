import type { QueueStore } from '../store/queue-store.js'
import type { Lane } from './queue-log.js'

const WINDOW_MS = 600_000
/** One call may settle hundreds of pushes at once; right after it a shorter time would promise too much. */
const SPAN_MS_MIN = 10_000

/** A lane with what is known of its end. */
export interface PacedLane extends Lane {
  /**
   * How long what waits now will take at the pace of the last ten minutes; undefined when nothing of the lane was
   * delivered in them.
   */
  readonly drainsInMs: number | undefined
}

/**
 * The lanes with the pace that their finished receipts show, which lie on disk whether or not the proxy runs. It is taken
 * from the first delivery within the ten minutes on, so that a drain that has just begun is not taken for a slow one.
 */
export function paceLanes (store: QueueStore, lanes: readonly Lane[], nowMs: number): PacedLane[] {
  const deliveries = lanes.length === 0 ? new Map() : store.receipts.deliveriesByLane(nowMs - WINDOW_MS, nowMs)
  return lanes.map(lane => {
    const delivered = deliveries.get(lane.id)
    return { ...lane, drainsInMs: delivered === undefined ? undefined : Math.ceil(lane.waiting * Math.max(SPAN_MS_MIN, nowMs - delivered.firstAtMs) / delivered.pushes) }
  })
}
