import { readInteger, readIntegerOrNull } from './columns.js'
import type { Database, Row } from './database.js'
import { INSERT_INTO } from './queue-schema.js'

/** One record of a parked entry, by the number that stands for its device and time. */
export interface ParkedRecord {
  readonly parked: number
  readonly record: number
  /** When the same device and time was delivered after it was parked. */
  readonly deliveredAtMs: number | null
}

/** Which device and time each parked record has, so that a delivery of the same is noticed. Goes with its parked entry. Throws StoreError. */
export class QueueParkedRecords {
  readonly #database: Database

  constructor (database: Database) {
    this.#database = database
  }

  insert ({ parked, record, deliveredAtMs }: ParkedRecord): void {
    this.#database.run(INSERT_INTO.parked_records, [null, 'record', parked, record, deliveredAtMs])
  }

  /** Where none is parked of that device and time this is one look-up in an index, and writes nothing. */
  noteDelivered (record: number, atMs: number): void {
    this.#database.run('UPDATE parked_records SET delivered_at_ms = ? WHERE record = ? AND delivered_at_ms IS NULL', [atMs, record])
  }

  /** How many records of an entry are known, and how many of those were delivered since. */
  count (parked: number): { known: number, deliveredSince: number } {
    const row = this.#database.get('SELECT COUNT(*) AS known, COUNT(delivered_at_ms) AS delivered FROM parked_records WHERE parked = ?', [parked])
    return row === undefined ? { known: 0, deliveredSince: 0 } : { known: readInteger(row, 'known'), deliveredSince: readInteger(row, 'delivered') }
  }

  delete (parked: number): void {
    this.#database.run('DELETE FROM parked_records WHERE parked = ?', [parked])
  }
}

export function readParkedRecord (row: Row): ParkedRecord {
  return { parked: readInteger(row, 'parked'), record: readInteger(row, 'record'), deliveredAtMs: readIntegerOrNull(row, 'delivered_at_ms') }
}
