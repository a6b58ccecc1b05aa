import type { SqlValue } from './bind-values.js'
import { readBytes, readInteger, readIntegerOrNull, readText, readTextOrNull } from './columns.js'
import type { Row } from './database.js'
import { digestOf, VERIFIED } from './digest.js'

/** Which lane a row belongs to; kept in each row, so that a row can be placed when its lane cannot be read. */
export interface LaneName {
  readonly plant: string
  readonly deviceType: string
  /** A lane for new pushes beside the backlog. */
  readonly live: boolean
}

export interface LaneRow extends LaneName {
  readonly id: number
  readonly nextSeq: number
  readonly lastId: number
  /** SeqRanges as text. */
  readonly finished: string
}

/** What pushes and parked rows have in common. */
export interface StoredRow extends LaneName {
  readonly id: number
  readonly lane: number
  readonly laneSeq: number
  /** The id of the receipt; a replayed push has that of its first life. */
  readonly receipt: number
  readonly requestId: string
  readonly recordCount: number
  readonly bytes: number
  readonly receivedAtMs: number
}

/** A push that has just come. */
export interface NewPush extends StoredRow {
  readonly body: Uint8Array
}

export interface PushRow extends NewPush {
  readonly digest: Uint8Array
}

/** A push that waits, with what failed with it. */
export interface WaitingRow extends PushRow {
  readonly failures: number
  readonly firstFailedAtMs: number | null
  readonly doubtfulCall: number | null
}

export const PARKED_STATES = ['parked', 'skipped', 'replayed', 'lost'] as const
export type ParkedState = typeof PARKED_STATES[number]

export interface ParkedHead extends StoredRow {
  readonly parkedAtMs: number
  readonly state: ParkedState
  readonly code: string
  readonly message: string
  readonly cloudRequestId: string | null
}

export interface ParkedRow extends ParkedHead {
  readonly digest: Uint8Array
  /** `null` once it was skipped, replayed or lost. */
  readonly body: Uint8Array | null
}

export interface FailureRow {
  readonly id: number
  readonly failures: number
  readonly firstFailedAtMs: number
  readonly doubtfulCall: number | null
}

export function readLaneName (row: Row): LaneName {
  return { plant: readText(row, 'plant'), deviceType: readText(row, 'device_type'), live: readInteger(row, 'live') === 1 }
}

export function readLaneRow (row: Row): LaneRow {
  return {
    id: readInteger(row, 'id'),
    ...readLaneName(row),
    nextSeq: readInteger(row, 'next_seq'),
    lastId: readInteger(row, 'last_id'),
    finished: readText(row, 'finished')
  }
}

export function readStoredRow (row: Row): StoredRow {
  return {
    id: readInteger(row, 'id'),
    lane: readInteger(row, 'lane'),
    laneSeq: readInteger(row, 'lane_seq'),
    receipt: readInteger(row, 'receipt'),
    requestId: readText(row, 'request_id'),
    // Not spread out of readLaneName(): every row would get hidden classes of its own.
    plant: readText(row, 'plant'),
    deviceType: readText(row, 'device_type'),
    live: readInteger(row, 'live') === 1,
    recordCount: readInteger(row, 'record_count'),
    bytes: readInteger(row, 'bytes'),
    receivedAtMs: readInteger(row, 'received_at_ms')
  }
}

export function readPushRow (row: Row): PushRow {
  return { ...readStoredRow(row), digest: readBytes(row, 'digest'), body: readBytes(row, 'body') }
}

export function readParkedHead (row: Row): ParkedHead {
  const text = readText(row, 'state')
  return {
    ...readStoredRow(row),
    parkedAtMs: readInteger(row, 'parked_at_ms'),
    state: PARKED_STATES.find(state => state === text) ?? 'parked',
    code: readText(row, 'code'),
    message: readText(row, 'message'),
    cloudRequestId: readTextOrNull(row, 'cloud_request_id')
  }
}

export function readParkedRow (row: Row): ParkedRow {
  return { ...readParkedHead(row), digest: readBytes(row, 'digest'), body: row['body'] === null ? null : readBytes(row, 'body') }
}

export function readFailureRow (row: Row): FailureRow {
  return {
    id: readInteger(row, 'id'),
    failures: readInteger(row, 'failures'),
    firstFailedAtMs: readInteger(row, 'first_failed_at_ms'),
    doubtfulCall: readIntegerOrNull(row, 'doubtful_call')
  }
}

export function laneValues (lane: LaneRow): SqlValue[] {
  return [lane.id, 'lane', lane.plant, lane.deviceType, lane.live ? 1 : 0, lane.nextSeq, lane.lastId, lane.finished]
}

export function pushValues (push: PushRow): SqlValue[] {
  return [push.id, 'push', push.lane, push.laneSeq, push.receipt, push.requestId, push.plant, push.deviceType, push.live ? 1 : 0,
    push.recordCount, push.bytes, push.receivedAtMs, push.digest === VERIFIED ? digestOf(push) : push.digest, push.body]
}

export function failureValues (failure: FailureRow): SqlValue[] {
  return [failure.id, 'failure', failure.failures, failure.firstFailedAtMs, failure.doubtfulCall]
}

export function parkedValues (parked: ParkedRow): SqlValue[] {
  return [parked.id, 'parked', parked.lane, parked.laneSeq, parked.receipt, parked.requestId, parked.plant, parked.deviceType,
    parked.live ? 1 : 0, parked.recordCount, parked.bytes, parked.receivedAtMs, parked.parkedAtMs, parked.state, parked.code,
    parked.message, parked.cloudRequestId, parked.digest, parked.body]
}
