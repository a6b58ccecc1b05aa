import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../clock.js'
import { openBareConnection, type Connection } from './connection.js'
import { prepareFile } from './data-dir.js'
import { describeStoreFailure, StoreError } from './store-error.js'

const LOCK_FILE = 'server.lock'

export interface ServerLockOptions {
  /** How long to wait for another server to end, for instance the one that a restart replaces. 0 tries once. */
  readonly waitMs: number
  readonly clock: Clock
  /** How long to pause between two tries. Default 100. */
  readonly pollMs?: number
}

export interface ServerLock {
  /** Once more does nothing. */
  release (): void
}

/**
 * Makes this process the one server of a data directory, for as long as it lives or until `release`. The lock is that of
 * an SQLite database of its own, so the operating system frees it at the very moment of a kill; nothing is left behind
 * that someone has to remove. Commands do not take it: they work beside a server.
 *
 * @throws StoreError after `waitMs`, naming the directory; at once when the directory cannot be written
 */
export async function acquireServerLock (dataDir: string, { waitMs, clock, pollMs = 100 }: ServerLockOptions): Promise<ServerLock> {
  const path = prepareFile(dataDir, LOCK_FILE)
  const deadlineMs = clock.monotonicMs() + waitMs
  const connection = openBareConnection(path, 0)
  try {
    while (!tryToLock(connection)) {
      const leftMs = deadlineMs - clock.monotonicMs()
      if (leftMs <= 0) {
        throw new StoreError('SERVER_RUNNING', `Another server uses DATA_DIR ${dirname(path)}; stop it, or give this one a directory of its own.`)
      }
      await pause(clock, Math.min(pollMs, leftMs))
    }
  } catch (cause) {
    connection.close()
    throw describeStoreFailure(path, cause)
  }
  let held = true
  return {
    release: () => {
      // Asked for its transaction once it is closed, a connection aborts the process.
      if (!held) return
      held = false
      connection.exec('ROLLBACK')
      connection.close()
    }
  }
}

/**
 * Whether a server has the data directory now. Reads without taking the lock, so that a server which starts in this very moment
 * waits for a millisecond at most, and makes no file.
 * @throws StoreError when the lock cannot be read
 */
export function isServerRunning (dataDir: string): boolean {
  const path = join(resolve(dataDir), LOCK_FILE)
  if (!existsSync(path)) return false
  const connection = openBareConnection(path, 0)
  try {
    connection.exec('PRAGMA schema_version')
    return false
  } catch (cause) {
    const failure = describeStoreFailure(path, cause)
    if (failure.code.startsWith('SQLITE_BUSY')) return true
    throw failure
  } finally {
    connection.close()
  }
}

/** SQLite's rollback journal is what a new file has; under a write-ahead log, others could read past an exclusive transaction. */
function tryToLock (connection: Connection): boolean {
  try {
    // In a file the journal would need room, and a full disk must not end a start: what can be relayed goes on.
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return true
  } catch (cause) {
    if (describeStoreFailure('', cause).code.startsWith('SQLITE_BUSY')) return false
    throw cause
  }
}

/** The clock's timers never keep a process alive, and a server that waits has nothing else that would. */
async function pause (clock: Clock, delayMs: number): Promise<void> {
  const keepAlive = setInterval(() => {}, 1_000_000)
  try {
    await new Promise<void>(resolve => { clock.after(delayMs, resolve) })
  } finally {
    clearInterval(keepAlive)
  }
}
