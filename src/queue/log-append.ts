import { queueBytesOf, REPAIRS_BYTES, REPEAT_KEY_BYTES } from '../store/queue-bytes.js'
import { emptyReceipt } from '../store/queue-receipt-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import { bytesAside, findAside, removeAside } from './log-aside.js'
import type { QueueBounds } from './log-bounds.js'
import { bytesOfParts, cleanReason, parkParts, recordsOfParts } from './log-park.js'
import { writeCloudRequestIds, writeReasons, writeRepairs } from './log-receipt.js'
import type { NewEntry, NewParked, ParkedPart, PushOrigin, Stored } from './queue-log.js'

/**
 * Puts a push at the end of its lane, with its receipt and what is parked of it.
 * @throws QueueBoundReached before anything is written
 */
export function appendEntry (store: QueueStore, bounds: QueueBounds, entry: NewEntry, atMs: number): Stored {
  const { requestId, plant, deviceType, live = false, receivedAtMs, body, recordCount, parked = [], asideRecords = 0 } = entry
  const [hasRepeatKey, hasRepairs] = [entry.repeatKey !== undefined, writeRepairs(entry.repairs) !== undefined]
  const bytes = queueBytesOf(body.byteLength) + (hasRepeatKey ? REPEAT_KEY_BYTES : 0) + (hasRepairs ? REPAIRS_BYTES : 0)
  replaceAside(store, bounds, entry, bytes + bytesOfParts(parked))
  const lane = store.lanes.open({ plant, deviceType, live })
  const id = store.lanes.takeId(lane)
  const laneSeq = store.lanes.takeSeq(lane)
  const isPlain = parked.length === 0 && asideRecords === 0 && !hasRepeatKey && !hasRepairs
  store.pushes.insertNew({ id, lane: lane.id, laneSeq, receipt: id, requestId, plant, deviceType, live, recordCount, bytes, receivedAtMs, body }, isPlain ? atMs : undefined)
  store.lanes.addWaiting(lane, { bytes, recordCount }, 1)
  if (parked.length > 0) insertReceipt(store, entry, { id, lane: lane.id, laneSeq, waiting: recordCount, delivered: 0, cloudRequestIds: [], parked }, atMs)
  else {
    store.receipts.insertWaiting(id, atMs)
    insertBeside(store, entry, id)
  }
  parkParts(store, lane, { receipt: id, requestId, laneSeq, receivedAtMs }, parked, atMs)
  return { id, laneId: lane.id, laneSeq }
}

/**
 * Parks records of a push that never waited.
 * @throws QueueBoundReached before anything is written
 */
export function parkPush (store: QueueStore, bounds: QueueBounds, push: NewParked, atMs: number): void {
  const { requestId, plant, deviceType, live = false, receivedAtMs, parts, deliveredRecords, cloudRequestIds } = push
  replaceAside(store, bounds, push, bytesOfParts(parts))
  const lane = store.lanes.open({ plant, deviceType, live })
  const id = store.lanes.takeId(lane)
  insertReceipt(store, push, { id, lane: lane.id, laneSeq: 0, waiting: 0, delivered: deliveredRecords, cloudRequestIds, parked: parts }, atMs)
  parkParts(store, lane, { receipt: id, requestId, laneSeq: 0, receivedAtMs }, parts, atMs)
}

/** @throws QueueBoundReached before anything is written */
function replaceAside (store: QueueStore, bounds: QueueBounds, { requestId, plant, plantBytesMax, asideRecords = 0 }: PushOrigin, bytes: number): void {
  const aside = asideRecords === 0 ? undefined : findAside(store, requestId, asideRecords)
  bounds.check(store.lanes, plant, plantBytesMax, bytes - (aside === undefined ? 0 : bytesAside(store, aside)))
  if (aside !== undefined) removeAside(store, aside)
}

interface FirstCounts {
  readonly id: number
  readonly lane: number
  readonly laneSeq: number
  readonly waiting: number
  readonly delivered: number
  readonly parked: readonly ParkedPart[]
  readonly cloudRequestIds: readonly string[]
}

function insertReceipt (store: QueueStore, origin: PushOrigin, counts: FirstCounts, atMs: number): void {
  const { requestId, plant, deviceType, live = false, receivedAtMs } = origin
  const { id, lane, laneSeq, waiting, delivered } = counts
  const parked = recordsOfParts(counts.parked)
  store.receipts.insert({
    ...emptyReceipt({ receipt: id, requestId, lane, laneSeq, plant, deviceType, live, receivedAtMs }, atMs),
    records: waiting + delivered + parked,
    waiting,
    delivered,
    parked,
    cloudRequestIds: writeCloudRequestIds(counts.cloudRequestIds),
    reasons: writeReasons(counts.parked.map(({ reason }) => cleanReason(reason)))
  })
  insertBeside(store, origin, id)
}

/** What is kept as long as the receipt. */
function insertBeside (store: QueueStore, { repeatKey, repairs: counts }: PushOrigin, id: number): void {
  if (repeatKey !== undefined) store.repeatKeys.insert({ id, keyDigest: repeatKey.key, bodyDigest: repeatKey.body })
  const repairs = writeRepairs(counts)
  if (repairs !== undefined) store.repairs.insert({ id, repairs })
}
