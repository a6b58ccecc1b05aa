import t from 'tap'
import { after, DELIVERED, device, failure, setUpQueue } from '../support/queue-bench.js'
import { dataDirOf, newEntry, readAll, startQueue, startThread } from '../support/queue.js'

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
