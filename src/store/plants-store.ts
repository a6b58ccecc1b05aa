import { join, resolve } from 'node:path'
import { readInteger, readIntegerOrNull, readText, readTextOrNull, readBytes } from './columns.js'
import type { Row } from './database.js'
import { StoreFile } from './store-file.js'

const FILE_NAME = 'plants.db'

/** Where the plants of a data directory are, if there are any. */
export function plantsPath (dataDir: string): string {
  return join(resolve(dataDir), FILE_NAME)
}

/** One text a schema version; never change one that was released. */
const SCHEMA_STEPS = [`
  CREATE TABLE plants (
    name TEXT PRIMARY KEY,
    policy TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    plant TEXT NOT NULL REFERENCES plants (name) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    label TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER,
    last_used_at_ms INTEGER,
    cidrs TEXT NOT NULL,
    device_types TEXT NOT NULL,
    device_ids TEXT NOT NULL,
    in_url INTEGER NOT NULL,
    rotated_from TEXT,
    replaced_by TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_by_plant ON keys (plant, created_at_ms);
`]

export interface PlantRow {
  readonly name: string
  /** JSON: an object of the policies that were set. */
  readonly policy: string
  readonly createdAtMs: number
}

export interface KeyRow {
  readonly id: string
  readonly plant: string
  /** SHA-256 of the whole key: 32 bytes. */
  readonly hash: Uint8Array
  readonly label: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly revokedAtMs: number | null
  readonly lastUsedAtMs: number | null
  /** JSON arrays of text. Limits are columns, so that a version that does not know one cannot open the file and let everything pass. */
  readonly cidrs: string
  readonly deviceTypes: string
  readonly deviceIds: string
  readonly inUrl: boolean
  readonly rotatedFrom: string | null
  readonly replacedBy: string | null
}

/** Plants and keys on disk, in `plants.db`. Texts in, rows out; what they mean is decided in src/plants. Throws StoreError. */
export class PlantsStore extends StoreFile {
  constructor (dataDir: string) {
    super({ dataDir, fileName: FILE_NAME, schemaSteps: SCHEMA_STEPS })
  }

  insertPlant (plant: PlantRow): void {
    this.database.run('INSERT INTO plants (name, policy, created_at_ms) VALUES (?, ?, ?)', [plant.name, plant.policy, plant.createdAtMs])
  }

  findPlant (name: string): PlantRow | undefined {
    const row = this.database.get('SELECT * FROM plants WHERE name = ?', [name])
    return row === undefined ? undefined : readPlant(row)
  }

  listPlants (): PlantRow[] {
    return this.database.all('SELECT * FROM plants ORDER BY name').map(readPlant)
  }

  updatePolicy (name: string, policy: string): void {
    this.database.run('UPDATE plants SET policy = ? WHERE name = ?', [policy, name])
  }

  /** Removes the plant's keys as well. */
  deletePlant (name: string): void {
    this.database.run('DELETE FROM plants WHERE name = ?', [name])
  }

  insertKey (key: KeyRow): void {
    this.database.run(
      `INSERT INTO keys (id, plant, hash, label, created_at_ms, expires_at_ms, revoked_at_ms, last_used_at_ms,
        cidrs, device_types, device_ids, in_url, rotated_from, replaced_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [key.id, key.plant, key.hash, key.label, key.createdAtMs, key.expiresAtMs, key.revokedAtMs, key.lastUsedAtMs,
        key.cidrs, key.deviceTypes, key.deviceIds, key.inUrl ? 1 : 0, key.rotatedFrom, key.replacedBy])
  }

  findKey (id: string): KeyRow | undefined {
    const row = this.database.get('SELECT * FROM keys WHERE id = ?', [id])
    return row === undefined ? undefined : readKey(row)
  }

  listKeys (): KeyRow[] {
    return this.database.all('SELECT * FROM keys ORDER BY plant, created_at_ms, id').map(readKey)
  }

  listKeysOf (plant: string): KeyRow[] {
    return this.database.all('SELECT * FROM keys WHERE plant = ? ORDER BY created_at_ms, id', [plant]).map(readKey)
  }

  markReplaced (id: string, replacedBy: string, expiresAtMs: number): void {
    this.database.run('UPDATE keys SET replaced_by = ?, expires_at_ms = ? WHERE id = ?', [replacedBy, expiresAtMs, id])
  }

  markRevoked (id: string, revokedAtMs: number): void {
    this.database.run('UPDATE keys SET revoked_at_ms = ? WHERE id = ?', [revokedAtMs, id])
  }

  /**
   * Writes when keys were last used (id to milliseconds). Neither waits for another process nor for the disk: it runs
   * beside live requests, and an hour that a power cut takes back harms nobody.
   */
  writeLastUses (lastUses: ReadonlyMap<string, number>): void {
    this.database.transaction(() => {
      for (const [id, lastUsedAtMs] of lastUses) {
        this.database.run('UPDATE keys SET last_used_at_ms = ? WHERE id = ?', [lastUsedAtMs, id])
      }
    }, { busyTimeoutMs: 0, durable: false })
  }
}

function readPlant (row: Row): PlantRow {
  return { name: readText(row, 'name'), policy: readText(row, 'policy'), createdAtMs: readInteger(row, 'created_at_ms') }
}

function readKey (row: Row): KeyRow {
  return {
    id: readText(row, 'id'),
    plant: readText(row, 'plant'),
    hash: readBytes(row, 'hash'),
    label: readText(row, 'label'),
    createdAtMs: readInteger(row, 'created_at_ms'),
    expiresAtMs: readIntegerOrNull(row, 'expires_at_ms'),
    revokedAtMs: readIntegerOrNull(row, 'revoked_at_ms'),
    lastUsedAtMs: readIntegerOrNull(row, 'last_used_at_ms'),
    cidrs: readText(row, 'cidrs'),
    deviceTypes: readText(row, 'device_types'),
    deviceIds: readText(row, 'device_ids'),
    inUrl: readInteger(row, 'in_url') === 1,
    rotatedFrom: readTextOrNull(row, 'rotated_from'),
    replacedBy: readTextOrNull(row, 'replaced_by')
  }
}
