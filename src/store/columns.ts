import type { Row } from './database.js'
import { StoreError } from './store-error.js'

// A column of another type than the schema says means that the file was written by something else: better to fail than to guess.

export function readText (row: Row, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : unexpected(column)
}

export function readTextOrNull (row: Row, column: string): string | null {
  return row[column] === null ? null : readText(row, column)
}

export function readInteger (row: Row, column: string): number {
  const value = row[column]
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : unexpected(column)
}

export function readIntegerOrNull (row: Row, column: string): number | null {
  return row[column] === null ? null : readInteger(row, column)
}

export function readBytes (row: Row, column: string): Uint8Array {
  const value = row[column]
  return value instanceof Uint8Array ? value : unexpected(column)
}

export function unexpected (column: string): never {
  throw new StoreError('UNEXPECTED_COLUMN', `The database holds something unexpected in the column ${column}; restore it from a backup.`)
}
