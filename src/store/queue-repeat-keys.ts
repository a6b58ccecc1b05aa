import { readInteger, readText } from './columns.js'
import type { Database, Row } from './database.js'
import { INSERT_INTO } from './queue-schema.js'

/** By what a repeat of a stored push is known; `id` is that of its receipt. */
export interface RepeatKeyRow {
  readonly id: number
  /** Digests as text: bytes take twice as long to read, and what is read is compared as text. */
  readonly keyDigest: string
  readonly bodyDigest: string
}

export interface RepeatKeyOfPush extends RepeatKeyRow {
  readonly requestId: string
  readonly plant: string
  readonly receivedAtMs: number
}

/**
 * Written with the push, read once at the start: an index by key would be written in another page for nearly every push
 * (see QueueReceipts.find), so look-ups are left to memory. Throws StoreError.
 */
export class QueueRepeatKeys {
  readonly #database: Database

  constructor (database: Database) {
    this.#database = database
  }

  insert ({ id, keyDigest, bodyDigest }: RepeatKeyRow): void {
    this.#database.run(INSERT_INTO.repeat_keys, [id, 'repeat-key', keyDigest, bodyDigest])
  }

  /** The newest first; without pushes of which records were lost. */
  newest (sinceMs: number, rowsMax: number): RepeatKeyOfPush[] {
    return this.#database.all(`
      SELECT k.id, k.key_digest, k.body_digest, r.request_id, r.plant, r.received_at_ms
      FROM repeat_keys k CROSS JOIN receipts r ON r.id = k.id
      WHERE r.received_at_ms > ? AND r.lost = 0 ORDER BY k.id DESC LIMIT ?`, [sinceMs, rowsMax]).map(row => ({
      ...readRepeatKeyRow(row),
      requestId: readText(row, 'request_id'),
      plant: readText(row, 'plant'),
      receivedAtMs: readInteger(row, 'received_at_ms')
    }))
  }
}

export function readRepeatKeyRow (row: Row): RepeatKeyRow {
  return { id: readInteger(row, 'id'), keyDigest: readText(row, 'key_digest'), bodyDigest: readText(row, 'body_digest') }
}
