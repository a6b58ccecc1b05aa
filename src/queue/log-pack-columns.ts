import type { Answer, NumberedRequest, NumberedWrite, WriteRequest } from './log-messages.js'
import type { NewEntry, RepairCounts, Settlement, Stored } from './queue-log.js'
import type { RepeatKey } from './repeat-key.js'

/** Whose pushes travel together; said once for all of them. */
type Sender = Pick<Required<NewEntry>, 'plant' | 'deviceType' | 'live' | 'plantBytesMax'>

/**
 * Plain pushes column by column: an object for each, with the names of its fields, takes ten times as long to go from one
 * thread to the other.
 */
export interface PackedAppends {
  /** Of the requests. */
  readonly numbers: readonly number[]
  readonly requestIds: readonly string[]
  readonly senders: readonly Sender[]
  /** For each push the place of its sender. */
  readonly senderOf: readonly number[]
  readonly receivedAtMs: readonly number[]
  readonly recordCounts: readonly number[]
  /** Undefined where no push has one. */
  readonly repeatKeys: ReadonlyArray<RepeatKey | undefined> | undefined
  readonly repairs: ReadonlyArray<RepairCounts | undefined> | undefined
  readonly bodyBytes: readonly number[]
  /** The bodies, one after the other. */
  readonly bodies: ArrayBuffer
}

/** Undefined when one of them is not plain: then all travel as they are, so that their order stays. */
export function packAppends (requests: readonly NumberedRequest[]): PackedAppends | undefined {
  let bytes = 0
  for (const { request } of requests) {
    if (request.kind !== 'append') continue
    const { body, parked = [], asideRecords = 0 } = request.entry
    if (parked.length > 0 || asideRecords > 0) return undefined
    bytes += body.byteLength
  }
  return bytes === 0 ? undefined : pack(requests, bytes)
}

function pack (requests: readonly NumberedRequest[], bytes: number): PackedAppends {
  const numbers: number[] = []
  const requestIds: string[] = []
  const senders: Sender[] = []
  const senderOf: number[] = []
  const receivedAtMs: number[] = []
  const recordCounts: number[] = []
  const repeatKeys: Array<RepeatKey | undefined> = []
  const repairs: Array<RepairCounts | undefined> = []
  const bodyBytes: number[] = []
  const bodies = new Uint8Array(bytes)
  let at = 0
  for (const { id, request } of requests) {
    if (request.kind !== 'append') continue
    const { entry } = request
    numbers.push(id)
    requestIds.push(entry.requestId)
    senderOf.push(placeOf(senders, entry))
    receivedAtMs.push(entry.receivedAtMs)
    recordCounts.push(entry.recordCount)
    repeatKeys.push(entry.repeatKey)
    repairs.push(entry.repairs)
    bodyBytes.push(entry.body.byteLength)
    bodies.set(entry.body, at)
    at += entry.body.byteLength
  }
  return { numbers, requestIds, senders, senderOf, receivedAtMs, recordCounts, repeatKeys: unlessEmpty(repeatKeys), repairs: unlessEmpty(repairs), bodyBytes, bodies: bodies.buffer }
}

/** Those of one message come from few, and the newest is the likeliest. */
function placeOf (senders: Sender[], { plant, deviceType, live = false, plantBytesMax }: NewEntry): number {
  const place = senders.findLastIndex(sender => sender.plant === plant && sender.deviceType === deviceType && sender.live === live && sender.plantBytesMax === plantBytesMax)
  return place >= 0 ? place : senders.push({ plant, deviceType, live, plantBytesMax }) - 1
}

function unlessEmpty<Value> (values: Array<Value | undefined>): Array<Value | undefined> | undefined {
  return values.some(value => value !== undefined) ? values : undefined
}

export function unpackAppends (packed: PackedAppends | undefined): NumberedWrite[] {
  if (packed === undefined) return []
  const { numbers, requestIds, senders, senderOf, receivedAtMs, recordCounts, repeatKeys, repairs, bodyBytes, bodies } = packed
  const writes: NumberedWrite[] = []
  let at = 0
  for (const [index, id] of numbers.entries()) {
    const sender = senders[senderOf[index] ?? 0]
    const requestId = requestIds[index]
    if (sender === undefined || requestId === undefined) continue
    const { plant, deviceType, live, plantBytesMax } = sender
    const body = new Uint8Array(bodies, at, bodyBytes[index])
    at += body.byteLength
    const entry = { requestId, plant, deviceType, live, receivedAtMs: receivedAtMs[index] ?? 0, plantBytesMax, repeatKey: repeatKeys?.[index], repairs: repairs?.[index], body, recordCount: recordCounts[index] ?? 0 }
    writes.push({ id, request: { kind: 'append', entry } })
  }
  return writes
}

/** Where pushes were stored, column by column; undefined when no answer says so. */
export interface PackedStored {
  readonly numbers: readonly number[]
  readonly ids: readonly number[]
  readonly laneIds: readonly number[]
  readonly laneSeqs: readonly number[]
}

/** @param stored by the number of its request */
export function packStored (stored: ReadonlyArray<readonly [number: number, where: Stored]>): PackedStored {
  return { numbers: stored.map(([number]) => number), ids: stored.map(([, { id }]) => id), laneIds: stored.map(([, { laneId }]) => laneId), laneSeqs: stored.map(([, { laneSeq }]) => laneSeq) }
}

export function unpackStored (packed: PackedStored | undefined): Answer[] {
  if (packed === undefined) return []
  return packed.numbers.map((number, index) => ({ id: number, result: { id: packed.ids[index] ?? 0, laneId: packed.laneIds[index] ?? 0, laneSeq: packed.laneSeqs[index] ?? 0 } }))
}

/** What one call delivered whole, column by column. */
export interface PackedWhole {
  readonly ids: readonly number[]
  readonly deliveredRecords: readonly number[]
  readonly cloudRequestIds: readonly string[]
}

/** Undefined when anything is parked, or not all was delivered by the same calls. */
export function packWhole (settlements: readonly Settlement[]): WriteRequest | undefined {
  const [first] = settlements
  if (first === undefined) return undefined
  const { cloudRequestIds } = first
  const isWhole = settlements.every(each => each.parked.length === 0 && each.cloudRequestIds.length === cloudRequestIds.length &&
    each.cloudRequestIds.every((id, index) => id === cloudRequestIds[index]))
  if (!isWhole) return undefined
  return { kind: 'settle', settlements: [], whole: { ids: settlements.map(({ id }) => id), deliveredRecords: settlements.map(each => each.deliveredRecords), cloudRequestIds } }
}

export function unpackWhole (packed: PackedWhole | undefined): Settlement[] {
  if (packed === undefined) return []
  const { ids, deliveredRecords, cloudRequestIds } = packed
  return ids.map((id, index) => ({ id, deliveredRecords: deliveredRecords[index] ?? 0, cloudRequestIds, parked: [] }))
}
