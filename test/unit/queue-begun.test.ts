import t from 'tap'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { after, DELIVERED, device, failure, pushOf, setUpQueue } from '../support/queue-bench.js'
import { dataDirOf, newEntry, parkedPart, readAll, startQueue, startThread } from '../support/queue.js'

t.test('with --when-unsure park a call is marked on disk before it is sent, and what did not arrive is unmarked', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { whenUnsure: 'park' })
  const marks: boolean[] = []
  bench.answer = async () => {
    marks.push(bench.log.entries().every(({ doubtfulCall }) => doubtfulCall !== undefined))
    return await after(bench.clock, 100, failure('throttled', { retryAfterMs: 1000 }))
  }
  await bench.store('north', [device('a')])
  await bench.clock.advance(500)
  t.same(marks, [true], 'a kill while it is under way would find it in doubt')
  t.same(bench.log.entries().map(({ doubtfulCall }) => doubtfulCall), [undefined], 'and not after an answer that tells')
  bench.answer = () => DELIVERED
  await bench.clock.advance(10_000)
  t.same(bench.delivered, ['a'])
  t.same(bench.log.parked, [])
})

t.test('what cannot be marked is not sent', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { whenUnsure: 'park' })
  bench.log.failing.noteFailure = new Error('disk full')
  await bench.store('north', [device('a')])
  await bench.clock.advance(5_000)
  t.equal(bench.calls.length, 0)
  bench.log.failing = {}
  await bench.clock.advance(60_000)
  t.same(bench.delivered, ['a'])
})

t.test('a plant whose pushes may come twice is spared the mark', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => {
    t.same(bench.log.entries().map(({ doubtfulCall }) => doubtfulCall), [undefined])
    return DELIVERED
  }
  await bench.store('north', [device('a')])
  await bench.clock.advance(1_000)
  t.same(bench.delivered, ['a'])
})

t.test('the mark outlives a restart, counts as no failure, and can be taken back', async t => {
  const dataDir = dataDirOf(t)
  const first = await startQueue(t, { dataDir, startThread })
  const ids = [(await first.log.append(newEntry())).id, (await first.log.append(newEntry())).id]
  await first.log.noteBegun(ids, { atMs: 7, begun: true })
  await first.log.close()
  const { log } = await startQueue(t, { dataDir, startThread })
  t.match(await readAll(log), ids.map(() => ({ failures: 0, doubtfulCall: ids[0] })))
  await log.noteBegun(ids, { atMs: 8, begun: false })
  t.match(await readAll(log), ids.map(() => ({ failures: 0, doubtfulCall: undefined })))
})

t.test('with --live-first new pushes stay behind those of their own lane when the backlog is gone before them', async t => {
  const bench = setUpQueue(t, { bounds: { callRecordsMax: 1 } })
  bench.answer = async () => await after(bench.clock, 100, DELIVERED)
  await bench.store('north', [device('old')])
  for (let n = 0; n < 40; n++) {
    await bench.queue.store(pushOf('north', [device('new', n)]), { liveFirst: true })
    await bench.clock.advance(40)
  }
  await bench.clock.advance(10_000)
  const times = bench.calls.flatMap(({ devices }) => devices).filter(({ deviceId }) => deviceId === 'new').map(({ recordTime }) => recordTime)
  t.equal(times.length, 40)
  t.same(times, times.toSorted())
})

t.test('a call that is being divided when the proxy ends is parked whole by a plant that wants nothing sent twice', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { whenUnsure: 'park' })
  bench.answer = async ({ devices }) => await after(bench.clock, 100, devices.some(({ deviceId }) => deviceId === 'bad') ? failure('refused', { code: 'InvalidParameter' }) : DELIVERED)
  await bench.store('north', ['a', 'b', 'c', 'bad'].map(id => device(id)))
  await bench.clock.advance(150)
  bench.queue.stop()
  const ended = bench.queue.ended(60_000)
  await bench.clock.advance(1_000)
  await ended
  t.same(bench.delivered, ['a', 'b'])
  t.match(bench.log.entries(), [{ doubtfulCall: Number }], 'the next start finds it in doubt')
})

t.test('a push that is replayed while everything is exported is in the export all the same', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  for (let n = 0; n < 40; n++) await log.park({ ...newEntry({ requestId: `p${n}` }), parts: [parkedPart()], deliveredRecords: 0, cloudRequestIds: [] })
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  const exported: string[] = []
  for (const { requestId } of file.exportRows()) {
    if (exported.push(requestId) === 1) for (const { id } of file.listParked().slice(-6)) file.replay(id)
  }
  t.same(new Set(exported).size, 40)
})
