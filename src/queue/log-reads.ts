import { isIntact } from '../store/digest.js'
import type { WaitingRow } from '../store/queue-pushes.js'
import type { QueueStore } from '../store/queue-store.js'
import { readReceipt } from './log-receipt.js'
import type { Entry, Lane, QueueUsage, ReadBounds, Receipt, Stored, StoredWithKey } from './queue-log.js'

export function readLanes (store: QueueStore): Lane[] {
  const lanes: Lane[] = []
  for (const { id, plant, deviceType, live, waiting, waitingBytes } of store.lanes.all()) {
    if (waiting > 0) lanes.push({ id, plant, deviceType, live, waiting, waitingBytes, oldestAtMs: store.pushes.oldestAtMs(id) })
  }
  return lanes
}

/** The head of a lane, and apart from it those whose bytes are no longer what was stored. */
export function readEntries (store: QueueStore, laneId: number, { entriesMax, bytesMax, afterId = 0 }: ReadBounds): { entries: Entry[], damaged: WaitingRow[] } {
  const entries: Entry[] = []
  const damaged: WaitingRow[] = []
  for (const row of store.pushes.head(laneId, { entriesMax, bytesMax, afterId })) {
    if (isIntact(row)) entries.push(toEntry(row))
    else damaged.push(row)
  }
  return { entries, damaged }
}

export function toEntry ({ id, requestId, laneSeq, body, recordCount, receivedAtMs, failures, firstFailedAtMs, doubtfulCall }: WaitingRow): Entry {
  return {
    id,
    requestId,
    laneSeq,
    body,
    recordCount,
    receivedAtMs,
    failures,
    firstFailedAtMs: firstFailedAtMs ?? undefined,
    doubtfulCall: doubtfulCall ?? undefined
  }
}

export function findReceipt (store: QueueStore, requestId: string): Receipt | undefined {
  const row = store.receipts.find(requestId)
  return row === undefined ? undefined : readReceipt(row)
}

export function findStored (store: QueueStore, requestId: string): Stored | undefined {
  const row = store.receipts.find(requestId)
  return row === undefined ? undefined : { id: row.id, laneId: row.lane, laneSeq: row.laneSeq }
}

export function readRemembered (store: QueueStore, { sinceMs, pushesMax }: { sinceMs: number, pushesMax: number }): StoredWithKey[] {
  return store.repeatKeys.newest(sinceMs, pushesMax).reverse().map(({ requestId, plant, receivedAtMs, keyDigest, bodyDigest }) =>
    ({ requestId, plant, receivedAtMs, repeatKey: { key: keyDigest, body: bodyDigest } }))
}

export function readUsage (store: QueueStore, bytesMax: number): QueueUsage {
  const plants = new Map<string, { plant: string, waiting: number, waitingBytes: number, parked: number, parkedBytes: number }>()
  for (const { plant, waiting, waitingBytes, parked, parkedBytes } of store.lanes.all()) {
    const sum = plants.get(plant) ?? { plant, waiting: 0, waitingBytes: 0, parked: 0, parkedBytes: 0 }
    sum.waiting += waiting
    sum.waitingBytes += waitingBytes
    sum.parked += parked
    sum.parkedBytes += parkedBytes
    plants.set(plant, sum)
  }
  return { bytes: store.lanes.totalBytes, bytesMax, plants: [...plants.values()] }
}
