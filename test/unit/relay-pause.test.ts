import t from 'tap'
import { type AttemptEvent, createRelay, type Relay, type RelayParts } from '../../src/relay/relay.js'
import { ManualClock } from '../support/manual-clock.js'

interface Answer { readonly statusCode: number, readonly headers?: Readonly<Record<string, string>>, readonly body: string }

const BODY = Buffer.from('{}')
const DELIVERED: Answer = { statusCode: 200, body: '{"data":"success"}' }
const ONCE = { timeoutMs: 5000, retries: 'none' } as const

interface Handler {
  onRequestStart: (controller: object) => void
  onResponseStart: (controller: object, statusCode: number, headers: object) => void
  onResponseData: (controller: object, chunk: Buffer) => void
  onResponseEnd: () => void
}

/** A relay whose cloud gives these answers in turn, and then delivers. Its clock stands still, so whatever waits is seen. */
function answering (answers: Answer[]): { relay: Relay, clock: ManualClock, events: AttemptEvent[], attempts: () => number } {
  let attempts = 0
  const events: AttemptEvent[] = []
  const clock = new ManualClock()
  // All that the relay knows of a pool.
  const pool = {
    dispatch (_: unknown, handler: Handler) {
      const { statusCode, headers = {}, body } = answers[attempts] ?? DELIVERED
      attempts += 1
      handler.onRequestStart({ abort () {} })
      handler.onResponseStart({}, statusCode, headers)
      handler.onResponseData({}, Buffer.from(body))
      handler.onResponseEnd()
      return true
    },
    async destroy () {}
  } as unknown as RelayParts['pool']
  const credential = { accessKeyId: 'id', accessKeySecret: 'secret' }
  const credentials = { get: async () => credential, refresh: async () => credential }
  return { relay: createRelay({ pool, credentials, signedHost: 'h', clock, random: () => 0, onAttempt: event => { events.push(event) } }), clock, events, attempts: () => attempts }
}

t.test('an error page that asks to wait does not delay the next push, whatever code it bears', async t => {
  for (const statusCode of [400, 404, 429, 503]) {
    for (const body of ['<html>', '{"code":"Throttling","message":"slow down"}', '{"Code":"ServiceUnavailable"}']) {
      const { relay, attempts } = answering([{ statusCode, headers: { 'retry-after': '60' }, body }])
      await relay.send(BODY, ONCE)
      t.match(await relay.send(BODY, ONCE), { kind: 'delivered' }, `${statusCode} ${body}`)
      t.equal(attempts(), 2)
    }
  }
})

t.test('any answer of the gateway that says how long to wait makes the next push wait, a 5xx as much as throttling', async t => {
  for (const [statusCode, code] of [[400, 'Throttling.User'], [500, 'InternalError'], [503, 'ServiceUnavailable'], [502, 'NoSuchCode'], [404, 'InvalidAccessKeyId.NotFound']] as const) {
    const { relay, attempts } = answering([{ statusCode, headers: { 'x-acs-retry-after': '60000' }, body: JSON.stringify({ RequestId: 'ID-1', Code: code }) }])
    await relay.send(BODY, ONCE)
    t.match(await relay.send(BODY, ONCE), { kind: 'throttled', mayHaveArrived: false, retryAfterMs: 60_000 }, code)
    t.equal(attempts(), 1)
  }
})

t.test('too many requests is tried again within the push, whoever says it', async t => {
  const { relay, attempts } = answering([{ statusCode: 429, body: '<html>' }])
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
  t.equal(attempts(), 2)
})

const WRONG_TIME = { statusCode: 400, body: '{"RequestId":"ID-1","Code":"InvalidTimeStamp.Expired"}' }

t.test('one push takes two lessons about the time and no third, so that a cloud that contradicts itself is not asked without end', async t => {
  const lesson = (day: number): Answer => ({ ...WRONG_TIME, headers: { date: `Thu, 0${day} Jan 2026 00:00:00 GMT` } })
  const { relay, attempts } = answering([lesson(1), lesson(2), lesson(3), lesson(4)])
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'account-fault', code: 'InvalidTimeStamp.Expired' })
  t.equal(attempts(), 3)
  t.match(await answering([lesson(1), lesson(2)]).relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
})

t.test('the time is learned from the gateway alone, never from a page on the way', async t => {
  const headers = { date: 'Thu, 01 Jan 2015 00:00:00 GMT' }
  for (const page of [{ statusCode: 400, body: '<html>' }, { statusCode: 400, body: '{"code":"InvalidTimeStamp.Expired"}' }, { statusCode: 403, body: '{"code":"Forbidden","requestId":"ID-1"}' }, { statusCode: 503, body: '<html>' }]) {
    const { relay, events, attempts } = answering([{ ...page, headers }])
    await relay.send(BODY, ONCE)
    t.equal(attempts(), 1, 'no lesson, no second attempt')
    await relay.send(BODY, ONCE)
    t.equal(events[1]?.clockSkewMs, 0, page.body)
  }
  const { relay, events } = answering([{ ...WRONG_TIME, headers }])
  await relay.send(BODY, ONCE)
  t.not(events[1]?.clockSkewMs, 0, 'the gateway\'s is')
})

t.test('a nonce that was used is replaced once, at once, and not again', async t => {
  const used: Answer = { statusCode: 400, body: '{"RequestId":"ID-1","Code":"SignatureNonceUsed"}' }
  const { relay, attempts } = answering([used, used])
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'maybe-arrived', code: 'SignatureNonceUsed' })
  t.equal(attempts(), 2)
})
