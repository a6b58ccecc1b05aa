import t from 'tap'
import { Accounts } from '../../src/queue/accounts.js'
import { Alarms } from '../../src/queue/alarms.js'
import { Drain } from '../../src/queue/drain.js'
import { EndSwitch } from '../../src/end-signal.js'
import { ActiveLanes } from '../../src/queue/lanes.js'
import { DRAIN_BOUNDS } from '../../src/queue/turn-parts.js'
import { ManualClock } from '../support/manual-clock.js'
import { MemoryQueueLog } from '../support/memory-queue-log.js'
import { after, DELIVERED, device, failure, pushOf, setUpQueue, type Bench } from '../support/queue-bench.js'

/** One push each millisecond, to a cloud that answers within one. */
async function storeEachMs (bench: Bench, plant: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await bench.store(plant, [device(`d${n}`, n)])
    await bench.clock.advance(1)
  }
}

const timesOf = (bench: Bench): number[] => bench.calls.map(({ atMs }) => atMs)

t.test('what a plant that stores sends gathers for a call each 25 ms', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { delivery: 'store' })
  await storeEachMs(bench, 'north', 60)
  t.same(timesOf(bench), [0, 25, 50])
  t.same(bench.calls.map(({ devices }) => devices.length), [1, 24, 25])
  await bench.clock.advance(25)
  t.same(timesOf(bench), [0, 25, 50, 75], 'the rest goes by itself')
  t.equal(bench.log.waiting, 0)
  t.same(bench.delivered, Array.from({ length: 60 }, (_, n) => `d${n}`))
  await bench.clock.advance(25)
  await bench.store('north', [device('later')])
  await bench.clock.advance(0)
  t.equal(bench.calls.at(-1)?.atMs, bench.now(), 'after that a push goes at once')
})

t.test('a call that takes longer is followed by the next one at once', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { delivery: 'store' })
  bench.answer = async () => await after(bench.clock, 40, DELIVERED)
  await storeEachMs(bench, 'north', 100)
  t.same(timesOf(bench), [0, 40, 80])
})

t.test('what does not fit a call goes in further calls without a rest', async t => {
  const bench = setUpQueue(t, { bounds: { callRecordsMax: 10 } })
  bench.policies.set('north', { delivery: 'store' })
  bench.answer = async () => await after(bench.clock, 3, DELIVERED)
  for (let n = 0; n < 31; n++) await bench.store('north', [device(`d${n}`, n)])
  await bench.clock.advance(40)
  t.same(bench.calls.map(({ devices }) => devices.length), [1, 10, 10, 10])
  t.same(timesOf(bench), [0, 25, 28, 31])
})

t.test('other plants and live pushes do not rest', async t => {
  for (const policy of [{ delivery: 'store', liveFirst: 'on' }, { delivery: 'relay-or-store' }, {}] as const) {
    const bench = setUpQueue(t)
    bench.policies.set('north', policy)
    await storeEachMs(bench, 'north', 3)
    t.same(timesOf(bench), [0, 1, 2], JSON.stringify(policy))
  }
})

t.test('nothing is begun by a rest that ends after the stop', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { delivery: 'store' })
  await storeEachMs(bench, 'north', 3)
  bench.queue.stop()
  await bench.clock.advance(1_000)
  await bench.queue.ended(1_000)
  t.same(timesOf(bench), [0])
  t.equal(bench.log.waiting, 2, 'they are on disk')
})

t.test('the wait after a call that was given up is not cut short by a rest', async t => {
  const bench = setUpQueue(t)
  bench.policies.set('north', { delivery: 'store' })
  bench.answer = ({ devices }) => devices[0]?.deviceId === 'poison' ? failure('unknown-refusal') : DELIVERED
  await bench.store('north', [device('poison')])
  for (let second = 0; second < 1500 && bench.log.parked.length === 0; second++) {
    if (second % 5 === 0) await bench.store('south', [device('s', second)])
    await bench.clock.advance(1)
    if (bench.log.parked.length === 0) await bench.clock.advance(999)
  }
  t.match(bench.log.parked, [{ reason: { code: 'GaveUp' } }])
  const given = bench.calls.findLast(({ devices }) => devices[0]?.deviceId === 'poison')
  await bench.store('north', [device('behind')])
  await bench.clock.advance(1_000)
  const next = bench.calls.find(({ devices }) => devices[0]?.deviceId === 'behind')
  t.equal((next?.atMs ?? 0) - (given?.atMs ?? 0), 250, 'half of the first bound, as the dice say')
})

t.test('a lane is forgotten when its rest is over and nothing has come', async t => {
  const [clock, log, lanes] = [new ManualClock(), new MemoryQueueLog(), new ActiveLanes()]
  const alarms = new Alarms(clock, {})
  const random = (): number => 0.5
  const accounts = new Accounts({ clock, random, alarms, ...DRAIN_BOUNDS, credentialOf: () => 'default' })
  const policyOf = (): { whenUnsure: 'resend', delivery: 'store' } => ({ whenUnsure: 'resend', delivery: 'store' })
  const drain = new Drain({ log, clock, random, bounds: DRAIN_BOUNDS, relayOf: () => ({ send: async () => DELIVERED }), accounts, policyOf, alarms, listeners: {}, cutOff: new EndSwitch(), lanes })
  const lane = lanes.open({ plant: 'north', deviceType: '1', live: false })
  const { id, laneId } = await log.append(pushOf('north', [device('a')]))
  Object.assign(lane, { id: laneId, newestId: id, hasMore: true })
  drain.wake(lane)
  await clock.advance(24)
  t.equal(log.waiting, 0)
  t.same([...lanes.all()], [lane], 'what comes now finds its rest')
  await clock.advance(1)
  t.same([...lanes.all()], [])
  t.equal(clock.waiting, 0)
})
