import { join } from 'node:path'

/** The files of the queue in the data directory. */
export const QUEUE_FILE = 'queue.db'
export const BALLAST_FILE = 'queue.ballast'
/** A new store while a damaged one is read into it; worth nothing until it has its next name. */
export const RECOVERING_FILE = 'queue.db.recovering'
/** A whole new store that is to take the place of the damaged one; the time follows. */
export const RECOVERED_PREFIX = 'queue.db.recovered-'
/** A damaged store that was set aside; the time follows. */
export const DAMAGED_PREFIX = 'queue.db.damaged-'
/** What SQLite adds to the name of a database for the files beside it. */
export const BESIDE = ['-wal', '-shm'] as const

export function queuePath (dataDir: string): string {
  return join(dataDir, QUEUE_FILE)
}

/** Such as `20260801T120102123Z`. */
export function timeInName (atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(/[-:.]/g, '')
}
