import t from 'tap'
import { addressGroup } from '../../src/address-group.js'
import { PointsBuckets } from '../../src/plants/points-bucket.js'
import { createRateStore } from '../../src/plugins/rate-store.js'
import { BodyBudget } from '../../src/plugins/body-budget.js'
import { GatheredBytes } from '../../src/plugins/gathered-bytes.js'
import { readTarget } from '../../src/request-target.js'
import { createIsShared } from '../../src/shared-addresses.js'
import { ManualClock } from '../support/manual-clock.js'

t.test('an address is counted by what its owner has: one IPv4 address, one IPv6 network', async t => {
  const cases: Record<string, string> = {
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::FFFF:192.0.2.1': '192.0.2.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:0DB8:0001:2::': '2001:db8:1:2::/64',
    '2001:db8::6': '2001:db8:0:0::/64',
    '::1': '0:0:0:0::/64',
    '::': '0:0:0:0::/64',
    '1::2:3:4:5:6': '1:0:0:2::/64',
    '64:ff9b::192.0.2.1': '64:ff9b:0:0::/64',
    '1:2:3:4:5:6:192.0.2.1': '1:2:3:4::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64'
  }
  for (const [address, group] of Object.entries(cases)) t.equal(addressGroup(address), group, address)
  for (const none of [undefined, '', 'unknown', '192.0.2.1:80', '[::1]', '1'.repeat(10_000), '1:2:3', '%']) t.equal(addressGroup(none), 'none')
})

t.test('loopback and the load balancers stand for many senders, nobody else', async t => {
  const isShared = createIsShared(['10.1.2.3/8', '192.0.2.7', '2001:db8::/32', '::1'])
  for (const shared of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.200.0.1', '::ffff:10.0.0.1', '192.0.2.7', '2001:db8:5::1', '2001:db8::1%eth0']) t.ok(isShared(shared), shared)
  for (const single of ['192.0.2.8', '11.0.0.1', '2001:db9::1', '', 'localhost', 'x']) t.notOk(isShared(single), single)
  t.notOk(createIsShared([])('10.0.0.1'))
})

t.test('a target is read in every form that HTTP has', async t => {
  const cases: Record<string, string> = {
    '/a?b=/c#d': '/a?b=/c',
    'http://host/a/b?c': '/a/b?c',
    'HTTPS://user@[::1]:80/a': '/a',
    'http://host': '/',
    'http://host?a=1': '/?a=1',
    '': '/',
    'a/b': '/a/b',
    '*': '*',
    '/%41': '/%41',
    '/%': '/-',
    '/%c3%28?x': '/-',
    '/a?x=%': '/a?x=%'
  }
  for (const [target, path] of Object.entries(cases)) t.equal(readTarget(target), path, target)
})

t.test('points fill a bucket evenly, up to a minute of them', async t => {
  const clock = new ManualClock()
  const buckets = new PointsBuckets(clock)
  t.strictSame(buckets.take('a', 60, 61), { kind: 'above-burst', burstPoints: 60 })
  t.strictSame(buckets.take('a', 60, 60), { kind: 'taken', delayMs: 0 }, 'what was too much has taken nothing')
  t.strictSame(buckets.take('a', 60, 30), { kind: 'wait', waitMs: 30_000 })
  t.strictSame(buckets.take('b', 60, 60), { kind: 'taken', delayMs: 0 }, 'each plant has its own')
  await clock.advance(29_999)
  t.strictSame(buckets.take('a', 60, 30), { kind: 'wait', waitMs: 1 })
  await clock.advance(1)
  t.strictSame(buckets.take('a', 60, 30), { kind: 'taken', delayMs: 0 }, 'the wait that was told is long enough')
  await clock.advance(3_600_000)
  t.strictSame(buckets.take('a', 60, 60), { kind: 'taken', delayMs: 0 })
  t.strictSame(buckets.take('a', 60, 1), { kind: 'wait', waitMs: 1_000 }, 'an hour of silence is no more than a minute')
  t.strictSame(buckets.take('a', 10, 11), { kind: 'above-burst', burstPoints: 10 }, 'a limit that was lowered counts at once')
})

t.test('the told wait is always enough, whatever was taken before', async t => {
  const clock = new ManualClock()
  const buckets = new PointsBuckets(clock)
  let seed = 7
  const random = (max: number): number => { seed = (seed * 48_271) % 2_147_483_647; return seed % max }
  for (let n = 0; n < 300; n++) {
    const points = 1 + random(97)
    const taken = buckets.take('a', 97, points)
    if (taken.kind === 'wait') {
      await clock.advance(taken.waitMs)
      t.equal(buckets.take('a', 97, points).kind, 'taken')
    }
    await clock.advance(random(5_000))
  }
})

t.test('what can be kept is promised ahead, each push for the moment when its points are there', async t => {
  const clock = new ManualClock()
  const buckets = new PointsBuckets(clock)
  const take = (points: number, perMinute = 60): unknown => buckets.take('a', perMinute, points, perMinute)
  t.strictSame([take(60), take(20), take(40)], [0, 20_000, 60_000].map(delayMs => ({ kind: 'taken', delayMs })))
  t.strictSame(take(1), { kind: 'wait', waitMs: 1_000 }, 'a minute ahead, and no more')
  t.strictSame(take(61), { kind: 'above-burst', burstPoints: 60 })
  await clock.advance(1_000)
  t.strictSame(take(1), { kind: 'taken', delayMs: 60_000 })
  t.strictSame(buckets.take('a', 60, 1), { kind: 'wait', waitMs: 61_000 }, 'a plant that no longer stores waits for what was promised')
  await clock.advance(120_000)
  t.strictSame(take(60), { kind: 'taken', delayMs: 0 })
  t.strictSame(take(60), { kind: 'taken', delayMs: 60_000 })
  t.strictSame(take(1, 6), { kind: 'wait', waitMs: 10_000 }, 'a limit that was lowered forgives what was promised beyond it')
})

t.test('as many plants are remembered as may be, and the one that pushed longest ago is forgotten', async t => {
  const buckets = new PointsBuckets(new ManualClock(), 2)
  for (const plant of ['a', 'b', 'a', 'c']) buckets.take(plant, 10, 5)
  t.equal(buckets.take('a', 10, 1).kind, 'wait', 'it was used after b')
  t.equal(buckets.take('b', 10, 10).kind, 'taken')
})

t.test('a limit remembers so many senders, each for its window', async t => {
  const clock = new ManualClock()
  const store = new (createRateStore(clock, 2))({})
  const hear = (key: string): number => {
    let heard = 0
    store.incr(key, (_error, result) => { heard = result?.current ?? NaN }, 1000, 5)
    return heard
  }
  t.strictSame(['a', 'a', 'b', 'a', 'c', 'b', 'a'].map(hear), [1, 2, 1, 3, 1, 1, 1], 'b, then a, was heard longest ago')
  await clock.advance(1000)
  t.equal(hear('a'), 1)
})

t.test('body bytes are given back, and an address that holds none is forgotten', async t => {
  const budget = new BodyBudget({ allMaxBytes: 100, perAddressMaxBytes: 50, isShared: address => address === '127.0.0.1' })
  t.ok(budget.take('192.0.2.1', 50))
  t.notOk(budget.take('192.0.2.1', 1))
  t.ok(budget.take('192.0.2.2', 20))
  t.notOk(budget.take('127.0.0.1', 31))
  t.ok(budget.take('127.0.0.1', 30))
  t.equal(budget.allBytes, 100)
  budget.release('192.0.2.1', 50)
  budget.release('127.0.0.1', 30)
  budget.release('192.0.2.2', 20)
  t.equal(budget.allBytes, 0)
  t.ok(budget.take('192.0.2.1', 50))
})

t.test('bytes that come in pieces are the same bytes', async t => {
  for (const sizes of [[], [0], [5], [1, 1, 1], [3, 0, 100, 7], Array<number>(200).fill(13)]) {
    const gathered = new GatheredBytes()
    const pieces = sizes.map((size, n) => Buffer.alloc(size, n + 1))
    for (const piece of pieces) gathered.add(piece)
    t.ok(gathered.bytes.equals(Buffer.concat(pieces)), sizes.join())
    t.equal(gathered.length, gathered.bytes.length)
  }
})
