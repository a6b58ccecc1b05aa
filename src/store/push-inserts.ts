import { isBindable } from './bind-values.js'
import type { Database } from './database.js'
import { pushValues, type PushRow } from './queue-rows.js'
import { INSERT_INTO, QUEUE_TABLES } from './queue-schema.js'

/** For fewer, a statement for each is cheaper. */
const SET_ROWS_MIN = 4
/** Every number is written with so many digits, the first of which is a 1, so that SQL finds it by its place. */
const DIGITS = 16
const BASE = 10 ** (DIGITS - 1)
const DIGEST_BYTES = 16

const at = (place: number): string => `CAST(substr(value, ${DIGITS * place + 2}, ${DIGITS - 1}) AS INTEGER)`
const [ID, LANE, LANE_SEQ, RECORD_COUNT, BYTES, RECEIVED_AT_MS, BEGIN, BODY_BYTES] = [0, 1, 2, 3, 4, 5, 6, 7].map(at)

/** An item of the list is eight numbers and the request id; digests and bodies lie one after the other in one blob. */
const INSERT_SET = `
  INSERT INTO pushes (${QUEUE_TABLES.pushes[1].join(', ')})
  SELECT ${ID}, 'push', lanes.id, ${LANE_SEQ}, ${ID}, substr(value, ${DIGITS * 8 + 1}), plant, device_type, live, ${RECORD_COUNT}, ${BYTES},
    ${RECEIVED_AT_MS}, substr(?, ${BEGIN} + 1, ${DIGEST_BYTES}), substr(?, ${BEGIN} + ${DIGEST_BYTES + 1}, ${BODY_BYTES})
  FROM json_each(?) CROSS JOIN lanes ON lanes.id = ${LANE}`

/**
 * Pushes that are written together before their transaction ends: two values for all of them cross into the database,
 * instead of 14 for each, and it takes 4 us a push instead of 8. Throws StoreError.
 */
export class PushInserts {
  readonly #database: Database
  #rows: PushRow[] = []

  constructor (database: Database) {
    this.#database = database
  }

  /**
   * @param push In its first life: its receipt has the same id.
   * @throws TypeError for what cannot be stored, so that it is known whose it is
   */
  add (push: PushRow): void {
    const { requestId, recordCount, receivedAtMs } = push
    if (!isBindable(requestId) || !isCount(recordCount) || !isCount(receivedAtMs)) throw new TypeError('The push cannot be stored as it is.')
    this.#rows.push(push)
  }

  /** Whoever reads pushes calls it first. */
  write (): void {
    const rows = this.#rows
    if (rows.length === 0) return
    this.#rows = []
    if (rows.length < SET_ROWS_MIN) for (const row of rows) this.#database.run(INSERT_INTO.pushes, pushValues(row))
    else this.#insertSet(rows)
  }

  /** Their transaction was rolled back. */
  forget (): void {
    this.#rows = []
  }

  #insertSet (rows: readonly PushRow[]): void {
    const blob = Buffer.allocUnsafe(rows.reduce((sum, { body }) => sum + DIGEST_BYTES + body.byteLength, 0))
    const items: string[] = []
    let begin = 0
    for (const { id, lane, laneSeq, recordCount, bytes, receivedAtMs, requestId, digest, body } of rows) {
      blob.set(digest, begin)
      blob.set(body, begin + DIGEST_BYTES)
      items.push(`${BASE + id}${BASE + lane}${BASE + laneSeq}${BASE + recordCount}${BASE + bytes}${BASE + receivedAtMs}${BASE + begin}${BASE + body.byteLength}${requestId}`)
      begin += DIGEST_BYTES + body.byteLength
    }
    this.#database.run(INSERT_SET, [blob, blob, JSON.stringify(items)])
  }
}

function isCount (value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < BASE
}
