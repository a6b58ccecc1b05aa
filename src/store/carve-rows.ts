import type { SqlValue } from './bind-values.js'
import { DamagedPages } from './carve-pages.js'
import { readRecord, readVarint } from './carve-record.js'
import type { Row } from './database.js'
import { QUEUE_PAGE_BYTES } from './queue-bytes.js'
import { QUEUE_TABLES, type QueueTable } from './queue-schema.js'

export interface CarvedRow {
  readonly table: QueueTable
  readonly row: Row
}

const TABLE_LEAF = 13
const LOCAL_BYTES_MAX = QUEUE_PAGE_BYTES - 35
const LOCAL_BYTES_MIN = Math.floor((QUEUE_PAGE_BYTES - 12) * 32 / 255) - 23
const OVERFLOW_BYTES = QUEUE_PAGE_BYTES - 4

/**
 * Every row of ours that a damaged queue.db still holds, page by page, whatever became of the trees above the pages. A
 * row may come twice, or in an older version, from a page that SQLite has not used again: whoever reads decides.
 *
 * @param tables the tables to give; the others are passed over
 */
export function * carveRows (path: string, tables: readonly QueueTable[]): Generator<CarvedRow> {
  const pages = new DamagedPages(path)
  try {
    for (let number = 1; number <= pages.count; number++) {
      const page = pages.free.has(number) ? undefined : pages.read(number)
      // The first page begins with the header of the file.
      const start = number === 1 ? 100 : 0
      if (page?.[start] !== TABLE_LEAF) continue
      for (const row of readLeaf(page, start, pages)) {
        if (tables.includes(row.table)) yield row
      }
    }
  } finally {
    pages.close()
  }
}

function * readLeaf (page: Buffer, start: number, pages: DamagedPages): Generator<CarvedRow> {
  const cells = Math.min(page.readUInt16BE(start + 3), QUEUE_PAGE_BYTES / 4)
  for (let cell = 0; cell < cells; cell++) {
    const pointer = start + 8 + cell * 2
    if (pointer + 2 > page.length) return
    const row = readCell(page, page.readUInt16BE(pointer), pages)
    if (row !== undefined) yield row
  }
}

function readCell (page: Buffer, at: number, pages: DamagedPages): CarvedRow | undefined {
  const size = readVarint(page, at)
  const rowId = size === undefined ? undefined : readVarint(page, size[1])
  if (size === undefined || rowId === undefined) return undefined
  const record = readPayload(page, rowId[1], size[0], pages)
  const values = record === undefined ? undefined : readRecord(record)
  return values === undefined ? undefined : nameColumns(rowId[0], values)
}

/** The bytes of a row, with those that lie in a chain of overflow pages. */
function readPayload (page: Buffer, at: number, bytes: number, pages: DamagedPages): Buffer | undefined {
  if (bytes <= LOCAL_BYTES_MAX) return at + bytes <= page.length ? page.subarray(at, at + bytes) : undefined
  // No row of ours comes near this; a damaged size must not ask for gigabytes.
  if (bytes > pages.count * OVERFLOW_BYTES) return undefined
  const kept = LOCAL_BYTES_MIN + (bytes - LOCAL_BYTES_MIN) % OVERFLOW_BYTES
  const local = kept <= LOCAL_BYTES_MAX ? kept : LOCAL_BYTES_MIN
  if (at + local + 4 > page.length) return undefined
  const parts = [page.subarray(at, at + local)]
  let next = page.readUInt32BE(at + local)
  for (let left = bytes - local; left > 0; left -= OVERFLOW_BYTES) {
    const overflow = pages.read(next)
    if (overflow === undefined) return undefined
    parts.push(overflow.subarray(4, 4 + Math.min(left, OVERFLOW_BYTES)))
    next = overflow.readUInt32BE(0)
  }
  return Buffer.concat(parts)
}

function nameColumns (rowId: number, values: readonly SqlValue[]): CarvedRow | undefined {
  for (const [table, [tag, columns]] of entriesOf(QUEUE_TABLES)) {
    if (values[1] !== tag || values.length !== columns.length) continue
    const row: Record<string, SqlValue> = {}
    for (const [index, column] of columns.entries()) row[column] = values[index] ?? null
    // SQLite keeps NULL in the place of the row id.
    row['id'] = rowId
    return { table, row }
  }
  return undefined
}

/** Object.entries forgets the names of the keys. */
function entriesOf<Key extends string, Value> (object: Readonly<Record<Key, Value>>): Array<[Key, Value]> {
  return Object.entries(object) as Array<[Key, Value]>
}
