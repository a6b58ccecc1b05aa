import { basename } from 'node:path'
import type { Database } from './database.js'
import { StoreError } from './store-error.js'

/**
 * Brings a database to the newest schema. Its version is SQLite's `user_version`: the number of steps it has seen. All
 * missing steps run in one transaction, so a crash leaves the old version whole.
 *
 * @param steps SQL from version 0 on, one text a version; a released step never changes, a new schema is a new step
 * @throws StoreError when a newer version of the program wrote the file: its schema may mean something that this one does not know
 */
export function migrate (database: Database, steps: readonly string[]): void {
  // Only looking takes no lock, so a command never waits here for a server at work.
  if (readVersion(database) === steps.length) return
  database.transaction(() => {
    // Read again: another process may have run the steps while this one waited for the lock.
    const version = readVersion(database)
    if (version > steps.length) {
      throw new StoreError('NEWER_SCHEMA', `${database.path}: A newer version of the proxy wrote ${basename(database.path)} ` +
        `(schema ${version}; this version knows ${steps.length}); install that version again, or restore a backup from before.`)
    }
    for (const step of steps.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${steps.length}`)
  })
}

function readVersion (database: Database): number {
  return Number(database.get('PRAGMA user_version')?.['user_version'])
}
