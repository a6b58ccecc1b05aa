import t from 'tap'
import { after, DELIVERED, device, setUpQueue, type Bench } from '../support/queue-bench.js'

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
