import { readInteger } from './columns.js'
import { copyDatabase } from './copy-database.js'
import { Database } from './database.js'
import { migrate } from './migrations.js'
import { QUEUE_PAGE_BYTES } from './queue-bytes.js'
import { QueueBundles } from './queue-bundles.js'
import { QueueDeliveries } from './queue-deliveries.js'
import { QueueFailures } from './queue-failures.js'
import { QueueLanes } from './queue-lanes.js'
import { QueueParked } from './queue-parked.js'
import { QueueParkedRecords } from './queue-parked-records.js'
import { QueuePushes } from './queue-pushes.js'
import { QueueReceipts } from './queue-receipts.js'
import { QueueRepairs } from './queue-repairs.js'
import { QueueRepeatKeys } from './queue-repeat-keys.js'
import { QUEUE_SCHEMA_STEPS } from './queue-schema.js'

export interface QueueStoreOptions {
  readonly dataDir: string
  /** Default `queue.db`. */
  readonly fileName?: string
  /** How long a statement waits for another process. Default 5000. */
  readonly busyTimeoutMs?: number
}

/**
 * `queue.db`: rows in, rows out; what they mean is decided in src/queue. Lanes and counts are held in memory, so that
 * `transaction` is the only way to write. Throws StoreError.
 */
export class QueueStore {
  readonly path: string
  readonly lanes: QueueLanes
  readonly bundles: QueueBundles
  readonly pushes: QueuePushes
  readonly failures: QueueFailures
  readonly deliveries: QueueDeliveries
  readonly parked: QueueParked
  readonly parkedRecords: QueueParkedRecords
  readonly receipts: QueueReceipts
  readonly repeatKeys: QueueRepeatKeys
  readonly repairs: QueueRepairs
  readonly #database: Database
  /** What is held in memory may have run ahead of the file. */
  #stale = true
  #foreignChanges = 0

  constructor ({ dataDir, fileName = 'queue.db', busyTimeoutMs = 5000 }: QueueStoreOptions) {
    const database = new Database({ dataDir, fileName, busyTimeoutMs, newFile: { pageBytes: QUEUE_PAGE_BYTES, givesSpaceBack: true } })
    this.#database = database
    this.path = database.path
    this.lanes = new QueueLanes(database)
    this.bundles = new QueueBundles(database)
    this.pushes = new QueuePushes(database, this.bundles)
    this.failures = new QueueFailures(database, this.pushes, this.bundles)
    this.deliveries = new QueueDeliveries(database)
    this.parked = new QueueParked(database)
    this.parkedRecords = new QueueParkedRecords(database)
    this.receipts = new QueueReceipts(database, this.pushes, this.bundles)
    this.repeatKeys = new QueueRepeatKeys(database)
    this.repairs = new QueueRepairs(database)
    try {
      // The log is copied into the file from 4 MB on (256 pages), and keeps no more than that afterwards. 6 MB of pages
      // are held in memory: those that are written again and again.
      database.exec('PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -6000')
      migrate(database, QUEUE_SCHEMA_STEPS)
      this.refresh()
    } catch (error) {
      database.close()
      throw error
    }
  }

  /**
   * Runs `work`, which is synchronous, between BEGIN IMMEDIATE and COMMIT; when this returns, what it wrote is durable.
   * What another process wrote meanwhile is seen by `work`. Database.transaction would set two pragmas around each.
   */
  transaction<T> (work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      this.refresh()
      const result = work()
      this.pushes.save()
      this.receipts.save()
      this.lanes.save()
      this.#database.exec('COMMIT')
      return result
    } catch (cause) {
      this.#rollBack()
      throw cause
    }
  }

  /** Reads again what is held in memory where it may differ from the file. */
  refresh (): void {
    // The first call of changed() only notes where the file stands.
    const changed = this.#database.changed()
    if (!changed && !this.#stale) return
    this.lanes.load()
    this.receipts.load()
    if (changed) this.#foreignChanges++
    this.#stale = false
  }

  /** How often `refresh` found that another process had written; for comparing with an earlier number. */
  get foreignChanges (): number {
    return this.#foreignChanges
  }

  /** One line a fault of the file's structure, at most 100; nothing when it is sound. The quick one does not compare indexes with tables. */
  findDamage ({ quick }: { quick: boolean }): string[] {
    const rows = this.#database.all(quick ? 'PRAGMA quick_check' : 'PRAGMA integrity_check')
    return rows.map(row => String(Object.values(row)[0])).filter(line => line !== 'ok')
  }

  /**
   * Copies the log into the file and empties it, both synced; waits for readers of other processes.
   * @returns false when one of them stood in the way
   */
  emptyLog (): boolean {
    return this.#database.get('PRAGMA wal_checkpoint(TRUNCATE)')?.['busy'] === 0
  }

  /** Copies of the log into the file what can be copied without waiting for anybody; the next commit begins it anew. */
  shortenLog (): void {
    this.#database.get('PRAGMA wal_checkpoint(PASSIVE)')
  }

  /** Space of the file that is free for the next pushes. */
  freeBytes (): number {
    const row = this.#database.get('PRAGMA freelist_count')
    return row === undefined ? 0 : readInteger(row, 'freelist_count') * QUEUE_PAGE_BYTES
  }

  /** Gives free space back to the disk; the file is shorter once the log was copied into it. */
  giveBack (bytes: number): void {
    this.#database.exec(`PRAGMA incremental_vacuum(${Math.ceil(bytes / QUEUE_PAGE_BYTES)})`)
    this.shortenLog()
  }

  /** A copy of this moment, packed tight, into a file that is not there yet or is empty. */
  copyInto (path: string): void {
    this.#database.run('VACUUM INTO ?', [path])
  }

  /** See copyDatabase. */
  copyTo (path: string): { bytes: number } {
    return copyDatabase(path, target => { this.copyInto(target) })
  }

  close (): void {
    this.#database.close()
  }

  #rollBack (): void {
    this.#stale = true
    this.pushes.forgetNew()
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself already, on a full disk for instance; any other trouble meets the next BEGIN.
    }
  }
}
