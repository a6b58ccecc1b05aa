import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readBytes, readInteger, readText } from './columns.js'
import type { Row } from './database.js'
import { StoreFile } from './store-file.js'

const FILE_NAME = 'credentials.db'

/** One text a schema version; never change one that was released. */
const SCHEMA_STEPS = [`
  CREATE TABLE credentials (
    name TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    changed_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`]

export interface CredentialRow {
  readonly name: string
  /** Which master key sealed it. */
  readonly keyId: string
  readonly sealed: Uint8Array
  readonly createdAtMs: number
  readonly changedAtMs: number
}

/** Sealed credentials on disk, in `credentials.db`. What is in them is known in src/credentials alone. Throws StoreError. */
export class CredentialsStore extends StoreFile {
  /** Whether anything was ever stored there. Looks without opening: a server makes no file for what nobody uses. */
  static exists (dataDir: string): boolean {
    return existsSync(join(resolve(dataDir), FILE_NAME))
  }

  constructor (dataDir: string) {
    super({ dataDir, fileName: FILE_NAME, schemaSteps: SCHEMA_STEPS })
    try {
      // What was removed or sealed anew is overwritten: its key may be the one that somebody has stolen.
      this.database.exec('PRAGMA secure_delete = ON')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Empties the write-ahead log, which still has what was overwritten; a reader beside it may keep that from happening. */
  emptyLog (): void {
    try {
      this.database.get('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // What was to be done is committed; the log is emptied when it is next closed.
    }
  }

  insert (row: CredentialRow): void {
    this.database.run('INSERT INTO credentials (name, key_id, sealed, created_at_ms, changed_at_ms) VALUES (?, ?, ?, ?, ?)',
      [row.name, row.keyId, row.sealed, row.createdAtMs, row.changedAtMs])
  }

  find (name: string): CredentialRow | undefined {
    const row = this.database.get('SELECT * FROM credentials WHERE name = ?', [name])
    return row === undefined ? undefined : readCredential(row)
  }

  list (): CredentialRow[] {
    return this.database.all('SELECT * FROM credentials ORDER BY name').map(readCredential)
  }

  update ({ name, keyId, sealed, changedAtMs }: Omit<CredentialRow, 'createdAtMs'>): void {
    this.database.run('UPDATE credentials SET key_id = ?, sealed = ?, changed_at_ms = ? WHERE name = ?', [keyId, sealed, changedAtMs, name])
  }

  delete (name: string): void {
    this.database.run('DELETE FROM credentials WHERE name = ?', [name])
  }
}

function readCredential (row: Row): CredentialRow {
  return {
    name: readText(row, 'name'),
    keyId: readText(row, 'key_id'),
    sealed: readBytes(row, 'sealed'),
    createdAtMs: readInteger(row, 'created_at_ms'),
    changedAtMs: readInteger(row, 'changed_at_ms')
  }
}
