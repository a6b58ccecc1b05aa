import { checkBindValues, type SqlValue } from './bind-values.js'
import { openConnection, type Connection, type NewFileOptions } from './connection.js'
import { prepareFile } from './data-dir.js'
import { describeStoreFailure, StoreError } from './store-error.js'

export type Row = Readonly<Record<string, SqlValue>>

export interface DatabaseOptions {
  readonly dataDir: string
  readonly fileName: string
  /** How long a statement waits, with the event loop standing still, for a lock of another process. Default 2000. */
  readonly busyTimeoutMs?: number
  readonly newFile?: NewFileOptions
}

export interface TransactionOptions {
  /** Overrides `busyTimeoutMs` for this transaction. */
  readonly busyTimeoutMs?: number
  /** False: the commit is not synced, so a power cut may lose it (it never damages the file). Default true. */
  readonly durable?: boolean
}

type Prepared = { readonly statement: ReturnType<Connection['prepare']>, readonly count: number }

/**
 * One open database file. Together with bind-values.ts and connection.ts it hides what was seen to go wrong with libsql
 * 0.5.29:
 *
 * - Transactions are begun and ended by hand: libsql's `transaction()` rolls back a second time after SQLite already
 *   has, on a full disk, and the error of that hides SQLITE_FULL.
 * - Rows lose their `_metadata`, whole numbers keep every digit, and bytes are a Buffer (`all()` gives an ArrayBuffer).
 * - A closed connection stays usable, and its file open, as long as a statement of it lives, until the garbage collector
 *   comes by; asking it whether it is in a transaction aborts the process. Here, using it throws.
 *
 * Every method throws StoreError in a plain sentence, and TypeError for values that cannot be bound.
 */
export class Database {
  readonly path: string
  readonly #connection: Connection
  readonly #busyTimeoutMs: number
  readonly #statements = new Map<string, Prepared>()
  #dataVersion: SqlValue | undefined
  #closed = false

  /** Opens the file, or makes it: mode 0600, in a directory of mode 0700. */
  constructor ({ dataDir, fileName, busyTimeoutMs = 2000, newFile }: DatabaseOptions) {
    this.path = prepareFile(dataDir, fileName)
    this.#busyTimeoutMs = busyTimeoutMs
    this.#connection = this.#attempt(() => openConnection(this.path, busyTimeoutMs, newFile))
  }

  run (sql: string, values: readonly SqlValue[] = []): { changes: number } {
    return this.#attempt(() => {
      const { statement, count } = this.#prepare(sql)
      return { changes: statement.run(checkBindValues(values, count)).changes }
    })
  }

  get (sql: string, values: readonly SqlValue[] = []): Row | undefined {
    return this.#attempt(() => {
      const { statement, count } = this.#prepare(sql)
      const row = statement.get(checkBindValues(values, count))
      return row === undefined ? undefined : readRow(row)
    })
  }

  all (sql: string, values: readonly SqlValue[] = []): Row[] {
    return this.#attempt(() => {
      const { statement, count } = this.#prepare(sql)
      return statement.all(checkBindValues(values, count)).map(readRow)
    })
  }

  /** Several statements without values, for schemas and pragmas. */
  exec (sql: string): void {
    this.#attempt(() => {
      this.#checkOpen()
      this.#connection.exec(sql)
    })
  }

  /** Runs `work`, which is synchronous, between BEGIN IMMEDIATE and COMMIT; what it throws rolls back and is thrown on. */
  transaction<T> (work: () => T, { busyTimeoutMs = this.#busyTimeoutMs, durable = true }: TransactionOptions = {}): T {
    this.#checkOpen()
    if (this.#connection.inTransaction) throw new TypeError('A transaction is open already.')
    this.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}; PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`)
    try {
      this.exec('BEGIN IMMEDIATE')
      const result = work()
      if (result instanceof Promise) throw new TypeError('The work of a transaction is synchronous.')
      this.exec('COMMIT')
      return result
    } catch (cause) {
      this.#rollBack()
      throw cause
    } finally {
      this.exec(`PRAGMA busy_timeout = ${Math.trunc(this.#busyTimeoutMs)}; PRAGMA synchronous = FULL`)
    }
  }

  /** What `work` reads is the file of one moment, whatever other processes write meanwhile; within a transaction it is that anyway. */
  snapshot<T> (work: () => T): T {
    this.#checkOpen()
    if (this.#connection.inTransaction) return work()
    this.exec('BEGIN')
    try {
      return work()
    } finally {
      this.#rollBack()
    }
  }

  /** True when another connection has committed since the last call, and at the first call. Own commits do not count. */
  changed (): boolean {
    const before = this.#dataVersion
    this.#dataVersion = this.get('PRAGMA data_version')?.['data_version']
    return before !== this.#dataVersion
  }

  close (): void {
    if (this.#closed) return
    this.#closed = true
    this.#statements.clear()
    this.#attempt(() => this.#connection.close())
  }

  /** SQLite rolls back by itself on a full disk; a ROLLBACK after that fails. What made the transaction fail must be seen, not this. */
  #rollBack (): void {
    try {
      if (!this.#closed && this.#connection.inTransaction) this.#connection.exec('ROLLBACK')
    } catch {
      // The next BEGIN meets the same trouble and tells it.
    }
  }

  #attempt<T> (work: () => T): T {
    try {
      return work()
    } catch (cause) {
      // Values that cannot be bound are a defect of the caller, not of the disk.
      throw cause instanceof TypeError ? cause : describeStoreFailure(this.path, cause)
    }
  }

  #checkOpen (): void {
    if (this.#closed) throw new StoreError('CLOSED', `${this.path}: The database is closed.`)
  }

  /** Preparing costs twice what a look-up does (11 us against 5 us), so statements are kept; there are as many as texts in this folder. */
  #prepare (sql: string): Prepared {
    this.#checkOpen()
    let prepared = this.#statements.get(sql)
    if (prepared === undefined) {
      // No statement of this folder has a `?` inside a text, so counting them counts the places.
      prepared = { statement: this.#connection.prepare(sql).safeIntegers(true), count: sql.split('?').length - 1 }
      this.#statements.set(sql, prepared)
    }
    return prepared
  }
}

function readRow (row: unknown): Row {
  const clean: Record<string, SqlValue> = {}
  // libsql gives a row as one plain object of columns.
  const columns = row as Record<string, SqlValue | ArrayBuffer>
  for (const column of Object.keys(columns)) {
    const value = columns[column]
    if (column !== '_metadata' && value !== undefined) clean[column] = readValue(value)
  }
  return clean
}

function readValue (value: SqlValue | ArrayBuffer): SqlValue {
  if (value instanceof ArrayBuffer) return Buffer.from(value)
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}
