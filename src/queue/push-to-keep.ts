import type { NewEntry } from './queue-log.js'

/** A push to be kept; in which lane is decided by the queue. */
export type PushToKeep = Omit<NewEntry, 'live'>

export interface StoreOptions {
  /** It may have arrived: it is sent again alone. */
  readonly inDoubt?: boolean
  /** While a backlog of the plant drains it goes into a lane of its own. */
  readonly liveFirst?: boolean
  /** It must not travel earlier, because its plant sends faster than its limit. */
  readonly delayMs?: number
}

/** Field by field, as in deliver.ts. */
export function inLiveLane ({ requestId, plant, deviceType, receivedAtMs, plantBytesMax, repeatKey, repairs, asideRecords = 0, body, recordCount, parked = [] }: PushToKeep): Required<NewEntry> {
  return { requestId, plant, deviceType, live: true, receivedAtMs, plantBytesMax, repeatKey, repairs, asideRecords, body, recordCount, parked }
}
