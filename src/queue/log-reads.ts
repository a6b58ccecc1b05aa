import { isIntact } from '../store/digest.js'
import type { LaneState } from '../store/queue-lanes.js'
import type { WaitingRow } from '../store/queue-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import type { WholePush } from './log-messages.js'
import { readReceipt } from './log-receipt.js'
import type { Entry, Lane, PlantUsage, QueueUsage, ReadBounds, Receipt, Stored, StoredWithKey } from './queue-log.js'

export function readLanes (store: QueueStore): Lane[] {
  const lanes: Lane[] = []
  for (const lane of store.lanes.all()) {
    const { id, plant, deviceType, live, waiting, waitingBytes } = lane
    if (waiting > 0) lanes.push({ id, plant, deviceType, live, waiting, waitingBytes, oldestAtMs: headAtMs(store, lane) })
  }
  return lanes
}

/** A lane whose next push has failed by itself. */
export interface FailingLane {
  readonly plant: string
  readonly deviceType: string
  readonly failures: number
  /** When it failed first, in milliseconds since the epoch. */
  readonly sinceMs: number
}

export function readFailing (store: QueueStore): FailingLane[] {
  return readLanes(store).flatMap(({ id, plant, deviceType }) => store.pushes.head(id, { entriesMax: 1, bytesMax: 1, afterId: 0 })
    .filter(({ failures }) => failures > 0)
    .map(({ failures, firstFailedAtMs, receivedAtMs }) => ({ plant, deviceType, failures, sinceMs: firstFailedAtMs ?? receivedAtMs })))
}

/** Looked up once for each head. */
function headAtMs (store: QueueStore, lane: LaneState): number | undefined {
  if (lane.waiting === 0) return undefined
  lane.headAtMs ??= store.pushes.oldestAtMs(lane.id)
  return lane.headAtMs
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
  return row === undefined ? undefined : readReceipt(store, row)
}

/** A receipt with fewer records is that of what was set aside of the push, and not of the whole of it. */
export function findStored (store: QueueStore, { requestId, records }: WholePush): Stored | undefined {
  const row = store.receipts.find(requestId)
  return row?.records !== records ? undefined : { id: row.id, laneId: row.lane, laneSeq: row.laneSeq }
}

export function readRemembered (store: QueueStore, { sinceMs, pushesMax }: { sinceMs: number, pushesMax: number }): StoredWithKey[] {
  return store.repeatKeys.newest(sinceMs, pushesMax).reverse().map(({ requestId, plant, receivedAtMs, keyDigest, bodyDigest }) =>
    ({ requestId, plant, receivedAtMs, repeatKey: { key: keyDigest, body: bodyDigest } }))
}

export function readUsage (store: QueueStore, bytesMax: number): QueueUsage {
  const plants = new Map<string, PlantUsage>()
  for (const lane of store.lanes.all()) {
    const { plant } = lane
    const sum = plants.get(plant) ?? NOTHING
    plants.set(plant, {
      plant,
      waiting: sum.waiting + lane.waiting,
      waitingRecords: sum.waitingRecords + lane.waitingRecords,
      waitingBytes: sum.waitingBytes + lane.waitingBytes,
      parked: sum.parked + lane.parked,
      parkedRecords: sum.parkedRecords + lane.parkedRecords,
      parkedBytes: sum.parkedBytes + lane.parkedBytes,
      oldestAtMs: earlier(sum.oldestAtMs, headAtMs(store, lane))
    })
  }
  return { bytes: store.lanes.totalBytes, bytesMax, plants: [...plants.values()] }
}

const NOTHING = { waiting: 0, waitingRecords: 0, waitingBytes: 0, parked: 0, parkedRecords: 0, parkedBytes: 0, oldestAtMs: undefined } as const

function earlier (a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a ?? b : Math.min(a, b)
}
