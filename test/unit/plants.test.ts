import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { openRegistry, type Registry, type RegistryParts } from '../../src/plants/registry.js'
import { IdentityCache } from '../../src/plants/identity-cache.js'
import { LastUses } from '../../src/plants/last-uses.js'
import { Database } from '../../src/store/database.js'
import { PlantsStore } from '../../src/store/plants-store.js'
import type { Change } from '../support/change-registry.js'
import { ManualClock } from '../support/manual-clock.js'

const DAY_MS = 86_400_000

// Its start takes a second; it is up by the time that a test needs it.
const otherProcess = fork(fileURLToPath(new URL('../support/change-registry.js', import.meta.url)))
t.teardown(() => { otherProcess.kill('SIGKILL') })

function open (t: Test, parts: Partial<RegistryParts> = {}): Registry {
  const registry = openRegistry({ dataDir: t.testdir(), clock: new ManualClock(), onProblem: problem => { t.fail('no problem', { problem }) }, ...parts })
  t.teardown(() => { registry.close() })
  return registry
}

t.test('a key says which plant sends, by which key, and with which policy', async t => {
  const registry = open(t)
  registry.addPlant('north', { unknownFields: 'drop' })
  registry.addPlant('south', {})
  const { id, key } = registry.createKey('north', { label: 'logger 7' })
  const identity = registry.identify(key)
  t.equal(identity?.plant.name, 'north')
  t.equal(identity?.plant.policy.unknownFields, 'drop')
  t.match(identity?.key, { id, plant: 'north', label: 'logger 7' })
  t.equal(registry.identify(key)?.plant, identity?.plant, 'asked again, out of memory')
})

t.test('what is no key, unknown, of another secret, expired or revoked is told apart by nobody', async t => {
  const clock = new ManualClock()
  const registry = open(t, { clock })
  registry.addPlant('north', {})
  const elsewhere = open(t, { dataDir: t.testdir({ other: {} }) + '/other' })
  elsewhere.addPlant('north', {})
  const expiring = registry.createKey('north', { expires: { afterMs: DAY_MS } })
  const revoked = registry.createKey('north')
  t.ok(registry.identify(expiring.key))
  t.ok(registry.identify(revoked.key))
  registry.revokeKey(revoked.id)
  clock.jump(DAY_MS)
  const noKeys = ['', 'ee_', 'x'.repeat(42), `${expiring.key} `, expiring.key.toUpperCase(), `${expiring.key}\n`, elsewhere.createKey('north').key]
  for (const text of [...noKeys, expiring.key, revoked.key]) t.equal(registry.identify(text), undefined)
})

t.test('a key whose id is another\'s is refused by its hash', async t => {
  // The same id twice, by a source of randomness that repeats itself for ids alone.
  const secrets = [Buffer.alloc(15, 1), Buffer.alloc(15, 2)]
  const randomBytes = (size: number): Uint8Array => size === 5 ? Buffer.alloc(5, 7) : secrets.shift() ?? Buffer.alloc(size)
  const registry = open(t, { dataDir: t.testdir({ one: {}, two: {} }) + '/one', randomBytes })
  const other = open(t, { dataDir: join(t.testdirName, 'two'), randomBytes })
  registry.addPlant('north', {})
  other.addPlant('north', {})
  const [known, forged] = [registry.createKey('north'), other.createKey('north')]
  t.equal(known.id, forged.id)
  t.ok(registry.identify(known.key))
  t.equal(registry.identify(forged.key), undefined)
  t.throws(() => registry.createKey('north'), /randomness is broken/, 'an id that is taken is never given twice')
})

t.test('the file holds no key, and is closed to other users', async t => {
  const dataDir = t.testdir()
  const registry = open(t, { dataDir })
  registry.addPlant('north', {})
  const { id, key } = registry.createKey('north')
  const database = new Database({ dataDir, fileName: 'plants.db' })
  const row = database.get('SELECT * FROM keys WHERE id = ?', [id])
  database.close()
  const secret = key.slice(12)
  for (const value of Object.values(row ?? {})) t.notOk(Buffer.from(String(value)).includes(secret))
  t.equal((row?.['hash'] as Uint8Array).length, 32)
  for (const file of ['plants.db', 'plants.db-wal', 'plants.db-shm']) t.equal((statSync(join(dataDir, file)).mode & 0o777).toString(8), '600')
})

t.test('the last use is written beside the requests, at most every ten seconds, and at the end', async t => {
  const dataDir = t.testdir()
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const registry = openRegistry({ dataDir, clock })
  registry.addPlant('north', {})
  const { id, key } = registry.createKey('north')
  const watcher = new Database({ dataDir, fileName: 'plants.db' })
  t.teardown(() => { watcher.close() })
  const written = (): unknown => watcher.get('SELECT last_used_at_ms AS at FROM keys WHERE id = ?', [id])?.['at']

  registry.identify(key)
  await clock.advance(9_000)
  registry.identify(key)
  t.equal(written(), null, 'not while requests come')
  await clock.advance(1_000)
  t.equal(written(), Date.UTC(2026, 0, 1, 0, 0, 9))
  await clock.advance(60_000)
  registry.identify(key)
  registry.close()
  t.equal(written(), Date.UTC(2026, 0, 1, 0, 1, 10))
  t.equal(clock.waiting, 0, 'and no timer stays behind')
})

t.test('a last use that cannot be written is reported, harms nobody, and is written later', async t => {
  const dataDir = t.testdir()
  const clock = new ManualClock()
  const problems: unknown[] = []
  const registry = open(t, { dataDir, clock, onProblem: problem => { problems.push(problem) } })
  registry.addPlant('north', {})
  const { key } = registry.createKey('north')
  const blocker = new Database({ dataDir, fileName: 'plants.db' })
  t.teardown(() => { blocker.close() })
  registry.identify(key)
  blocker.exec('BEGIN IMMEDIATE')
  const startMs = performance.now()
  await clock.advance(10_000)
  t.match(problems, [{ code: 'SQLITE_BUSY' }])
  t.ok(performance.now() - startMs < 1000, 'it does not wait for the lock, which would stop every request')
  t.ok(registry.identify(key))
  blocker.exec('ROLLBACK')
  await clock.advance(10_000)
  t.type(registry.listKeys('north')[0]?.lastUsedAtMs, 'number')
  t.equal(problems.length, 1)
})

t.test('memory holds so many keys and no more, the ones used last, and no unknown ones', async t => {
  const registry = open(t)
  registry.addPlant('north', {})
  const ids = [1, 2, 3].map(() => registry.createKey('north').id)
  const store = new PlantsStore(t.testdirName)
  const cache = new IdentityCache({ store, clock: new ManualClock(), onProblem: () => {}, entriesMax: 2 })
  t.teardown(() => {
    cache.close()
    store.close()
  })
  const [one, two, three] = ids.map(id => cache.find(id, () => true))
  t.equal(one?.plant, three?.plant, 'keys of one plant share it')
  t.equal(cache.find(ids[1] ?? '', () => true), two)
  t.not(cache.find(ids[0] ?? '', () => true), one, 'forgotten, and read again')
  t.equal(cache.find(ids[1] ?? '', () => true), two)
  t.not(cache.find(ids[2] ?? '', () => true), three)
  for (let i = 0; i < 1000; i++) cache.find(`unknown${i}`, () => true)
  t.equal(cache.find(ids[1] ?? '', () => true), two)
})

/** With 1200 keys, numbered from 00000001. */
function openLastUses (t: Test): { clock: ManualClock, watcher: Database, lastUses: LastUses } {
  const clock = new ManualClock()
  const dataDir = t.testdir()
  open(t, { dataDir }).addPlant('north', {})
  const store = new PlantsStore(dataDir)
  const watcher = new Database({ dataDir, fileName: 'plants.db' })
  t.teardown(() => {
    store.close()
    watcher.close()
  })
  insertKeys(watcher, 1200)
  const lastUses = new LastUses({ store, clock, onProblem: problem => { t.fail('no problem', { problem }) } })
  return { clock, watcher, lastUses }
}

t.test('many last uses are written in portions, with requests in between', async t => {
  const { clock, watcher, lastUses } = openLastUses(t)
  const written = (): unknown => watcher.get('SELECT count(last_used_at_ms) AS n FROM keys')?.['n']
  for (let i = 1; i <= 1200; i++) lastUses.note(String(i).padStart(8, '0'))
  await clock.advance(10_000)
  t.equal(written(), 500)
  await clock.advance(50)
  t.equal(written(), 1000)
  lastUses.close()
  t.equal(written(), 1200)
  t.equal(clock.waiting, 0)
})

t.test('keys that are used all the time are written once a round, not without end', async t => {
  const { clock, watcher, lastUses } = openLastUses(t)
  const useAll = (): void => { for (let i = 1; i <= 1200; i++) lastUses.note(String(i).padStart(8, '0')) }
  const startMs = clock.now()
  const writtenSince = (ms: number): unknown => watcher.get(`SELECT count(*) AS n FROM keys WHERE last_used_at_ms >= ${startMs + ms}`)?.['n']
  useAll()
  for (const delayMs of [10_000, 50, 50, 50]) {
    await clock.advance(delayMs)
    useAll()
  }
  t.equal(writtenSince(0), 1200)
  t.equal(writtenSince(1), 0, 'what was used meanwhile waits')
  await clock.advance(10_100)
  t.equal(writtenSince(1), 1200)
  lastUses.close()
})

function insertKeys (database: Database, count: number): void {
  database.exec(`
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO keys SELECT printf('%08d', i), 'north', zeroblob(32), '', 0, NULL, NULL, NULL, '[]', '[]', '[]', 0, NULL, NULL FROM n`)
}

t.test('when the database fails, nobody is let in and nobody is told that the key is wrong', async t => {
  const dataDir = t.testdir()
  const clock = new ManualClock()
  const problems: unknown[] = []
  const registry = open(t, { dataDir, clock, onProblem: problem => { problems.push(problem) } })
  registry.addPlant('north', {})
  const { key } = registry.createKey('north')
  t.ok(registry.identify(key))
  // What a damaged disk looks like: the write-ahead log is folded in, then the file is overwritten under the running registry.
  const vandal = new Database({ dataDir, fileName: 'plants.db' })
  vandal.get('PRAGMA wal_checkpoint(TRUNCATE)')
  vandal.exec('CREATE TABLE changed (a)')
  vandal.get('PRAGMA wal_checkpoint(TRUNCATE)')
  writeFileSync(vandal.path, Buffer.alloc(statSync(vandal.path).size, 'x'))
  vandal.close()
  await clock.advance(250)
  t.throws(() => registry.identify(key), { name: 'StoreError' })
  await clock.advance(5_000)
  t.ok(problems.length <= 2, `${problems.length} reports, not one every 250 ms`)
})

t.test('a stored policy that this version does not know is an error, not the default', async t => {
  const dataDir = t.testdir()
  const registry = open(t, { dataDir })
  registry.addPlant('north', {})
  const { key } = registry.createKey('north')
  const newer = new Database({ dataDir, fileName: 'plants.db' })
  const setPolicy = (policy: string): void => { newer.run('UPDATE plants SET policy = ?', [policy]) }
  t.teardown(() => { newer.close() })

  setPolicy('{"delivery":"carrier-pigeon","unknownFields":"drop"}')
  t.throws(() => registry.identify(key), /north cannot be served: --delivery is set to "carrier-pigeon", which this version does not know; it takes relay/)
  t.equal(registry.showPlant('north').policyFaults.length, 1)
  t.same(registry.setPlant('north', { delivery: 'relay' }).policyFaults, [])
  t.equal(registry.identify(key)?.plant.policy.unknownFields, 'drop')

  setPolicy('{"liveFirst":true,"requestsPerMinute":60}')
  t.match(registry.setPlant('north', { unknownFields: 'drop' }).settings, { liveFirst: true, requestsPerMinute: 60, unknownFields: 'drop' }, 'a policy of a newer version is kept')
  for (const damaged of ['', '[]', 'null', '{"a":']) {
    setPolicy(damaged)
    t.equal(registry.showPlant('north').policyFaults.length, 1)
  }
})

t.test('what another process changes takes effect in a running registry within a second', async t => {
  const dataDir = t.testdir()
  const registry = open(t, { dataDir, clock: systemClock })
  registry.addPlant('north', {})
  const { id, key } = registry.createKey('north')
  t.ok(registry.identify(key), 'in memory from here on')
  const created = await tell({ dataDir, method: 'createKey', given: ['north'] }) as { key: string }
  t.ok(registry.identify(created.key), 'a new key, at once')

  const limitOf = (): number | undefined => registry.identify(key)?.plant.policy.requestsPerMinute
  t.ok(await effectMs({ dataDir, method: 'setPlant', given: ['north', { requestsPerMinute: 5 }] }, () => limitOf() === 5) < 1000, 'a policy')
  t.ok(await effectMs({ dataDir, method: 'revokeKey', given: [id] }, () => registry.identify(key) === undefined) < 1000, 'a revoked key')
  const removal: Change = { dataDir, method: 'removePlant', given: ['north', { force: true }] }
  t.ok(await effectMs(removal, () => registry.identify(created.key) === undefined) < 1000, 'a removed plant')
})

async function tell (change: Change): Promise<unknown> {
  otherProcess.send(change)
  const [answer] = await once(otherProcess, 'message')
  if ('error' in answer) throw new Error(answer.error)
  return answer.result
}

/** Milliseconds from the commit of a change until it shows; a second and a half at most. */
async function effectMs (change: Change, shows: () => boolean): Promise<number> {
  await tell(change)
  const committedMs = performance.now()
  while (!shows() && performance.now() - committedMs < 1500) await pause(5)
  return performance.now() - committedMs
}

t.test('identifying costs the same among 100,000 keys as among 20', async t => {
  for (const count of [20, 100_000]) {
    const dataDir = join(t.testdir(), String(count))
    const registry = open(t, { dataDir })
    registry.addPlant('north', {})
    const database = new Database({ dataDir, fileName: 'plants.db' })
    const keys = Array.from({ length: 10 }, () => registry.createKey('north').key)
    insertKeys(database, count - keys.length)
    database.close()
    const costUs = (rounds: number, prepare: () => void): string => {
      let spentMs = 0
      for (let round = 0; round < rounds; round++) {
        prepare()
        const startMs = performance.now()
        for (const key of keys) registry.identify(key)
        spentMs += performance.now() - startMs
      }
      return (spentMs * 1000 / rounds / keys.length).toFixed(1)
    }
    costUs(50, () => {})
    // An own write empties the memory.
    const cold = costUs(20, () => { registry.setPlant('north', {}) })
    t.comment(`${count} keys: ${costUs(200, () => {})} us in memory, ${cold} us from the file`)
    registry.close()
    rmSync(dataDir, { recursive: true })
  }
})

t.test('a mistyped key costs no look-up', async t => {
  const registry = openRegistry({ dataDir: t.testdir(), clock: new ManualClock() })
  registry.addPlant('north', {})
  const { key } = registry.createKey('north', {})
  // Closed, the database answers nobody.
  registry.close()
  const mistyped = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
  t.equal(registry.identify(mistyped), undefined)
  t.throws(() => registry.identify(key))
})
