import t from 'tap'
import type { Dispatcher } from 'undici'
import { AccountPause } from '../../src/relay/account-pause.js'
import { attempt, type Outcome } from '../../src/relay/attempt.js'
import { backoffMs } from '../../src/relay/backoff.js'
import { ClockSkew } from '../../src/relay/clock-skew.js'
import { Ending } from '../../src/relay/ending.js'
import { createRelay, type RelayParts } from '../../src/relay/relay.js'
import type { Failure } from '../../src/relay/verdict.js'
import { ManualClock } from '../support/manual-clock.js'

const YEAR_MS = 365 * 86_400_000

t.test('the backoff is anything from nothing to a bound that doubles up to two seconds', async t => {
  t.same([1, 2, 3, 4, 5, 6, 1000].map(retry => backoffMs(retry, () => 1)), [200, 400, 800, 1600, 2000, 2000, 2000])
  t.equal(backoffMs(5, () => 0), 0)
  t.equal(backoffMs(3, () => 0.5), 400)
})

t.test('throttling without a time pauses the account longer each time in a row, once for those under way together', async t => {
  const clock = new ManualClock()
  const pause = new AccountPause(clock)
  const throttled: Failure = { kind: 'throttled', mayHaveArrived: false, message: 'slow down', code: 'Throttling.User' }
  t.equal(pause.leftMs, 0)
  for (const expectedMs of [500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
    for (let n = 0; n < 50; n++) pause.slowDown(throttled)
    t.equal(pause.leftMs, expectedMs)
    t.match(pause.toFailure(), { kind: 'throttled', code: 'Throttling.User', retryAfterMs: expectedMs, mayHaveArrived: false })
    await clock.advance(expectedMs)
    t.equal(pause.leftMs, 0)
  }
  pause.end()
  pause.slowDown(throttled)
  t.equal(pause.leftMs, 500, 'a delivery in between begins anew')
  pause.slowDown({ ...throttled, retryAfterMs: 100 })
  t.equal(pause.leftMs, 500, 'a shorter pause does not shorten a longer one')
  pause.slowDown({ ...throttled, retryAfterMs: 3000 })
  t.equal(pause.leftMs, 3000)
})

t.test('a skew is learned from a Date, small ones only from a refusal of our time', async t => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const skew = new ClockSkew(clock)
  for (const nonsense of [undefined, '', 'soon', ['Thu, 01 Jan 2026 00:10:00 GMT']]) t.equal(skew.learn(nonsense, true), false)
  t.equal(skew.learn('Thu, 01 Jan 2026 00:00:29 GMT', false), true)
  t.equal(skew.skewMs, 0)
  skew.learn('Thu, 01 Jan 2026 00:00:29 GMT', true)
  t.equal(skew.skewMs, 29_000)
  skew.learn('Wed, 31 Dec 2025 00:00:00 GMT', false)
  t.equal(skew.skewMs, -86_400_000)
  t.equal(skew.cloudNow(), Date.UTC(2025, 11, 31))
  clock.jump(-86_400_000)
  skew.learn('Wed, 31 Dec 2025 00:00:01 GMT', false)
  t.equal(skew.skewMs, 0, 'a machine whose clock was set right is off no more')
  for (const byMs of [YEAR_MS, -2 * YEAR_MS, YEAR_MS]) {
    clock.jump(byMs)
    t.equal(skew.cloudNow(), Date.UTC(2025, 11, 31), 'what was learned outlives every setting of the clock')
  }
  await clock.advance(5_000)
  t.equal(skew.cloudNow(), Date.UTC(2025, 11, 31, 0, 0, 5))
  skew.learn('Wed, 31 Dec 2025 04:00:05 GMT', false)
  t.equal(skew.skewMs, 14_400_000, 'as after a sleep, through which no clock ran')
})

t.test('an ending interrupts what is waited for, once, and leaves neither timer nor listener', async t => {
  const clock = new ManualClock()
  const hangUp = new AbortController()
  const ending = new Ending(clock, 100, hangUp.signal)
  const slept = ending.sleep(60)
  await clock.advance(60)
  await slept
  const brought = ending.orEnd(new Promise(() => {}))
  hangUp.abort()
  t.equal(await brought, undefined)
  t.equal(ending.reason, 'cancelled')
  await ending.sleep(1e9)
  await clock.advance(100)
  t.equal(ending.reason, 'cancelled', 'the first reason stays')
  ending.close()
  t.equal(clock.waiting, 0)
  await t.rejects(new Ending(clock, 100, undefined).orEnd(Promise.reject(new Error('why'))), /why/)
})

interface Handler {
  readonly onRequestStart: (controller: object) => void
  readonly onResponseError: (controller: object | undefined, cause: Error) => void
}

/** What becomes of an attempt of which the pool tells no more than this, and then that it failed. */
async function failAfter (tell: (handler: Handler) => void): Promise<Outcome> {
  // All that an attempt knows of a pool.
  const pool = {
    dispatch (_: unknown, handler: Handler) {
      let cause = new Error('no connection')
      try {
        tell(handler)
      } catch (error) {
        if (error instanceof Error) cause = error
      }
      handler.onResponseError(undefined, cause)
      return true
    }
  } as unknown as Dispatcher
  const ending = new Ending(new ManualClock(), 1000, undefined)
  return await attempt(pool, { path: '/', headers: {}, body: Buffer.from('{}') }, ending)
}

t.test('a request that was begun may have arrived, one that was not was not sent, and none is begun twice', async t => {
  const controller = { abort () {} }
  t.match(await failAfter(() => {}), { begun: false, cause: { message: 'no connection' } })
  t.match(await failAfter(handler => { handler.onRequestStart(controller) }), { begun: true, cause: { message: 'no connection' } })
  const twice = await failAfter(handler => {
    handler.onRequestStart(controller)
    handler.onRequestStart(controller)
  })
  t.match(twice, { begun: true, cause: { message: 'The request was begun before.' } })
})

t.test('an endpoint that fails at once is not asked without end, even when every backoff is 0', async t => {
  let dispatched = 0
  // All that the relay knows of a pool.
  const pool = {
    dispatch (_: unknown, handler: { onResponseError: (controller: undefined, cause: Error) => void }) {
      dispatched += 1
      handler.onResponseError(undefined, Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))
      return true
    },
    async destroy () {}
  } as unknown as RelayParts['pool']
  const credential = { accessKeyId: 'id', accessKeySecret: 'secret' }
  const relay = createRelay({ pool, credentials: { get: async () => credential, refresh: async () => credential }, signedHost: 'h', clock: new ManualClock(), random: () => 0 })
  t.match(await relay.send(Buffer.from('{}'), { timeoutMs: 60_000 }), { kind: 'unsent', code: 'ECONNREFUSED' })
  t.equal(dispatched, 20)
})
