import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describeStoreFailure, StoreError } from './store-error.js'
import { syncDirectory } from './sync-directory.js'

/**
 * A whole copy of a database as it is at this moment, synced. A copy of the file alone loses what still lies in its -wal,
 * and may catch a page half written.
 *
 * @param path a file that is not there yet
 * @param copyInto writes the copy into an empty file
 * @returns its size
 * @throws StoreError; nothing is left behind then
 */
export function copyDatabase (path: string, copyInto: (path: string) => void): { bytes: number } {
  const target = resolve(path)
  // Made here, so that it is closed to others from its first byte on, and so that nothing is written over.
  const file = create(target)
  try {
    copyInto(target)
    fsyncSync(file)
    syncDirectory(dirname(target))
    return { bytes: statSync(target).size }
  } catch (error) {
    rmSync(target, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
}

function create (path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    if (existsSync(path)) throw new StoreError('EEXIST', `${path}: This is there already; name a file that is not.`, cause)
    throw describeStoreFailure(path, cause)
  }
}
