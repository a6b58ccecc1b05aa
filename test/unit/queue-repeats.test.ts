import t from 'tap'
import { finishRecovery } from '../../src/queue/log-swap.js'
import { recoverStore } from '../../src/queue/log-recover.js'
import { followStored } from '../../src/queue/follow-stored.js'
import type { QueueNotice, StoredWithKey } from '../../src/queue/queue-log.js'
import { RememberedPushes } from '../../src/queue/remembered-pushes.js'
import { repeatKeyOf } from '../../src/queue/repeat-key.js'
import { Database } from '../../src/store/database.js'
import { ManualClock } from '../support/manual-clock.js'
import { dataDirOf, delivered, newEntry, parkedPart, readAll, startQueue, startThread } from '../support/queue.js'

const keyOf = (name: string, plant = 'alpha') => {
  const repeatKey = repeatKeyOf({ plant, body: Buffer.from(name), idempotencyKey: name, dedupes: false })
  if (repeatKey === undefined) throw new Error('a named push has a key')
  return repeatKey
}
const ALL = { sinceMs: 0, pushesMax: 100 }

t.test('the store tells which pushes may be repeated, the oldest first, over a restart', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const entries = ['a', 'b', 'c'].map((name, index) => newEntry({ receivedAtMs: 1000 + index, repeatKey: keyOf(name) }))
  for (const entry of entries) await log.append(entry)
  await log.append(newEntry())
  const { body, recordCount, ...origin } = newEntry({ receivedAtMs: 1003, repeatKey: keyOf('parked', 'beta'), plant: 'beta' })
  await log.park({ ...origin, parts: [parkedPart()], deliveredRecords: 0, cloudRequestIds: [] })
  const expected = [...entries, origin].map(({ requestId, plant, receivedAtMs, repeatKey }) => ({ requestId, plant, receivedAtMs, repeatKey }))
  t.strictSame(await log.remembered(ALL), expected)
  await log.settle((await readAll(log)).map(delivered))
  t.strictSame(await log.remembered(ALL), expected, 'delivered ones as well')
  await log.close()

  const again = (await startQueue(t, { dataDir, startThread })).log
  t.strictSame(await again.remembered({ sinceMs: 1001, pushesMax: 100 }), expected.slice(2), 'only those of the time')
  t.strictSame(await again.remembered({ sinceMs: 0, pushesMax: 2 }), expected.slice(2), 'the latest where there are too many')
})

t.test('what a push is repeated by goes with its receipt', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread, receiptsMax: 1 })
  for (const name of ['a', 'b', 'c']) await log.append(newEntry({ repeatKey: keyOf(name) }))
  for (const entry of await readAll(log)) await log.settle([delivered(entry)])
  t.strictSame((await log.remembered(ALL)).map(({ repeatKey }) => repeatKey), [keyOf('c')])
  await log.close()
  const database = new Database({ dataDir, fileName: 'queue.db' })
  t.same(database.get('SELECT COUNT(*) AS n FROM repeat_keys'), { n: 1 })
  database.close()
})

t.test('a push of which records were lost is not answered for', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  for (const name of ['a', 'b']) await log.append(newEntry({ repeatKey: keyOf(name) }))
  await log.close()
  const database = new Database({ dataDir, fileName: 'queue.db' })
  database.run('DELETE FROM pushes WHERE id = (SELECT MIN(id) FROM pushes)')
  database.close()
  const again = (await startQueue(t, { dataDir, startThread })).log
  t.equal(again.opened.lost.length, 1)
  t.strictSame((await again.remembered(ALL)).map(({ repeatKey }) => repeatKey), [keyOf('b')])
})

t.test('a damaged store is carried over with what its pushes are repeated by', async t => {
  const dataDir = dataDirOf(t)
  const before = (await startQueue(t, { dataDir, startThread })).log
  for (const name of ['a', 'b', 'c']) await before.append(newEntry({ repeatKey: keyOf(name) }))
  await before.settle((await readAll(before)).slice(0, 1).map(delivered))
  const known = await before.remembered(ALL)
  await before.close()
  recoverStore(dataDir, 0)
  t.ok(finishRecovery(dataDir))
  const { log } = await startQueue(t, { dataDir, startThread })
  t.equal(known.length, 3)
  t.strictSame(await log.remembered(ALL), known)
})

const pushOf = (plant: string, name: string, receivedAtMs = 0): StoredWithKey => ({ requestId: `${plant}-${name}`, plant, receivedAtMs, repeatKey: keyOf(name, plant) })
const STORED = { delivery: { kind: 'stored' } } as const

t.test('where too many are remembered, the plant that has most loses its oldest', t => {
  const remembered = new RememberedPushes({ clock: new ManualClock(0), windowMs: 1000, pushesMax: 3 })
  const knows = (plant: string, name: string): boolean => remembered.find(plant, keyOf(name, plant).key) !== undefined
  remembered.add({ ...pushOf('quiet', '1'), ...STORED })
  for (const name of ['1', '2', '3', '4', '4']) remembered.add({ ...pushOf('loud', name), ...STORED })
  t.ok(knows('quiet', '1'))
  t.strictSame(['1', '2', '3', '4'].map(name => knows('loud', name)), [false, false, true, true])
  t.end()
})

t.test('those whose time is over make room first', async t => {
  const clock = new ManualClock(0)
  const remembered = new RememberedPushes({ clock, windowMs: 1000, pushesMax: 3 })
  for (const name of ['1', '2', '3']) remembered.add({ ...pushOf('early', name), ...STORED })
  clock.jump(-1_000_000)
  await clock.advance(1000)
  for (const name of ['1', '2', '3']) remembered.add({ ...pushOf('late', name, -999_000), ...STORED })
  for (const name of ['1', '2', '3']) {
    t.equal(remembered.find('early', keyOf(name, 'early').key), undefined)
    t.ok(remembered.find('late', keyOf(name, 'late').key))
  }
})

/** The store's side of it, by hand. */
function standIn (answers: Array<StoredWithKey[] | Error>): { log: Parameters<typeof followStored>[0]['log'], change: () => void, notify: (notice: QueueNotice) => void, asked: () => number } {
  const changeListeners: Array<() => void> = []
  const noticeListeners: Array<(notice: QueueNotice) => void> = []
  let asked = 0
  return {
    log: {
      remembered: async () => {
        const answer = answers[asked++] ?? []
        if (answer instanceof Error) throw answer
        return answer
      },
      onChange: listener => { changeListeners.push(listener) },
      onNotice: listener => { noticeListeners.push(listener) }
    },
    change: () => { for (const listener of changeListeners) listener() },
    notify: notice => { for (const listener of noticeListeners) listener(notice) },
    asked: () => asked
  }
}

t.test('what the disk loses is forgotten, so that its repeat is sent', async t => {
  const clock = new ManualClock(0)
  const remembered = new RememberedPushes({ clock, windowMs: 1000 })
  const { log, notify } = standIn([[pushOf('alpha', 'a'), pushOf('alpha', 'b'), pushOf('beta', 'a')]])
  await followStored({ remembered, log, clock, onProblem: t.error })()
  const knows = (): boolean[] => [['alpha', 'a'], ['alpha', 'b'], ['beta', 'a']].map(([plant = '', name = '']) => remembered.find(plant, keyOf(name, plant).key) !== undefined)
  t.strictSame(knows(), [true, true, true])
  notify({ kind: 'lost', lost: [{ plant: 'alpha', deviceType: '1', laneSeqs: [[1, 1]], requestIds: ['alpha-a', 'unknown'], records: 2 }, { plant: 'gone', deviceType: '1', laneSeqs: [], requestIds: ['x'], records: 1 }] })
  t.strictSame(knows(), [false, true, true])
  notify({ kind: 'reopened', report: { waiting: 0, parked: 0, lost: [], setAside: undefined } })
  t.strictSame(knows(), [false, true, true])
  notify({ kind: 'reopened', report: { waiting: 0, parked: 0, lost: [], setAside: undefined, vanished: true } })
  t.strictSame(knows(), [false, false, false])
})

t.test('a store that cannot be read at the start is asked again when it is open, and what came meanwhile stays', async t => {
  const clock = new ManualClock(0)
  const remembered = new RememberedPushes({ clock, windowMs: 1000 })
  const { log, change, asked } = standIn([new Error('ill'), [pushOf('alpha', 'a'), pushOf('alpha', 'b')]])
  const problems: unknown[] = []
  await followStored({ remembered, log, clock, onProblem: problem => { problems.push(problem) } })()
  t.match(problems, [{ message: 'ill' }])
  remembered.add({ ...pushOf('alpha', 'a'), requestId: 'newer', delivery: { kind: 'relayed', cloudRequestId: undefined } })
  change()
  await clock.advance(0)
  t.equal(remembered.find('alpha', keyOf('a').key)?.requestId, 'newer')
  t.equal(remembered.find('alpha', keyOf('b').key)?.requestId, 'alpha-b')
  change()
  t.equal(asked(), 2, 'once it is known it is not asked for again')
})
