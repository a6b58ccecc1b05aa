import { digestOf } from '../store/digest.js'
import { parkedBytesOf } from '../store/queue-bytes.js'
import type { LaneState } from '../store/queue-lanes.js'
import type { QueueStore } from '../store/queue-store.js'
import { rememberRecords } from './log-parked-records.js'
import type { ParkedPart, ParkReason } from './queue-log.js'

/** The push that the records belonged to. */
export interface ParkOrigin {
  readonly receipt: number
  readonly requestId: string
  readonly laneSeq: number
  readonly receivedAtMs: number
}

/** Puts records into the parked list; their receipt is the caller's to change. */
export function parkParts (store: QueueStore, lane: LaneState, origin: ParkOrigin, parts: readonly ParkedPart[], atMs: number): void {
  const { id, plant, deviceType, live } = lane
  for (const { body, recordCount, reason } of parts) {
    const bytes = bytesOfPart({ body, recordCount })
    const { code, message, cloudRequestId } = cleanReason(reason)
    const parkedId = store.lanes.takeId(lane)
    store.parked.insert({
      id: parkedId,
      lane: id,
      plant,
      deviceType,
      live,
      ...origin,
      recordCount,
      bytes,
      parkedAtMs: atMs,
      state: 'parked',
      code,
      message,
      cloudRequestId: cloudRequestId ?? null,
      digest: digestOf({ requestId: origin.requestId, plant, deviceType, recordCount, body }),
      body
    })
    rememberRecords(store, parkedId, { plant, deviceType, body, recordCount })
    store.lanes.addParked(lane, { bytes, recordCount }, 1)
  }
}

export function bytesOfParts (parts: readonly ParkedPart[]): number {
  return parts.reduce((sum, part) => sum + bytesOfPart(part), 0)
}

function bytesOfPart ({ body, recordCount }: Pick<ParkedPart, 'body' | 'recordCount'>): number {
  return parkedBytesOf(body.byteLength, recordCount)
}

export function recordsOfParts (parts: readonly ParkedPart[]): number {
  return parts.reduce((sum, { recordCount }) => sum + recordCount, 0)
}

/** The cloud chose these texts: the database takes no NUL and no half of a character, and they must not grow without end. */
export function cleanReason ({ code, message, cloudRequestId }: ParkReason): ParkReason {
  return { code: cleanText(code, 100), message: cleanText(message, 500), cloudRequestId: cloudRequestId === undefined ? undefined : cleanText(cloudRequestId, 100) }
}

function cleanText (text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).toWellFormed().replaceAll('\0', '\uFFFD')
}
