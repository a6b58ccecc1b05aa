import { StoreError } from '../store/store-error.js'

/** A disk without room: a file-size limit and some quotas come as failed writes, and the shared index cannot be made. */
const FULL = ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT', 'EFBIG']
/** What SQLite says of a file that it cannot make sense of, or whose rows contradict each other, and what our own reading says. */
const DAMAGED = ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_CONSTRAINT', 'UNEXPECTED_COLUMN']

export function isDiskFull (error: unknown): boolean {
  return startsWithOneOf(error, FULL)
}

export function isDamage (error: unknown): boolean {
  return startsWithOneOf(error, DAMAGED)
}

/** Another process held the store for longer than the busy timeout; nothing was written. */
export function isBusy (error: unknown): boolean {
  return startsWithOneOf(error, ['SQLITE_BUSY'])
}

/** What may be told of an error: a code, and a sentence of ours. */
export function describeProblem (error: unknown): { code: string, message: string } {
  if (error instanceof StoreError) return { code: error.code, message: error.message }
  // The stack is ours, the message of a defect may not be.
  return { code: 'DEFECT', message: `The queue's thread failed: ${error instanceof Error ? error.name : typeof error}.` }
}

function startsWithOneOf (error: unknown, starts: readonly string[]): boolean {
  return error instanceof StoreError && starts.some(start => error.code.startsWith(start))
}
