import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describeStoreFailure } from './store-error.js'

/**
 * Makes the data directory (mode 0700) and one database file in it (mode 0600) if they are not there yet, and gives the
 * file's path. SQLite gives its -wal, -shm and -journal files the mode of the database file.
 *
 * An existing directory is tightened to 0700 only while it is empty: then it was made for us. One that already holds
 * something may be shared on purpose; our files are closed to others in any case.
 *
 * @throws StoreError naming the path, when the directory or the file cannot be made or written
 */
export function prepareFile (dataDir: string, fileName: string): string {
  const directory = resolve(dataDir)
  try {
    makeDirectory(directory)
    if (readdirSync(directory).length === 0) tighten(directory, 0o700)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw describeStoreFailure(directory, cause)
  }
  const path = join(directory, fileName)
  try {
    createFile(path)
    tighten(path, 0o600)
    accessSync(path, constants.R_OK | constants.W_OK)
  } catch (cause) {
    throw describeStoreFailure(path, cause)
  }
  return path
}

/** One level after the other: Node's recursive way never returns where the parent takes no directory, such as in /proc. */
function makeDirectory (directory: string): void {
  if (isDirectory(directory)) return
  // A parent that is a file is left to mkdir, whose error says so; Node's stat tells of it in one version and not in another.
  if (!existsSync(dirname(directory))) makeDirectory(dirname(directory))
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (cause) {
    // Another process may make the same one at the same time.
    if (!isCode(cause, 'EEXIST') || !isDirectory(directory)) throw cause
  }
}

function isDirectory (path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/**
 * Only ever opens a file that was not there: closing any descriptor of a file drops every POSIX lock that this process
 * holds on it, so that opening and closing a live database here would silently unlock it.
 */
function createFile (path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    if (!isCode(cause, 'EEXIST')) throw cause
  }
}

/** Some volumes know no modes, or belong to another user who lets us write: neither is a reason not to start. */
function tighten (path: string, mode: number): void {
  try {
    chmodSync(path, mode)
  } catch (cause) {
    if (!isCode(cause, 'EPERM') && !isCode(cause, 'ENOTSUP')) throw cause
  }
}

function isCode (cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code
}
