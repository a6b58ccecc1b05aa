import Libsql from 'libsql'
import { describeStoreFailure, StoreError } from './store-error.js'

export type Connection = Libsql.Database

/** What holds for a file from its first page on, and is passed over for any other. */
export interface NewFileOptions {
  /** Default 4096. */
  readonly pageBytes?: number
  /** Whether `PRAGMA incremental_vacuum` can shorten the file. Default false. */
  readonly givesSpaceBack?: boolean
}

/** A connection on which nothing was read yet: even `PRAGMA synchronous` reads the file, and fails when that is locked. */
export function openBareConnection (path: string, busyTimeoutMs: number): Connection {
  try {
    return new Libsql(path, { timeout: busyTimeoutMs })
  } catch (cause) {
    throw describeStoreFailure(path, cause)
  }
}

/**
 * A connection whose commits are synced, whose foreign keys hold, whose readers and writer do not wait for each other
 * (a write-ahead log), and whose writers wait for one another (libsql's own default is not to wait at all).
 *
 * @param busyTimeoutMs how long a statement waits for a lock of another process, with the event loop standing still
 * @param newFile what is decided once, for a file that is still empty
 * @throws StoreError when the file system cannot hold a write-ahead log; otherwise what libsql throws
 */
export function openConnection (path: string, busyTimeoutMs: number, newFile: NewFileOptions = {}): Connection {
  const connection = openBareConnection(path, busyTimeoutMs)
  // Before the switch to the log, which writes the first page.
  if (newFile.pageBytes !== undefined) connection.exec(`PRAGMA page_size = ${Math.trunc(newFile.pageBytes)}`)
  if (newFile.givesSpaceBack === true) connection.exec('PRAGMA auto_vacuum = INCREMENTAL')
  switchToWriteAheadLog(connection, path, busyTimeoutMs)
  connection.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
  return connection
}

/**
 * When several processes open a fresh file at once, the switch fails with SQLITE_BUSY in spite of the busy timeout (seen
 * in 4 of 8 runs of 6 processes), so it is tried again, for about as long as the timeout would have waited.
 */
function switchToWriteAheadLog (connection: Connection, path: string, waitMs: number): void {
  const pauseMs = 20
  for (let triesLeft = Math.ceil(waitMs / pauseMs); ; triesLeft--) {
    try {
      // The pragma answers one row with the mode that is in force now; elsewhere than on a local disk that may be another.
      const row = connection.prepare('PRAGMA journal_mode = WAL').get([]) as { journal_mode: string }
      if (row.journal_mode === 'wal') return
      throw new StoreError('NO_WAL', `${path}: This file system cannot hold the database; point DATA_DIR at a local disk.`)
    } catch (cause) {
      if (triesLeft <= 0 || describeStoreFailure(path, cause).code !== 'SQLITE_BUSY') throw cause
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)
    }
  }
}
