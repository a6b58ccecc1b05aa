import t from 'tap'
import { MemoryQueueLog } from '../support/memory-queue-log.js'
import { after, DELIVERED, device, failure, pushOf, setUpQueue } from '../support/queue-bench.js'

t.test('pushes of a lane arrive in the order of their commit, one call at a time', async t => {
  const bench = setUpQueue(t)
  let inFlight = 0
  let mostInFlight = 0
  bench.answer = async () => {
    inFlight += 1
    mostInFlight = Math.max(mostInFlight, inFlight)
    const verdict = await after(bench.clock, 40, DELIVERED)
    inFlight -= 1
    return verdict
  }
  const ids = Array.from({ length: 100 }, (_, n) => `d${n}`)
  for (const [n, id] of ids.entries()) {
    await bench.store('north', [device(id, n)])
    await bench.clock.advance(7)
  }
  await bench.clock.advance(5_000)
  t.same(bench.delivered, ids)
  t.equal(mostInFlight, 1)
  t.equal(bench.log.waiting, 0)
  t.same(bench.log.settled.map(({ deliveredRecords, cloudRequestIds }) => [deliveredRecords, cloudRequestIds]), ids.map(() => [1, ['CLOUD-ID']]))
})

t.test('lanes of one plant go on beside each other', async t => {
  const bench = setUpQueue(t)
  bench.answer = async ({ deviceType }) => await after(bench.clock, deviceType === '1' ? 20_000 : 10, DELIVERED)
  await bench.store('north', [device('slow')])
  await bench.store('north', [device('quick')], { deviceType: '2' })
  await bench.clock.advance(1_000)
  t.same(bench.delivered, ['quick'])
})

t.test('what waits travels together, up to the bounds, and never twice one device and time', async t => {
  const bench = setUpQueue(t, { bounds: { callRecordsMax: 10 } })
  bench.answer = async () => await after(bench.clock, 100, DELIVERED)
  await bench.store('north', [device('first')])
  for (let n = 0; n < 25; n++) await bench.store('north', [device(`d${n}`)])
  await bench.store('north', [device('d24')])
  await bench.store('north', Array.from({ length: 30 }, (_, n) => device(`large${n}`)))
  await bench.clock.advance(60_000)
  t.same(bench.calls.map(({ devices }) => devices.length), [1, 10, 10, 5, 1, 30])
  t.same(bench.events.map(({ pushes, records }) => [pushes, records]), [[1, 1], [10, 10], [10, 10], [5, 5], [1, 1], [1, 30]])
  t.equal(bench.log.waiting, 0)
})

t.test('a call stays within its bytes, unless one push alone has more', async t => {
  const bench = setUpQueue(t, { bounds: { callBytesMax: 2_000 } })
  bench.answer = async () => await after(bench.clock, 100, DELIVERED)
  await bench.store('north', [device('first')])
  for (let n = 0; n < 40; n++) await bench.store('north', [device(`d${n}`, 0, { a: 'x'.repeat(100) })])
  await bench.store('north', [device('huge', 0, Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`p${n}`, 'x'.repeat(200)])))])
  await bench.clock.advance(60_000)
  const sizes = bench.calls.map(({ body }) => body.length)
  t.ok(sizes.slice(0, -1).every(size => size <= 2_000), String(sizes))
  t.ok(sizes.slice(1, 4).every(size => size > 1_700), `and fills them: ${sizes.join()}`)
  t.ok((sizes.at(-1) ?? 0) > 10_000)
  t.equal(bench.log.waiting, 0)
})

t.test('a plant with 10,000 waiting does not delay the first push of another', async t => {
  const bench = setUpQueue(t, { bounds: { callsInFlightMax: 1, callRecordsMax: 10 } })
  bench.answer = async () => await after(bench.clock, 500, DELIVERED)
  await Promise.all(Array.from({ length: 10_000 }, async (_, n) => { await bench.store('north', [device(`n${n}`)]) }))
  await bench.clock.advance(3_100)
  await bench.store('south', [device('s0')])
  const before = bench.calls.length
  await bench.clock.advance(1_000)
  t.same(bench.calls.slice(before).map(({ devices }) => devices[0]?.deviceId?.[0]), ['s', 'n'])
})

t.test('a call whose outcome is in doubt is sent again with exactly its bytes, whatever came meanwhile', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('maybe-arrived')
  await bench.store('north', [device('a')])
  await bench.store('north', [device('b', 1, { Ua: '329.0', 设备: '1e400' })])
  await bench.clock.advance(0)
  for (let n = 0; n < 20; n++) await bench.store('north', [device(`later${n}`)])
  await bench.clock.advance(120_000)
  const bodies = new Set(bench.calls.map(({ body }) => body))
  t.equal(bodies.size, 1)
  t.ok(bench.calls.length > 3)
  const again = bench.events.length
  bench.answer = () => DELIVERED
  await bench.clock.advance(30_000)
  t.equal(bench.calls[again]?.body, bench.calls[0]?.body)
  t.equal(bench.calls[again + 1]?.devices.length, bench.calls[0]?.devices.length === 1 ? 21 : 20)
  t.equal(bench.log.waiting, 0)
})

t.test('what is in doubt stays so over a restart', async t => {
  const log = new MemoryQueueLog()
  const before = setUpQueue(t, { log })
  before.answer = async () => await after(before.clock, 10, failure('maybe-arrived'))
  for (let n = 0; n < 3; n++) await before.store('north', [device(`d${n}`)])
  await before.clock.advance(15)
  before.queue.stop()
  await before.queue.ended(0)
  for (let n = 3; n < 6; n++) await before.store('north', [device(`d${n}`)])
  const bench = setUpQueue(t, { log })
  await bench.queue.start()
  await bench.clock.advance(5_000)
  t.equal(bench.calls[0]?.body, before.calls[0]?.body)
  t.same(bench.delivered, ['d0', 'd1', 'd2', 'd3', 'd4', 'd5'])
})

t.test('a doubt that cannot be written down is kept in memory', async t => {
  const bench = setUpQueue(t)
  bench.log.failing.noteFailure = new Error('disk full')
  bench.answer = () => failure('maybe-arrived')
  await bench.store('north', [device('a')])
  await bench.clock.advance(0)
  await bench.store('north', [device('b')])
  bench.answer = () => DELIVERED
  await bench.clock.advance(10_000)
  t.same(bench.calls.map(({ devices }) => devices.map(({ deviceId }) => deviceId)), [['a'], ['a'], ['b']])
  t.equal(bench.problems.length, 1)
})

t.test('a push that comes while its lane is found empty is delivered all the same', async t => {
  const log = new MemoryQueueLog()
  const bench = setUpQueue(t, { log })
  await bench.queue.start()
  const { id } = await log.append(pushOf('north', [device('skipped')]))
  const read = log.read.bind(log)
  let reads = 0
  log.read = async (...given) => {
    reads += 1
    if (reads > 1) return await read(...given)
    log.skip(id)
    const found = await read(...given)
    await bench.store('north', [device('just then')])
    return found
  }
  log.skip(0)
  await bench.clock.advance(1_000)
  t.same(bench.delivered, ['just then'])
})

t.test('a push that somebody else puts behind a call in flight is delivered after it', async t => {
  const log = new MemoryQueueLog()
  const bench = setUpQueue(t, { log })
  await bench.queue.start()
  bench.answer = async () => await after(bench.clock, 100, DELIVERED)
  await bench.store('north', [device('in flight')])
  await bench.clock.advance(50)
  await log.append(pushOf('north', [device('replayed')]))
  // As the queue's thread tells of it.
  log.skip(0)
  await bench.clock.advance(10_000)
  t.same(bench.delivered, ['in flight', 'replayed'])
})

t.test('a push too large to be read with the one before it does not wait for another to come', async t => {
  const bench = setUpQueue(t)
  bench.answer = async () => await after(bench.clock, 100, DELIVERED)
  await bench.store('north', Array.from({ length: 5_000 }, (_, n) => device(`d${n}`)))
  await bench.store('north', [device('small')])
  await bench.store('north', [device('huge', 0, { a: 'x'.repeat(3_000_000) })])
  await bench.clock.advance(60_000)
  t.same(bench.delivered.slice(5_000), ['small', 'huge'])
})

t.test('a live push that may have arrived is sent again alone', async t => {
  const bench = setUpQueue(t)
  bench.answer = async () => await after(bench.clock, 100, DELIVERED)
  await bench.store('north', [device('first')])
  await bench.store('north', [device('a')])
  await bench.store('north', [device('doubtful')], { inDoubt: true })
  await bench.store('north', [device('b')])
  await bench.clock.advance(10_000)
  t.same(bench.calls.map(({ devices }) => devices.map(({ deviceId }) => deviceId)), [['first'], ['a'], ['doubtful'], ['b']])
})

t.test('a delivery that cannot be recorded is not sent again; its lane waits, and others go on', async t => {
  const bench = setUpQueue(t)
  bench.log.failing.settle = new Error('disk full')
  await bench.store('north', [device('a')])
  await bench.clock.advance(0)
  await bench.store('north', [device('b')])
  await bench.clock.advance(600_000)
  t.same(bench.delivered, ['a'])
  t.ok(bench.log.asked.settle > 10 && bench.log.asked.settle < 60, `${bench.log.asked.settle} tries in ten minutes`)
  t.match(bench.alarms, [{ kind: 'unrecorded', plant: 'north', deviceType: '1' }], 'told once')
  await bench.store('south', [device('s')])
  await bench.clock.advance(0)
  t.same(bench.delivered, ['a', 's'], 'the cloud goes on')
  delete bench.log.failing.settle
  await bench.clock.advance(30_000)
  t.same(bench.delivered, ['a', 's', 'b'])
  t.equal(bench.log.waiting, 0)
  t.equal(bench.endedAlarms.length, bench.alarms.length)
})

t.test('a queue that cannot be read is asked again, and does not block the start', async t => {
  const log = new MemoryQueueLog()
  await log.append(pushOf('north', [device('a')]))
  const bench = setUpQueue(t, { log })
  log.failing.lanes = log.failing.read = new Error('bad sector')
  await bench.queue.start()
  await bench.clock.advance(60_000)
  t.match(bench.alarms, [{ kind: 'unreadable' }])
  delete log.failing.lanes
  await bench.clock.advance(60_000)
  delete log.failing.read
  await bench.clock.advance(30_000)
  t.same(bench.delivered, ['a'])
  t.same(bench.queue.alarms(), [])
})

t.test('what another process put in or took out is seen at once', async t => {
  const bench = setUpQueue(t)
  await bench.queue.start()
  const { id } = await bench.log.append(pushOf('north', [device('replayed')]))
  await bench.log.append(pushOf('north', [device('other')]))
  bench.log.skip(id)
  await bench.clock.advance(0)
  t.same(bench.delivered, ['other'])
})

t.test('a push that is taken out while its call is in doubt does not stop its lane', async t => {
  const bench = setUpQueue(t)
  await bench.queue.start()
  bench.answer = () => failure('maybe-arrived')
  await bench.store('north', [device('a')])
  await bench.clock.advance(0)
  await bench.store('north', [device('b')])
  bench.answer = () => DELIVERED
  bench.log.skip(bench.log.entries()[0]?.id ?? 0)
  await bench.clock.advance(30_000)
  t.same(bench.delivered, ['b'])
})

t.test('a stop begins nothing more, finishes what is in flight, and cuts off what does not end', async t => {
  const bench = setUpQueue(t)
  bench.answer = async ({ deviceType }) => deviceType === '1' ? await after(bench.clock, 300, DELIVERED) : await new Promise(() => {})
  await bench.store('north', [device('quick')])
  await bench.store('north', [device('hangs')], { deviceType: '2' })
  await bench.clock.advance(10)
  await bench.store('north', [device('waits')])
  bench.queue.stop()
  const ended = bench.queue.ended(1_000)
  await bench.clock.advance(2_000)
  await ended
  t.same(bench.delivered, ['quick'])
  t.equal(bench.calls.length, 2)
  t.match(bench.log.entries(), [{ doubtfulCall: undefined }, { doubtfulCall: Number }], 'what was cut off may have arrived')
  await bench.store('north', [device('late')])
  t.equal(bench.log.waiting, 3, 'what comes now is kept')
  t.equal(bench.clock.waiting, 0, 'no timer is left')
})

t.test('the queue tells what waits, since when, and about how long it will take', async t => {
  const bench = setUpQueue(t, { bounds: { callRecordsMax: 10, callsInFlightMax: 1 } })
  bench.answer = async () => await after(bench.clock, 1_000, DELIVERED)
  for (let n = 0; n < 400; n++) await bench.store('north', [device(`n${n}`, n)])
  for (let n = 0; n < 20; n++) await bench.store('south', [device(`s${n}`)])
  t.match((await bench.queue.state()).plants[0], { drainsInMs: undefined }, 'nothing is known before anything moved')
  await bench.clock.advance(20_000)
  const { plants } = await bench.queue.state()
  t.match(plants, [{ plant: 'north', oldestAtMs: 0, waiting: Number }])
  const toldMs = plants[0]?.drainsInMs ?? 0
  const startMs = bench.now()
  for (let second = 0; second < 100 && bench.log.waiting > 0; second++) await bench.clock.advance(1_000)
  const tookMs = bench.now() - startMs
  t.ok(toldMs > tookMs / 2 && toldMs < tookMs * 2, `${toldMs} ms told, ${tookMs} ms taken`)
  t.same((await bench.queue.state()).plants, [])
})

t.test('5,000 waiting pushes need a hundredth of the calls that they would need alone', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('unsent')
  await Promise.all(Array.from({ length: 5_000 }, async (_, n) => { await bench.store('north', [device(`d${n}`)]) }))
  await bench.clock.advance(10_000)
  bench.answer = async () => await after(bench.clock, 50, DELIVERED)
  const before = bench.calls.length
  await bench.clock.advance(120_000)
  t.equal(bench.log.waiting, 0)
  t.ok(bench.calls.length - before <= 50, `${bench.calls.length - before} calls`)
  t.equal(bench.queue.mayRelay('north', 'default'), true)
})

t.test('a push in doubt that cannot be stored does not hold up those that came beside it', async t => {
  const bench = setUpQueue(t)
  const stored = bench.store('north', [device('a')])
  bench.log.failing = { append: new Error('The queue is full.') }
  const refused = bench.store('north', [device('b', 1)], { inDoubt: true })
  await t.rejects(refused, { message: 'The queue is full.' })
  await stored
  await bench.clock.advance(0)
  t.same(bench.delivered, ['a'])
  t.ok(bench.queue.mayRelay('north', 'default'), 'nothing waits any more')
})
