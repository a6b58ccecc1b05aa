import t, { type Test } from 'tap'
import { MemoryQueueLog } from '../support/memory-queue-log.js'
import { after, type Bench, DELIVERED, device, failure, pushOf, setUpQueue } from '../support/queue-bench.js'

/** North and south are plants of two accounts. */
function setUpTwo (t: Test, log = new MemoryQueueLog()): Bench {
  const bench = setUpQueue(t, { log })
  bench.credentials.set('north', 'first').set('south', 'second')
  return bench
}

async function storeMany (bench: Bench, plant: string, count: number): Promise<void> {
  // Each in a call of its own: records of one device and time never travel together.
  for (let n = 0; n < count; n++) await bench.store(plant, [device(plant)], { deviceType: String(n % 8) })
}

t.test('an account that is out does not hold up another: that delivers as fast as if it were alone', async t => {
  const drainMs = async (northIsOut: boolean): Promise<number> => {
    const bench = setUpTwo(t)
    bench.answer = async ({ credential }) => await after(bench.clock, 50, credential === 'first' ? failure('account-fault', { code: 'Forbidden.RAM' }) : DELIVERED)
    if (northIsOut) await storeMany(bench, 'north', 100)
    await bench.clock.advance(60_000)
    const startedAtMs = bench.now()
    await storeMany(bench, 'south', 200)
    for (let n = 0; n < 600 && bench.delivered.length < 200; n++) await bench.clock.advance(100)
    t.equal(bench.delivered.length, 200)
    t.equal(bench.calls.filter(({ credential }) => credential === 'second').every(({ devices }) => devices.every(({ deviceId }) => deviceId === 'south')), true, 'nothing of north goes to the account of south')
    t.equal(bench.log.waiting, northIsOut ? 100 : 0)
    if (northIsOut) t.match(bench.alarms, [{ kind: 'account-fault', code: 'Forbidden.RAM', account: 'first' }])
    return bench.now() - startedAtMs
  }
  const aloneMs = await drainMs(false)
  t.equal(await drainMs(true), aloneMs)
})

t.test('while an account is out live pushes of another are tried, and two throttled accounts keep two paces', async t => {
  const bench = setUpTwo(t)
  bench.answer = ({ credential }) => credential === 'first' ? failure('throttled', { retryAfterMs: 60_000 }) : DELIVERED
  await bench.store('north', [device('n')])
  await bench.clock.advance(10)
  await storeMany(bench, 'south', 10)
  await bench.clock.advance(10_000)
  t.equal(bench.delivered.length, 10)
  t.equal(bench.log.waiting, 1)
  t.same([bench.queue.mayRelay('south', 'second'), bench.queue.mayRelay('north', 'first')], [true, false])
  bench.answer = () => DELIVERED
  await bench.clock.advance(60_000)
  t.equal(bench.log.waiting, 0)
})

t.test('what waits is sent with the credential that its plant has at the time of sending', async t => {
  const bench = setUpTwo(t)
  bench.answer = ({ credential }) => credential === 'first' ? failure('account-fault') : DELIVERED
  await storeMany(bench, 'north', 20)
  await bench.clock.advance(60_000)
  bench.credentials.set('north', 'second')
  const before = bench.calls.length
  // Its next push takes those of its lane along at once; the others follow when the account would have been asked again.
  await bench.store('north', [device('new')], { deviceType: '0' })
  await bench.clock.advance(1_000)
  t.ok(bench.delivered.length >= 3)
  await bench.clock.advance(30_000)
  t.same([...new Set(bench.calls.slice(before).map(({ credential }) => credential))], ['second'])
  t.equal(bench.log.waiting, 0)
  t.match([bench.alarms, bench.endedAlarms, bench.queue.alarms()], [[{ account: 'first' }], [{ account: 'first' }], []], 'nothing waits for that account any more')
})

t.test('a credential that changes while a call is being read does not send it with the one before', async t => {
  class SlowLog extends MemoryQueueLog {
    onRead = (): void => {}
    override async read (...given: Parameters<MemoryQueueLog['read']>): ReturnType<MemoryQueueLog['read']> {
      this.onRead()
      return await super.read(...given)
    }
  }
  const log = new SlowLog()
  const bench = setUpTwo(t, log)
  log.onRead = () => { bench.credentials.set('north', 'second') }
  await bench.store('north', [device('n')])
  await bench.clock.advance(1_000)
  t.same(bench.calls.map(({ credential }) => credential), ['second'])
})

t.test('a credential that was changed is tried at once, its outage and its alarm end with the one before', async t => {
  const bench = setUpTwo(t)
  bench.answer = () => failure('account-fault', { code: 'InvalidAccessKeyId.NotFound' })
  await storeMany(bench, 'north', 8)
  await bench.clock.advance(120_000)
  t.match(bench.alarms, [{ account: 'first' }])
  bench.answer = () => DELIVERED
  bench.queue.renewAccounts(['first', 'never-used'])
  t.match(bench.endedAlarms, [{ account: 'first' }])
  t.same(bench.queue.alarms(), [])
  await bench.clock.advance(1_000)
  t.equal(bench.log.waiting, 0)
})

t.test('a call that was under way when its credential changed fails for nobody: no alarm, and it is made again with the new one', async t => {
  const bench = setUpTwo(t)
  bench.answer = async () => await after(bench.clock, 5_000, failure('account-fault'))
  await bench.store('north', [device('n')])
  await bench.clock.advance(100)
  t.equal(bench.calls.length, 1)
  bench.queue.renewAccounts(['first'])
  bench.answer = () => DELIVERED
  await bench.clock.advance(4_000)
  t.equal(bench.calls.length, 1, 'one call of a lane at a time, also across the change')
  await bench.clock.advance(1_000)
  t.same([bench.calls.length, bench.log.waiting, bench.alarms], [2, 0, []])
  bench.queue.stop()
  await bench.queue.ended(0)
  t.equal(bench.clock.waiting, 0, 'no timer is left behind')
})

t.test('how long what waits will take is told by the pace of its own account', async t => {
  const bench = setUpTwo(t)
  bench.answer = async ({ credential }) => await after(bench.clock, 100, credential === 'first' ? failure('unsent') : DELIVERED)
  await storeMany(bench, 'north', 10)
  await storeMany(bench, 'south', 400)
  await bench.clock.advance(1_000)
  const { plants } = await bench.queue.state()
  t.match(plants, [{ plant: 'north', drainsInMs: undefined }, { plant: 'south', drainsInMs: Number }])
})

t.test('a refusal that meets strangers of one account says nothing of another', async t => {
  const bench = setUpTwo(t)
  bench.credentials.set('east', 'first')
  const reason = { code: 'InvalidParameter.X', message: 'no', cloudRequestId: undefined }
  for (const plant of ['north', 'east', 'south']) await bench.queue.park(pushOf(plant, [device(plant)]), reason, 'push')
  t.equal(bench.log.parked.length, 2, 'the first of each account is parked; the second of one account is kept')
})
