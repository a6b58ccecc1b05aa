import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Database } from '../../src/store/database.js'
import { migrate } from '../../src/store/migrations.js'
import { describeStoreFailure, StoreError } from '../../src/store/store-error.js'

const open = (t: Test, { dataDir = t.testdir(), ...options }: { dataDir?: string, busyTimeoutMs?: number } = {}): Database => {
  const database = new Database({ dataDir, fileName: 'a.db', ...options })
  t.teardown(() => { database.close() })
  return database
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

/** What libsql may be handed by a caller that got its types wrong. */
const call = (method: (sql: string, values: never) => unknown, sql: string, values: unknown) => () => method(sql, values as never)

t.test('a value that libsql would abort the process on, or change, is refused with an error and stored nowhere', async t => {
  const database = open(t)
  database.exec('CREATE TABLE kept (a, b)')
  const run = database.run.bind(database)
  const insert = 'INSERT INTO kept VALUES (?, ?)'
  const inTheArraysPlace = { buffer: Buffer.from('xy'), object: {}, boolean: true, text: 'xy', map: new Map(), null: null, number: 2 }
  for (const [name, values] of Object.entries(inTheArraysPlace)) t.throws(call(run, insert, values), TypeError, `${name} in the place of the array`)
  const inTheArray = {
    boolean: true,
    undefined,
    object: {},
    array: [1],
    date: new Date(0),
    function: () => 1,
    symbol: Symbol('s'),
    'not a number': NaN,
    infinity: Infinity,
    'minus zero': -0,
    'a whole number that has lost digits': 2 ** 60,
    'a bigint of 65 bits': 2n ** 64n,
    'a text with NUL': 'a\0b',
    'half a character': 'a\ud800',
    'an array buffer': new ArrayBuffer(2),
    'wider elements': new Uint16Array(2)
  }
  for (const [name, value] of Object.entries(inTheArray)) t.throws(call(run, insert, [1, value]), TypeError, name)
  t.throws(call(run, insert, [1]), TypeError, 'too few values')
  t.throws(call(run, insert, [1, 2, 3]), TypeError, 'too many values')
  // eslint-disable-next-line no-sparse-arrays -- the hole is the case
  t.throws(call(run, insert, [, 2]), TypeError, 'a hole')
  t.throws(call(database.get.bind(database), 'SELECT ? AS a', true), TypeError, 'get')
  t.throws(call(database.all.bind(database), 'SELECT ? AS a', {}), TypeError, 'all')
  t.equal(database.get('SELECT count(*) AS n FROM kept')?.['n'], 0)
  t.throws(call(run, insert, ['a secret\0', 1]), { message: 'Value 0 (string) cannot be stored as it is.' }, 'the message holds no value')
})

t.test('what is stored comes back as it was, and a row holds its columns alone', async t => {
  const database = open(t)
  database.exec('CREATE TABLE kept (a)')
  const bytes = new Uint8Array([9, 1, 2, 3]).subarray(1)
  for (const value of ['', 'é😀', 0, -1, 1.5, Number.MAX_SAFE_INTEGER, 2n ** 62n, null, bytes, Buffer.alloc(0)]) {
    database.run('DELETE FROM kept')
    t.same(database.run('INSERT INTO kept VALUES (?)', [value]), { changes: 1 })
    const row = database.get('SELECT a FROM kept')
    t.same(Object.keys(row ?? {}), ['a'])
    t.same(value instanceof Uint8Array ? Buffer.from(value) : value, row?.['a'])
    t.same(database.all('SELECT a FROM kept'), [row])
  }
  database.run('DELETE FROM kept')
  database.run('INSERT INTO kept VALUES (?)', [7])
  t.same(database.get('SELECT typeof(a) AS type FROM kept'), { type: 'integer' }, 'a whole number is stored as one')
  t.equal(database.get('SELECT a FROM kept WHERE a = ?', [8]), undefined)
})

t.test('a full disk is told as one, also when SQLite has rolled back by itself, and the database goes on', async t => {
  const database = open(t)
  database.exec('CREATE TABLE kept (a)')
  const pages = Number(database.get('PRAGMA page_count')?.['page_count'])
  database.exec(`PRAGMA max_page_count = ${pages + 2}`)
  const fill = (): void => database.transaction(() => {
    for (let i = 0; i < 100; i++) database.run('INSERT INTO kept VALUES (?)', [Buffer.alloc(4096)])
  })
  t.throws(fill, { name: 'StoreError', code: 'SQLITE_FULL', message: /disk that holds DATA_DIR is full/ })
  t.equal(database.get('SELECT count(*) AS n FROM kept')?.['n'], 0)
  database.exec('PRAGMA max_page_count = 10000')
  fill()
  t.equal(database.get('SELECT count(*) AS n FROM kept')?.['n'], 100)
})

t.test('whatever the work of a transaction throws undoes it and is thrown on', async t => {
  const database = open(t)
  database.exec('CREATE TABLE kept (a INTEGER) STRICT')
  const failure = new Error('mine')
  t.throws(() => database.transaction(() => {
    database.run('INSERT INTO kept VALUES (?)', [1])
    throw failure
  }), failure)
  t.throws(() => database.transaction(async () => database.run('INSERT INTO kept VALUES (?)', [1])), /synchronous/)
  t.throws(() => database.transaction(() => database.transaction(() => 1)), /open already/)
  t.throws(() => database.run('INSERT INTO kept VALUES (?)', ['x']), StoreError)
  t.equal(database.get('SELECT count(*) AS n FROM kept')?.['n'], 0)
  t.equal(database.transaction(() => database.run('INSERT INTO kept VALUES (?)', [1]).changes, { durable: false }), 1)
  t.equal(database.get('PRAGMA synchronous')?.['synchronous'], 2, 'later commits are synced again')
})

t.test('a lock of another connection is waited for, then told; readers are never shut out', async t => {
  const dataDir = t.testdir()
  const [one, other] = [open(t, { dataDir }), open(t, { dataDir, busyTimeoutMs: 30 })]
  one.exec('CREATE TABLE kept (a)')
  one.transaction(() => {
    one.run('INSERT INTO kept VALUES (1)')
    t.throws(() => other.transaction(() => 1), { code: 'SQLITE_BUSY', message: /try again/ })
    t.throws(() => other.transaction(() => 1, { busyTimeoutMs: 0 }), { code: 'SQLITE_BUSY' })
    t.equal(other.get('SELECT count(*) AS n FROM kept')?.['n'], 0)
  })
  t.equal(other.get('PRAGMA busy_timeout')?.['timeout'], 30)
  t.equal(other.transaction(() => other.run('DELETE FROM kept').changes), 1)
})

t.test('what is read together is of one moment, whatever another process writes meanwhile', async t => {
  const dataDir = t.testdir()
  const [one, other] = [open(t, { dataDir }), open(t, { dataDir })]
  one.exec('CREATE TABLE kept (a)')
  const count = (): unknown => one.get('SELECT count(*) AS n FROM kept')?.['n']
  const read = one.snapshot(() => {
    const before = count()
    other.run('INSERT INTO kept VALUES (1)')
    return [before, count(), one.snapshot(count)]
  })
  t.strictSame([read, count()], [[0, 0, 0], 1])
  t.throws(() => one.snapshot(() => { throw new Error('no') }), { message: 'no' })
  one.transaction(() => { one.run('INSERT INTO kept VALUES (2)') })
  t.equal(one.transaction(() => one.snapshot(count)), 2, 'within a transaction it is that anyway, and does not end it')
})

t.test('a commit of another connection is a change, an own one is none', async t => {
  const dataDir = t.testdir()
  const [one, other] = [open(t, { dataDir }), open(t, { dataDir })]
  one.exec('CREATE TABLE kept (a)')
  t.equal(other.changed(), true, 'the first answer is a change: nothing is known yet')
  t.equal(other.changed(), false)
  other.run('INSERT INTO kept VALUES (1)')
  t.equal(other.changed(), false)
  one.run('INSERT INTO kept VALUES (1)')
  t.equal(other.changed(), true)
  t.equal(other.changed(), false)
})

t.test('a closed database is used by nobody, and closing it twice is no error', async t => {
  const database = open(t)
  database.exec('CREATE TABLE kept (a)')
  database.get('SELECT * FROM kept')
  database.close()
  database.close()
  t.throws(() => database.get('SELECT * FROM kept'), { code: 'CLOSED' })
  t.throws(() => database.transaction(() => 1), { code: 'CLOSED' })
  const other = open(t)
  t.throws(() => other.transaction(() => { other.close() }), { code: 'CLOSED' })
})

t.test('the directory and every file in it are closed to other users', async t => {
  const parent = t.testdir({ shared: { 'notes.txt': '' }, empty: {} })
  chmodSync(join(parent, 'shared'), 0o755)
  chmodSync(join(parent, 'empty'), 0o755)
  for (const [name, mode] of [['new/deep', '700'], ['empty', '700'], ['shared', '755']] as const) {
    const dataDir = join(parent, name)
    const database = open(t, { dataDir })
    database.exec('CREATE TABLE kept (a); INSERT INTO kept VALUES (1)')
    t.equal(modeOf(dataDir), mode, name)
    for (const file of ['a.db', 'a.db-wal', 'a.db-shm']) t.equal(modeOf(join(dataDir, file)), '600', file)
  }
  chmodSync(join(parent, 'shared/a.db'), 0o644)
  open(t, { dataDir: join(parent, 'shared') })
  t.equal(modeOf(join(parent, 'shared/a.db')), '600', 'a file that was opened to others is closed again')
})

t.test('a data directory that cannot be used is told in one sentence that names it', async t => {
  const parent = t.testdir({ file: 'x', 'a.db': 'this is no database, it is a text that is long enough to be read as one' })
  t.throws(() => open(t, { dataDir: join(parent, 'file') }), { code: 'EEXIST', message: `${parent}/file: This is a file; point DATA_DIR at a directory.` })
  t.throws(() => open(t, { dataDir: join(parent, 'file/data') }), { code: 'ENOTDIR', message: /file\/data: .*point DATA_DIR at a directory/ })
  t.throws(() => open(t, { dataDir: parent }), { code: 'SQLITE_NOTADB', message: /a\.db: .*restore it from a backup/ })
  mkdirSync(join(parent, 'dir/a.db'), { recursive: true })
  t.throws(() => open(t, { dataDir: join(parent, 'dir') }), { code: 'SQLITE_CANTOPEN' })
  mkdirSync(join(parent, 'locked'), { mode: 0o500 })
  writeFileSync(join(parent, 'keep'), '')
  // Node's recursive mkdir never returns there.
  if (existsSync('/proc/self')) t.throws(() => new Database({ dataDir: '/proc/no/such', fileName: 'x.db' }), { name: 'StoreError', message: /\/proc\/no/ })
  if (process.getuid?.() === 0) t.comment('the superuser may write everywhere, so a missing right cannot be seen')
  else t.throws(() => open(t, { dataDir: join(parent, 'locked') }), { code: 'EACCES', message: /locked: This user may not write there/ })
})

t.test('an old database is brought to the newest schema with its rows, in one transaction', async t => {
  const dataDir = t.testdir()
  const first = 'CREATE TABLE kept (a TEXT); INSERT INTO kept VALUES (\'old\')'
  const second = 'ALTER TABLE kept ADD COLUMN b TEXT NOT NULL DEFAULT \'new\''
  migrate(open(t, { dataDir }), [first])
  const database = open(t, { dataDir })
  t.throws(() => { migrate(database, [first, second, 'INSERT INTO kept VALUES (1, 2); this is no SQL']) }, { code: 'SQLITE_ERROR' })
  t.same(database.all('SELECT * FROM kept'), [{ a: 'old' }], 'a step that fails leaves the old version whole')
  t.equal(database.get('PRAGMA user_version')?.['user_version'], 1)
  migrate(database, [first, second])
  migrate(database, [first, second])
  t.same(database.all('SELECT * FROM kept'), [{ a: 'old', b: 'new' }])
  t.equal(database.get('PRAGMA user_version')?.['user_version'], 2)
})

t.test('a database of a newer version is refused, untouched, in a sentence that says what to do', async t => {
  const dataDir = t.testdir()
  migrate(open(t, { dataDir }), ['CREATE TABLE a (a)', 'CREATE TABLE b (a)'])
  const database = open(t, { dataDir })
  t.throws(() => { migrate(database, ['CREATE TABLE a (a)']) }, { code: 'NEWER_SCHEMA', message: /newer version .* a\.db \(schema 2; this version knows 1\); install that version again/ })
  t.equal(database.get('PRAGMA user_version')?.['user_version'], 2)
  t.ok(existsSync(database.path))
})

t.test('a code that libsql has no name for is told by its primary code', t => {
  const codeOf = (code: string): string => describeStoreFailure('queue.db', { code }).code
  t.strictSame(['UNKNOWN_SQLITE_ERROR_779', 'UNKNOWN_SQLITE_ERROR_3091', 'UNKNOWN_SQLITE_ERROR_1', 'SQLITE_FULL'].map(codeOf), ['SQLITE_CORRUPT_779', 'SQLITE_CONSTRAINT_3091', 'UNKNOWN_SQLITE_ERROR_1', 'SQLITE_FULL'])
  t.end()
})
