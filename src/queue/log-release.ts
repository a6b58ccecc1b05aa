import { INVALID_RECORD } from '../contract/bad-record.js'
import { isIntact } from '../store/digest.js'
import { queueBytesOf } from '../store/queue-bytes.js'
import type { ParkedRow } from '../store/queue-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import { loseParked } from './log-losses.js'
import { changeReceipt } from './log-receipt.js'
import type { Stored } from './queue-log.js'

/** Nothing with that id is parked; `state` says what became of it, if it is known. */
export class NotParked extends Error {
  override readonly name = 'NotParked'
  readonly state: 'skipped' | 'replayed' | 'lost' | 'waiting' | 'unknown'

  constructor (id: number, state: NotParked['state']) {
    const sentence = {
      skipped: 'was skipped before.',
      replayed: 'was replayed before.',
      lost: 'can no longer be read from the disk.',
      waiting: 'is not parked; it waits, and is sent in its turn.',
      unknown: 'is not in the queue.'
    }[state]
    super(`${id} ${sentence}`)
    this.state = state
  }
}

/** Records that break the contract stay where they are: a call that carried them would be refused with all that travels in it. */
export class NotSendable extends Error {
  override readonly name = 'NotSendable'

  constructor (id: number) {
    super(`${id} breaks the contract and is never sent as it is; push its records again when they are mended, then give it up with "queue skip ${id}".`)
  }
}

/**
 * Puts parked records at the end of their lane again, under the same request id.
 * @returns undefined when their bytes have changed on disk: they are counted as lost then, which the caller must commit
 * @throws NotParked, NotSendable
 */
export function replayParked (store: QueueStore, id: number, atMs: number): Stored | undefined {
  const row = findParked(store, id)
  if (row.code === INVALID_RECORD) throw new NotSendable(id)
  const { body, digest } = row
  if (body === null || !isIntact(row)) {
    loseParked(store, row, atMs)
    return undefined
  }
  const { plant, deviceType, live, receipt, requestId, recordCount, receivedAtMs } = row
  const lane = store.lanes.get(row.lane)
  const stored = { id: store.lanes.takeId(lane), laneId: lane.id, laneSeq: store.lanes.takeSeq(lane) }
  const bytes = queueBytesOf(body.byteLength)
  store.pushes.insert({ id: stored.id, lane: lane.id, laneSeq: stored.laneSeq, receipt, requestId, plant, deviceType, live, recordCount, bytes, receivedAtMs, digest, body })
  store.lanes.addWaiting(lane, { bytes, recordCount }, 1)
  closeParked(store, row, 'replayed')
  changeReceipt(store, receipt, { parked: -recordCount, waiting: recordCount }, atMs)
  return stored
}

/**
 * Gives parked records up: their bytes go, the row and the receipt stay.
 * @throws NotParked
 */
export function skipParked (store: QueueStore, id: number, atMs: number): void {
  const row = findParked(store, id)
  closeParked(store, row, 'skipped')
  changeReceipt(store, row.receipt, { parked: -row.recordCount, skipped: row.recordCount }, atMs)
}

function closeParked (store: QueueStore, row: ParkedRow, state: 'replayed' | 'skipped'): void {
  store.parked.close(row.id, state)
  store.parkedRecords.delete(row.id)
  store.lanes.addParked(store.lanes.get(row.lane), row, -1)
}

function findParked (store: QueueStore, id: number): ParkedRow {
  const row = store.parked.find(id)
  if (row === undefined) throw new NotParked(id, store.pushes.find(id) === undefined ? 'unknown' : 'waiting')
  if (row.state !== 'parked') throw new NotParked(id, row.state)
  return row
}
