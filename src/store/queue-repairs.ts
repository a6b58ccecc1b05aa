import { readInteger, readText } from './columns.js'
import type { Database, Row } from './database.js'
import { INSERT_INTO } from './queue-schema.js'

/** What was changed in a body before it was stored; `id` is that of its receipt. */
export interface RepairsRow {
  readonly id: number
  /** JSON: an object of codes and counts. */
  readonly repairs: string
}

/** Only of pushes in which something was changed. Throws StoreError. */
export class QueueRepairs {
  readonly #database: Database

  constructor (database: Database) {
    this.#database = database
  }

  insert ({ id, repairs }: RepairsRow): void {
    this.#database.run(INSERT_INTO.repairs, [id, 'repairs', repairs])
  }

  get (id: number): RepairsRow | undefined {
    const row = this.#database.get('SELECT * FROM repairs WHERE id = ?', [id])
    return row === undefined ? undefined : readRepairsRow(row)
  }

  delete (id: number): void {
    this.#database.run('DELETE FROM repairs WHERE id = ?', [id])
  }
}

export function readRepairsRow (row: Row): RepairsRow {
  return { id: readInteger(row, 'id'), repairs: readText(row, 'repairs') }
}
