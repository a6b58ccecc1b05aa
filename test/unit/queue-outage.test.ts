import t from 'tap'
import { after, DELIVERED, device, failure, setUpQueue, type Bench } from '../support/queue-bench.js'

const HOUR_MS = 3_600_000

/** Numbers from 0 to 1, the same in every run. */
function dice (): () => number {
  let seed = 7
  return () => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed / 2147483648
  }
}

async function storeMany (bench: Bench, plant: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await bench.store(plant, [device(`${plant}${n}`)])
}

t.test('while the cloud is down one call at a time asks, about 150 in an hour, and a healed cloud is noticed within 30 s', async t => {
  for (const kind of ['unsent', 'maybe-arrived', 'account-fault', 'bad-answer', 'unknown-refusal'] as const) {
    const bench = setUpQueue(t, { random: dice() })
    let inFlight = 0
    bench.answer = async () => {
      inFlight += 1
      t.ok(inFlight === 1 || bench.now() < 1_000)
      const verdict = await after(bench.clock, 20, failure(kind, { code: 'Some.Code' }))
      inFlight -= 1
      return verdict
    }
    for (const plant of ['north', 'south', 'east']) await storeMany(bench, plant, 30)
    await bench.clock.advance(HOUR_MS)
    t.ok(bench.calls.length >= 120 && bench.calls.length <= 165, `${kind}: ${bench.calls.length} calls`)
    t.equal(bench.alarms.length, 1, 'one line in the log')
    t.match(bench.alarms, [{ kind, code: 'Some.Code', account: 'default' }])
    t.equal(bench.log.parked.length, 0)
    t.ok(bench.log.asked.noteFailure <= 3, 'an outage is not written down again and again')
    bench.answer = () => DELIVERED
    await bench.clock.advance(30_000)
    t.ok(bench.delivered.length > 0, 'noticed')
    await bench.clock.advance(10_000)
    t.equal(bench.log.waiting, 0)
    t.equal(bench.endedAlarms.length, 1)
    t.same(bench.queue.alarms(), [])
  }
})

t.test('a cloud that takes calls and never answers is noticed within 30 s of its healing too', async t => {
  const bench = setUpQueue(t, { random: () => 0 })
  bench.answer = async () => await after(bench.clock, 30_000, failure('maybe-arrived', { timedOut: true }))
  await storeMany(bench, 'north', 3)
  await bench.clock.advance(HOUR_MS)
  t.ok(bench.calls.length <= 121, `${bench.calls.length} calls`)
  bench.answer = () => DELIVERED
  await bench.clock.advance(30_001)
  t.ok(bench.delivered.length > 0)
})

t.test('no credential is an outage of the account and tells the operator at once', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('unsent', { code: 'Credentials.Unavailable', remedy: 'tell-operator' })
  await storeMany(bench, 'north', 2)
  await bench.clock.advance(0)
  t.match(bench.alarms, [{ kind: 'unsent', code: 'Credentials.Unavailable' }])
})

t.test('a throttling storm is met with fewer and fewer calls, and the pause that the cloud asks for is kept', async t => {
  const bench = setUpQueue(t, { random: dice() })
  bench.answer = () => failure('throttled')
  for (let n = 0; n < 40; n++) await bench.store(`plant${n}`, [device(`d${n}`)])
  await bench.clock.advance(HOUR_MS)
  t.ok(bench.calls.length <= 200, `${bench.calls.length} calls in an hour`)
  t.equal(bench.log.asked.noteFailure, 0, 'no push is to blame')
  const before = bench.calls.length
  bench.answer = () => failure('throttled', { retryAfterMs: 120_000 })
  await bench.clock.advance(HOUR_MS)
  t.ok(bench.calls.length - before <= 31, `${bench.calls.length - before} calls`)
  bench.answer = () => DELIVERED
  await bench.clock.advance(300_000)
  t.equal(bench.log.waiting, 0)
})

t.test('after throttling the rate grows again, by halves of what it was, and settles near what the cloud allows', async t => {
  const bench = setUpQueue(t, { bounds: { callRecordsMax: 1, callsInFlightMax: 50 } })
  const perSecondMax = 20
  bench.answer = ({ atMs }) => bench.calls.filter(call => call.atMs > atMs - 1000).length > perSecondMax ? failure('throttled') : DELIVERED
  for (let n = 0; n < 60; n++) await storeMany(bench, `plant${n}`, 50)
  await bench.clock.advance(120_000)
  const throttled = bench.events.filter(({ verdict }) => verdict.kind === 'throttled').length
  const rate = bench.delivered.length / 120
  t.ok(rate > perSecondMax / 2, `${rate} delivered a second of ${perSecondMax}`)
  t.ok(throttled < bench.calls.length / 20, `${throttled} of ${bench.calls.length} throttled`)
})

t.test('the wrong readings of one record are parked with the code and the cloud\'s id, the rest of its call goes through', async t => {
  const bench = setUpQueue(t)
  bench.answer = async ({ devices }) => await after(bench.clock, 10, devices.some(({ deviceId }) => deviceId === 'north7')
    ? failure('refused', { code: 'InvalidParameter.Data', message: 'no', cloudRequestId: 'REFUSAL' })
    : DELIVERED)
  await storeMany(bench, 'north', 200)
  await bench.clock.advance(10_000)
  t.equal(new Set(bench.delivered).size, 199)
  t.match(bench.log.parked, [{ recordCount: 1, reason: { code: 'InvalidParameter.Data', message: 'no', cloudRequestId: 'REFUSAL' } }])
  t.match(JSON.parse(Buffer.from(bench.log.parked[0]?.body ?? []).toString()), { devices: [{ deviceId: 'north7' }] })
  t.equal(bench.log.waiting, 0)
  t.same(bench.alarms, [])
})

t.test('a push that is refused alone is parked at once, and so is the next of the same device', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('refused', { code: 'InvalidParameter' })
  await bench.store('north', [device('a')])
  await bench.clock.advance(0)
  await bench.store('north', [device('a', 1)])
  await bench.clock.advance(1_000)
  t.equal(bench.log.parked.length, 2)
  t.equal(bench.calls.length, 2)
  t.same(bench.alarms, [])
})

t.test('one code on pushes that have no device in common parks nothing more, holds, and asks again', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('refused', { code: 'InvalidParameter' })
  await bench.store('north', [device('a')])
  await bench.clock.advance(0)
  await bench.store('north', [device('b')])
  await bench.store('south', [device('c')])
  await bench.clock.advance(HOUR_MS)
  t.equal(bench.log.parked.length, 1)
  t.equal(bench.log.waiting, 2)
  t.match(bench.alarms, [{ kind: 'refuses-all', code: 'InvalidParameter' }])
  t.ok(bench.calls.length <= 165, `${bench.calls.length} calls`)
  bench.answer = () => DELIVERED
  await bench.clock.advance(31_000)
  t.same([...bench.delivered].sort(), ['b', 'c'])
  t.same(bench.queue.alarms(), [])
})

t.test('a backlog that is refused as a whole is divided once and kept whole', async t => {
  const bench = setUpQueue(t)
  bench.answer = async () => await after(bench.clock, 5, failure('unsent'))
  await storeMany(bench, 'north', 300)
  await bench.clock.advance(5_000)
  const before = bench.calls.length
  bench.answer = () => failure('refused', { code: 'InvalidParameter' })
  await bench.clock.advance(HOUR_MS)
  t.ok(bench.calls.length - before <= 65 + 165, `${bench.calls.length - before} calls`)
  t.equal(bench.log.parked.length, 0)
  t.equal(bench.log.waiting, 300)
  t.match(bench.alarms.at(-1), { kind: 'refuses-all' })
  bench.answer = ({ devices }) => devices.some(({ deviceId }) => deviceId === 'north5') ? failure('refused', { code: 'InvalidParameter' }) : DELIVERED
  await bench.store('south', [device('s')])
  await bench.clock.advance(120_000)
  t.equal(bench.log.waiting, 0)
  t.equal(bench.log.parked.length, 1, 'as soon as something is delivered the guilty one is found')
})

t.test('what others delivered before the refusals began does not make a backlog in doubt guilty', async t => {
  const bench = setUpQueue(t)
  bench.answer = async () => await after(bench.clock, 10, failure('maybe-arrived'))
  await storeMany(bench, 'north', 40)
  await bench.clock.advance(1_000)
  bench.answer = ({ devices }) => devices[0]?.deviceId === 'south' ? DELIVERED : failure('maybe-arrived')
  for (let n = 0; n < 10; n++) {
    await bench.store('south', [device('south', n)])
    await bench.clock.advance(3_000)
  }
  bench.answer = () => failure('refused', { code: 'InvalidParameter' })
  await bench.clock.advance(HOUR_MS)
  t.ok(bench.log.parked.length <= 1, `${bench.log.parked.length} parked`)
  t.match(bench.queue.alarms(), [{ kind: 'refuses-all' }])
})

t.test('an unknown code holds the account and never divides a backlog', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('unknown-refusal', { code: 'Account.Overdue' })
  await storeMany(bench, 'north', 100)
  await bench.clock.advance(HOUR_MS)
  t.match(bench.alarms, [{ kind: 'unknown-refusal', code: 'Account.Overdue' }])
  t.equal(bench.log.waiting, 100)
  t.ok(bench.events.every(({ purpose }) => purpose !== 'split'))
})

t.test('a push that fails for ten minutes while others are delivered is parked as GaveUp; its lane goes on', async t => {
  const bench = setUpQueue(t)
  bench.answer = ({ devices }) => devices.some(({ deviceId }) => deviceId === 'poison') ? failure('maybe-arrived', { code: 'InternalError' }) : DELIVERED
  await bench.store('north', [device('poison')])
  await bench.clock.advance(0)
  await bench.store('north', [device('behind')])
  for (let second = 0; second < 1500 && bench.log.parked.length === 0; second += 5) {
    await bench.store('south', [device('s', second)])
    await bench.clock.advance(5_000)
    if (second < 600) t.equal(bench.log.parked.length, 0)
  }
  t.match(bench.log.parked, [{ recordCount: 1, reason: { code: 'GaveUp', message: /failed \d\d times/ } }])
  t.ok(bench.calls.filter(({ devices }) => devices[0]?.deviceId === 'poison').length >= 20)
  t.match(bench.alarms.filter(({ kind }) => kind === 'stuck'), [{ plant: 'north', deviceType: '1', code: 'InternalError' }])
  await bench.clock.advance(1_000)
  t.ok(bench.delivered.includes('behind'))
  t.same(bench.queue.alarms(), [])
})

t.test('a call of many that fails so is divided before it is given up, so that the innocent are delivered', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('unsent')
  await storeMany(bench, 'north', 50)
  await bench.clock.advance(5_000)
  bench.answer = ({ devices }) => devices.some(({ deviceId }) => deviceId === 'north7') ? failure('maybe-arrived', { code: 'InternalError' }) : DELIVERED
  for (let second = 0; second < 2500 && bench.log.waiting > 0; second += 5) {
    await bench.store('south', [device('s', second)])
    await bench.clock.advance(5_000)
  }
  t.match(bench.log.parked, [{ recordCount: 1, reason: { code: 'GaveUp' } }])
  t.equal(new Set(bench.delivered.filter(id => id.startsWith('north'))).size, 49)
})

t.test('when nothing of the account succeeds no push is given up, after however many failures', async t => {
  const bench = setUpQueue(t)
  for (const kind of ['maybe-arrived', 'account-fault', 'unknown-refusal'] as const) {
    bench.answer = () => failure(kind)
    await bench.store('north', [device(kind)])
    await bench.clock.advance(3 * HOUR_MS)
  }
  t.equal(bench.log.parked.length, 0)
  t.equal(bench.log.waiting, 3)
})

t.test('one lane that fails does not hold up the others of its account', async t => {
  const bench = setUpQueue(t)
  bench.answer = ({ devices }) => devices[0]?.deviceId?.startsWith('bad') === true ? failure('account-fault', { code: 'SignatureDoesNotMatch' }) : DELIVERED
  await bench.store('bad', [device('bad')])
  for (let n = 0; n < 300; n++) {
    await bench.store('north', [device('n', n)])
    await bench.clock.advance(1_000)
  }
  t.ok(bench.delivered.length >= 299, `${bench.delivered.length} of 300`)
})

t.test('with --when-unsure park what may have arrived is parked and never sent twice, one push for each question', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { whenUnsure: 'park' })
  bench.answer = () => failure('maybe-arrived', { cloudRequestId: 'C-1' })
  await storeMany(bench, 'north', 100)
  await bench.clock.advance(60_000)
  const sent = bench.calls.flatMap(({ devices }) => devices.map(({ deviceId }) => deviceId))
  t.equal(new Set(sent).size, sent.length, 'nothing twice')
  t.equal(bench.log.parked.length, sent.length)
  t.ok(bench.calls.slice(1).every(({ devices }) => devices.length === 1))
  t.match(bench.log.parked[0]?.reason, { code: 'InDoubt', cloudRequestId: 'C-1' })
  bench.answer = () => DELIVERED
  await bench.clock.advance(60_000)
  t.equal(bench.delivered.length + bench.log.parked.length, 100)
})

t.test('a plant that comes to want nothing sent twice gets what is already in doubt parked', async t => {
  const bench = setUpQueue(t)
  bench.answer = () => failure('maybe-arrived')
  await bench.store('north', [device('a')])
  await bench.clock.advance(60_000)
  const before = bench.calls.length
  bench.policies.set('north', { whenUnsure: 'park' })
  await bench.store('north', [device('b')])
  bench.answer = () => DELIVERED
  await bench.clock.advance(60_000)
  t.same(bench.calls.slice(before).map(({ devices }) => devices[0]?.deviceId), ['b'])
  t.match(bench.log.parked, [{ reason: { code: 'InDoubt' } }])
})

t.test('a stuck lane whose push is taken out is not told as stuck any longer', async t => {
  const bench = setUpQueue(t)
  await bench.queue.start()
  bench.answer = ({ devices }) => devices[0]?.deviceId === 'poison' ? failure('bad-answer') : DELIVERED
  await bench.store('north', [device('poison')])
  for (let n = 0; n < 60; n++) {
    await bench.store('south', [device('s', n)])
    await bench.clock.advance(1_000)
  }
  t.match(bench.queue.alarms(), [{ kind: 'stuck', plant: 'north' }])
  bench.log.skip(bench.log.entries()[0]?.id ?? 0)
  await bench.clock.advance(0)
  t.same(bench.queue.alarms(), [])
})

t.test('what comes and goes by the second is told once a minute, and what stays is told', async t => {
  const bench = setUpQueue(t)
  for (let n = 0; n < 120; n++) {
    bench.answer = () => failure('account-fault', { code: 'Forbidden.RAM' })
    await bench.store('north', [device('n', n)])
    await bench.clock.advance(0)
    bench.answer = () => DELIVERED
    await bench.clock.advance(1_000)
  }
  t.ok(bench.alarms.length <= 3, `${bench.alarms.length} lines in two minutes`)
  t.equal(bench.endedAlarms.length, bench.alarms.length)
  bench.answer = () => failure('account-fault', { code: 'Forbidden.RAM' })
  await bench.store('north', [device('n', 200)])
  await bench.clock.advance(61_000)
  t.equal(bench.alarms.length, bench.endedAlarms.length + 1)
})
