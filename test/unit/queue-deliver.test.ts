import t, { type Test } from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import { ProxyError } from '../../src/errors.js'
import type { Policy } from '../../src/plants/policy.js'
import { toPlant, type Plant } from '../../src/plants/plant.js'
import { createDeliver, type Delivery } from '../../src/queue/deliver.js'
import type { Relay, SendOptions } from '../../src/relay/relay.js'
import type { Verdict } from '../../src/relay/verdict.js'
import { after, DELIVERED, device, failure, pushOf, setUpQueue, type Bench } from '../support/queue-bench.js'

interface Setup extends Bench {
  readonly options: SendOptions[]
  deliver: (deviceId: string, policy?: Partial<Policy>, clientGone?: AbortSignal) => Promise<Delivery>
}

let requests = 0

/** Deliveries of one plant in front of the queue; live pushes and calls of the queue meet the same cloud. */
function setUp (t: Test, { relayTimeoutMs }: { relayTimeoutMs?: number } = {}): Setup {
  const bench = setUpQueue(t)
  const options: SendOptions[] = []
  const relay: Relay = {
    async send (body, given) {
      options.push(given)
      const push = JSON.parse(body.toString())
      return await Promise.race([
        bench.answer({ atMs: bench.now(), body: body.toString(), credential: 'default', ...push }),
        new Promise<Verdict>(resolve => { given.clientGone?.addEventListener('abort', () => { resolve(failure('cancelled', { mayHaveArrived: true })) }) })
      ])
    },
    async close () {}
  }
  const deliver = createDeliver({ relayOf: () => relay, queue: bench.queue, clock: bench.clock, relayTimeoutMs, queueMaxBytes: 4_000 })
  return Object.assign(bench, {
    options,
    async deliver (deviceId: string, policy: Partial<Policy> = {}, clientGone = new AbortController().signal) {
      requests += 1
      const plant: Plant = toPlant({ name: 'north', createdAtMs: 0, policy: JSON.stringify(policy) })
      const outgoing = { requestId: `D-${requests}`, deviceType: '1', body: encodePush({ deviceType: '1', devices: [device(deviceId)] }), recordCount: 1 }
      return await deliver(outgoing, plant, clientGone)
    }
  })
}

const NOT_TAKEN = ['throttled', 'unsent', 'maybe-arrived', 'account-fault', 'unknown-refusal', 'bad-answer'] as const

t.test('a push that the cloud confirms is relayed, whatever the plant, and nothing is stored', async t => {
  const bench = setUp(t)
  bench.answer = () => DELIVERED
  for (const delivery of ['relay', 'relay-or-store'] as const) t.same(await bench.deliver('a', { delivery }), { kind: 'relayed', cloudRequestId: 'CLOUD-ID' })
  t.equal(bench.log.asked.append, 0)
})

t.test('what the cloud cannot take now is an error for a relay plant, and stored for the others', async t => {
  const codes: Record<typeof NOT_TAKEN[number], string> = {
    throttled: 'Cloud.Throttled', unsent: 'Cloud.Unreachable', 'maybe-arrived': 'Cloud.MaybeArrived', 'account-fault': 'Cloud.AccountFault', 'unknown-refusal': 'Cloud.Refused', 'bad-answer': 'Cloud.BadAnswer'
  }
  for (const kind of NOT_TAKEN) {
    const bench = setUp(t)
    bench.answer = () => failure(kind)
    await t.rejects(bench.deliver('a', { delivery: 'relay' }), { code: codes[kind] }, kind)
    t.equal(bench.log.asked.append, 0)
    t.same(await bench.deliver('b'), { kind: 'stored' }, kind)
    t.equal(bench.log.waiting, 1, kind)
  }
})

t.test('without a credential a relay plant hears so, and the push of another is stored', async t => {
  const bench = setUp(t)
  bench.answer = () => { throw new ProxyError('Credentials.Unavailable', undefined, { retryAfterMs: 1234 }) }
  await t.rejects(bench.deliver('a', { delivery: 'relay' }), { code: 'Credentials.Unavailable', retryAfterMs: 1234 })
  t.same(await bench.deliver('b'), { kind: 'stored' })
})

t.test('a store plant is answered before the cloud is asked', async t => {
  const bench = setUp(t)
  bench.answer = async () => await new Promise(() => {})
  t.same(await bench.deliver('a', { delivery: 'store' }), { kind: 'stored' })
  t.equal(bench.options.length, 0, 'nothing was tried live')
})

t.test('a deadline is 2.5 s where the push can be stored and 10 s where not, unless somebody set one', async t => {
  const bench = setUp(t)
  await bench.deliver('a')
  await bench.deliver('a', { delivery: 'relay' })
  await bench.deliver('a', { relayTimeoutMs: 700 })
  const set = setUp(t, { relayTimeoutMs: 5_000 })
  await set.deliver('a')
  await set.deliver('a', { delivery: 'relay' })
  t.same([...bench.options, ...set.options].map(({ timeoutMs }) => timeoutMs), [2_500, 10_000, 700, 5_000, 5_000])
})

t.test('while anything of the plant waits or is in flight its new pushes join the queue, and are relayed again after it', async t => {
  const bench = setUp(t)
  bench.answer = () => failure('unsent')
  t.same(await bench.deliver('a'), { kind: 'stored' })
  bench.answer = async () => await after(bench.clock, 100, DELIVERED)
  for (const id of ['b', 'c']) t.same(await bench.deliver(id), { kind: 'stored' })
  t.equal(bench.options.length, 1, 'one was tried live')
  await bench.clock.advance(50)
  t.equal(bench.log.settled.length, 0, 'in flight')
  t.same(await bench.deliver('d'), { kind: 'stored' })
  await bench.clock.advance(10_000)
  t.same(bench.delivered, ['a', 'b', 'c', 'd'])
  bench.answer = () => DELIVERED
  t.same(await bench.deliver('e'), { kind: 'relayed', cloudRequestId: 'CLOUD-ID' })
})

t.test('a refusal is the sender\'s to hear, or parked where the plant wants that', async t => {
  const bench = setUp(t)
  bench.answer = () => failure('refused', { code: 'InvalidParameter.Data', message: 'no', statusCode: 400, cloudRequestId: 'C-1' })
  await t.rejects(bench.deliver('a'), { code: 'Cloud.Refused', message: 'no', refusal: { statusCode: 400, code: 'InvalidParameter.Data', requestId: 'C-1' } })
  t.equal(bench.log.parked.length, 0)
  t.same(await bench.deliver('a', { onRefusal: 'park' }), { kind: 'stored' })
  t.match(bench.log.parked, [{ recordCount: 1, reason: { code: 'InvalidParameter.Data', message: 'no', cloudRequestId: 'C-1' } }])
  t.same(await bench.deliver('b', { onRefusal: 'park' }), { kind: 'stored' })
  t.equal(bench.log.parked.length, 1, 'one code for everybody is no fault of the second push: it waits')
  t.equal(bench.log.waiting, 1)
})

t.test('what may have arrived is stored to be sent again, or parked where the plant wants nothing twice', async t => {
  const bench = setUp(t)
  bench.answer = async () => await after(bench.clock, 5, failure('maybe-arrived'))
  const first = bench.deliver('a')
  await bench.clock.advance(10)
  t.same(await first, { kind: 'stored' })
  t.match(bench.log.entries(), [{ doubtfulCall: Number }])
  const other = setUp(t)
  other.answer = () => failure('maybe-arrived', { cloudRequestId: 'C-1' })
  t.same(await other.deliver('a', { whenUnsure: 'park' }), { kind: 'stored' })
  t.match(other.log.parked, [{ recordCount: 1, reason: { code: 'InDoubt', cloudRequestId: 'C-1' } }])
  t.equal(other.log.waiting, 0)
})

t.test('a push that cannot be stored is answered with what is true', async t => {
  const bench = setUp(t)
  bench.log.failing.append = bench.log.failing.park = new ProxyError('QueueFull', undefined, { retryAfterMs: 30_000 })
  bench.answer = () => failure('unsent')
  await t.rejects(bench.deliver('a'), { code: 'QueueFull', retryAfterMs: 30_000 })
  await t.rejects(bench.deliver('a', { delivery: 'store' }), { code: 'QueueFull' })
  bench.answer = () => failure('maybe-arrived')
  await t.rejects(bench.deliver('a'), { code: 'Cloud.MaybeArrived' }, 'never "nothing was taken" when it may have arrived')
  await t.rejects(bench.deliver('a', { whenUnsure: 'park' }), { code: 'Cloud.MaybeArrived' })
  bench.answer = () => failure('refused')
  await t.rejects(bench.deliver('a', { onRefusal: 'park' }), { code: 'QueueFull' })
  bench.answer = () => DELIVERED
  t.match(await bench.deliver('a'), { kind: 'relayed' }, 'a full queue does not keep what can be relayed')
})

t.test('a sender that hangs up ends the attempt of a relay plant alone', async t => {
  const bench = setUp(t)
  const gone = AbortSignal.abort()
  await bench.deliver('a', { delivery: 'relay' }, gone)
  t.equal(bench.options[0]?.clientGone, gone)
  for (const delivery of ['relay-or-store', 'store'] as const) t.ok(await bench.deliver('a', { delivery }, gone))
  t.ok(bench.options.slice(1).every(({ clientGone }) => clientGone !== gone))
})

t.test('at a stop the pushes that wait for the cloud are stored at once, and those that come after', async t => {
  const bench = setUp(t)
  bench.answer = async () => await new Promise(() => {})
  const live = [bench.deliver('a'), bench.deliver('b'), bench.deliver('c')]
  bench.queue.stop()
  t.same(await Promise.all(live), [{ kind: 'stored' }, { kind: 'stored' }, { kind: 'stored' }])
  t.same(await bench.deliver('d'), { kind: 'stored' })
  await bench.queue.ended(0)
  t.same(bench.log.entries().map(({ doubtfulCall }) => doubtfulCall !== undefined), [true, true, true, false], 'each of them may have arrived, on its own')
})

t.test('while the account is out one live push at a time asks, and the rest is stored without a wait', async t => {
  const bench = setUp(t)
  bench.answer = async () => await after(bench.clock, 2_500, failure('unsent'))
  await bench.store('south', [device('s')])
  await bench.clock.advance(10_000)
  const first = bench.deliver('a')
  t.equal(bench.queue.mayRelay('east', 'default'), false)
  await bench.clock.advance(2_500)
  t.same(await first, { kind: 'stored' })
  t.equal(bench.queue.mayRelay('east', 'default'), true)
})

t.test('live pushes that are not even sent during a pause do not slow the queue down', async t => {
  const bench = setUp(t)
  bench.answer = () => failure('throttled', { retryAfterMs: 5_000 })
  await bench.deliver('a')
  for (let n = 0; n < 200; n++) {
    await bench.clock.advance(10)
    await bench.queue.tryLive(pushOf('north', [device('d')]), 'default', async () => failure('throttled', { retryAfterMs: 5_000 - 10 * n }))
  }
  bench.answer = () => DELIVERED
  for (let n = 0; n < 20; n++) await bench.store(`plant${n}`, [device(`d${n}`)])
  await bench.clock.advance(12_000)
  t.equal(bench.log.waiting, 0)
})

t.test('a live push that is delivered ends the outage for all that waits', async t => {
  const bench = setUp(t)
  bench.answer = () => failure('unsent')
  for (let n = 0; n < 3; n++) await bench.store('south', [device('s', n)])
  await bench.clock.advance(600_000)
  bench.answer = () => DELIVERED
  t.match(await bench.deliver('a'), { kind: 'relayed' })
  await bench.clock.advance(0)
  t.equal(bench.log.waiting, 0)
})

t.test('with --live-first new pushes do not wait for the backlog, and keep their order', async t => {
  const bench = setUp(t)
  bench.answer = () => failure('unsent')
  await Promise.all(Array.from({ length: 2_000 }, async (_, n) => await bench.deliver(`old${n}`, { delivery: 'store' })))
  await bench.clock.advance(30_000)
  bench.answer = async () => await after(bench.clock, 10_000, DELIVERED)
  for (let second = 0; second < 60 && bench.log.waiting === 2_000; second++) await bench.clock.advance(1_000)
  t.equal(bench.log.waiting, 1_500, 'the backlog drains')
  for (let n = 0; n < 3; n++) t.same(await bench.deliver(`new${n}`, { liveFirst: 'on' }), { kind: 'stored' })
  await bench.clock.advance(20_100)
  t.same(bench.delivered.filter(id => id.startsWith('new')), ['new0', 'new1', 'new2'])
  t.ok(bench.log.waiting > 0, 'the backlog still waits')
  await bench.clock.advance(60_000)
  t.equal(bench.log.waiting, 0)
  t.same(bench.delivered.filter(id => id.startsWith('old')), Array.from({ length: 2_000 }, (_, n) => `old${n}`))
})
