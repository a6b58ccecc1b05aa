import { freePiece } from '../free-memory.js'
import type { Database } from './database.js'
import { digestOf, VERIFIED } from './digest.js'
import { pushValues, type NewPush, type PushRow } from './queue-rows.js'
import { INSERT_INTO, QUEUE_TABLES } from './queue-schema.js'
import { StoreError } from './store-error.js'

/** For fewer, a statement for each is cheaper. */
const SET_ROWS_MIN = 4
/** A set copies each body three times, which for larger ones costs more than it saves: 12 ms instead of 4 for ten of 400 kB. */
const BODY_BYTES_MAX = 4096
/** Every number is written with so many digits, so that SQL finds it by its place. */
const DIGITS = 9
/** What is added for that, and taken off in SQL; greater numbers than the sum would be written three times as slowly. */
const BASE = 10 ** (DIGITS - 1)
const DIGEST_BYTES = 16
const NUMBERS = 8

const number = (place: number): string => `(CAST(substr(value, ${DIGITS * place + 1}, ${DIGITS}) AS INTEGER) - ${BASE})`
const [ID, LANE, LANE_SEQ, RECEIVED_AT_MS, RECORD_COUNT, BYTES, BEGIN, BODY_BYTES] = [0, 1, 2, 3, 4, 5, 6, 7].map(number)

/** An item of the list is its numbers and the request id; digests and bodies lie one after the other in one blob. */
const INSERT_SET = `
  WITH least (id, lane, lane_seq, received_at_ms, bodies) AS (VALUES (?, ?, ?, ?, ?))
  INSERT INTO pushes (${QUEUE_TABLES.pushes[1].join(', ')})
  SELECT least.id + ${ID}, 'push', lanes.id, least.lane_seq + ${LANE_SEQ}, least.id + ${ID}, substr(value, ${DIGITS * NUMBERS + 1}), plant, device_type, live,
    ${RECORD_COUNT}, ${BYTES}, least.received_at_ms + ${RECEIVED_AT_MS}, substr(bodies, ${BEGIN} + 1, ${DIGEST_BYTES}), substr(bodies, ${BEGIN} + ${DIGEST_BYTES + 1}, ${BODY_BYTES})
  FROM least CROSS JOIN json_each(?) CROSS JOIN lanes ON lanes.id = least.lane + ${LANE}`

/** Gives each push a row of its own, many of them by one statement. Throws StoreError. */
export function insertPushes (database: Database, pushes: ReadonlyArray<NewPush & Partial<PushRow>>): void {
  const rows = pushes.map(push => ({ ...push, digest: push.digest === undefined || push.digest === VERIFIED ? digestOf(push) : push.digest }))
  if (rows.length >= SET_ROWS_MIN && insertSet(database, rows)) return
  for (const row of rows) database.run(INSERT_INTO.pushes, pushValues(row))
}

/** @returns false, and has written nothing, when a number has too many digits, or the bodies are large on the average */
function insertSet (database: Database, rows: readonly PushRow[]): boolean {
  const { id, lane, laneSeq, receivedAtMs } = leastOf(rows)
  const blobBytes = rows.reduce((sum, { body }) => sum + DIGEST_BYTES + body.byteLength, 0)
  if (blobBytes > rows.length * BODY_BYTES_MAX) return false
  const bodies = Buffer.allocUnsafeSlow(blobBytes)
  const items: string[] = []
  let begin = 0
  for (const row of rows) {
    const { requestId, recordCount, bytes, digest, body } = row
    const growing = `${BASE + row.id - id}${BASE + row.lane - lane}${BASE + row.laneSeq - laneSeq}${BASE + row.receivedAtMs - receivedAtMs}`
    const numbers = `${growing}${BASE + recordCount}${BASE + bytes}${BASE + begin}${BASE + body.byteLength}`
    // None is less than 0, so that none can make up for the length of another.
    if (numbers.length !== NUMBERS * DIGITS) return false
    items.push(numbers + requestId)
    bodies.set(digest, begin)
    bodies.set(body, begin + DIGEST_BYTES)
    begin += DIGEST_BYTES + body.byteLength
  }
  const { changes } = database.run(INSERT_SET, [id, lane, laneSeq, receivedAtMs, bodies, JSON.stringify(items)])
  freePiece(bodies)
  // A push whose lane is not there finds no row to join.
  if (changes !== rows.length) throw new StoreError('SQLITE_CORRUPT', `${database.path}: A lane is missing.`)
  return true
}

/** What grows without end is counted from the least of a set. */
function leastOf (rows: readonly PushRow[]): Pick<PushRow, 'id' | 'lane' | 'laneSeq' | 'receivedAtMs'> {
  let [id, lane, laneSeq, receivedAtMs] = [Infinity, Infinity, Infinity, Infinity]
  for (const row of rows) {
    id = Math.min(id, row.id)
    lane = Math.min(lane, row.lane)
    laneSeq = Math.min(laneSeq, row.laneSeq)
    receivedAtMs = Math.min(receivedAtMs, row.receivedAtMs)
  }
  return { id, lane, laneSeq, receivedAtMs }
}
