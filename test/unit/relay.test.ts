import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import type { CredentialSource, RamCredential } from '../../src/credentials/credential-source.js'
import { ProxyError } from '../../src/errors.js'
import { createCloudPool } from '../../src/relay/pool.js'
import { type AttemptEvent, createRelay, type Relay, type RelayParts } from '../../src/relay/relay.js'
import type { Verdict } from '../../src/relay/verdict.js'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js'

const ACCOUNT = { accessKeyId: 'LTAI5tTestKeyIdOfTheSuite', accessKeySecret: 'TestKeySecretOfTheSuite000000' }
const BODY = Buffer.from('{"deviceType":"1","devices":[{"deviceId":"设备","recordTime":"2021-09-08 18:40:00","data":{"Ua":"226.0"}}]}')

interface Setup {
  cloud: Sandbox
  relay: Relay
  events: AttemptEvent[]
}

const sourceOf = (credential: RamCredential): CredentialSource => ({ get: async () => credential, refresh: async () => credential })

/** A relay in front of a sandbox cloud; both end with the test. `random` 0: a retry comes at once. */
async function setUp (t: Test, parts: Partial<RelayParts> = {}, sandbox: Partial<SandboxOptions> = {}): Promise<Setup> {
  const cloud = await startSandbox({ accounts: [ACCOUNT], ...sandbox })
  const events: AttemptEvent[] = []
  const signedHost = new URL(cloud.origin).host
  const relay = createRelay({
    pool: createCloudPool({ endpoint: cloud.origin, signedHost }),
    credentials: sourceOf(ACCOUNT),
    signedHost,
    clock: systemClock,
    random: () => 0,
    onAttempt: event => { events.push(event) },
    ...parts
  })
  t.teardown(async () => {
    await relay.close()
    await cloud.close()
  })
  return { cloud, relay, events }
}

t.test('a push is delivered byte for byte, with a nonce of its own', async t => {
  const { cloud, relay, events } = await setUp(t)
  for (let n = 0; n < 3; n++) t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered', statusCode: 200, cloudRequestId: /^[\w-]{36}$/ })
  const received = cloud.received()
  t.same(received.map(({ body }) => body), Array(3).fill(BODY.toString()))
  t.equal(new Set(received.map(({ headers }) => headers['x-acs-signature-nonce'])).size, 3)
  t.match(received[0]?.headers, { 'content-length': String(BODY.length), 'content-type': 'application/json; charset=utf-8', 'transfer-encoding': undefined })
  t.match(events[0], { attempt: 1, kind: 'delivered', clockSkewMs: 0 })
  t.ok((events[0]?.durationMs ?? 0) > 0)
})

t.test('with a security token the push is delivered too', async t => {
  const session = { ...ACCOUNT, securityToken: 'TokenOfTheSuite0000000000' }
  const { relay } = await setUp(t, { credentials: sourceOf(session) }, { accounts: [session] })
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
})

t.test('a refusal of the push or of the account is told at once, without a second attempt', async t => {
  const { cloud, relay, events } = await setUp(t)
  const cases: Array<[code: string, statusCode: number, kind: string]> = [['InvalidParameter', 400, 'refused'], ['Forbidden.RAM', 403, 'account-fault'], ['InvalidAccessKeyId.NotFound', 404, 'account-fault'], ['Account.Overdue', 400, 'unknown-refusal']]
  for (const [code, statusCode, kind] of cases) {
    cloud.inject('refuses', { code, statusCode })
    t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind, code, statusCode, mayHaveArrived: false })
  }
  cloud.inject('refusesSignature')
  const verdict = await relay.send(BODY, { timeoutMs: 5000 })
  t.match(verdict, { kind: 'account-fault', code: 'SignatureDoesNotMatch' })
  t.notMatch(JSON.stringify([verdict, events]), new RegExp(`${ACCOUNT.accessKeyId}|ACS3-HMAC`))
  t.equal(cloud.attempts(), 5)
})

t.test('a redirect is not followed, an error page is not believed', async t => {
  const { cloud, relay } = await setUp(t)
  cloud.inject('redirects')
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'bad-answer', statusCode: 302, mayHaveArrived: false })
  cloud.inject('isAnErrorPage', { statusCode: 403 })
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'bad-answer', statusCode: 403 })
  t.equal(cloud.attempts(), 2)
  cloud.inject('isAnErrorPage', { statusCode: 502, times: 1 })
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' }, 'a load balancer that gave up is asked again')
})

t.test('what is broken for a moment is delivered at the second attempt, signed anew', async t => {
  const { cloud, relay, events } = await setUp(t)
  for (const fault of ['hangsUp', 'hangsUpAfterHeaders', 'truncatesBody', 'isDown', 'saysTwoHundredButNotSuccess', 'answersTooMuch'] as const) {
    cloud.inject(fault, { times: 1 })
    events.length = 0
    t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' }, fault)
    t.match(events, [{ kind: 'maybe-arrived', mayHaveArrived: true }, { kind: 'delivered', attempt: 2 }], fault)
  }
  t.equal(cloud.attempts(), 12)
})

t.test('what stays broken may have arrived, and is tried again only until the deadline', async t => {
  const { cloud, relay, events } = await setUp(t, { random: () => 0.5 })
  for (const fault of ['hangsUp', 'saysTwoHundredButNotSuccess', 'isDown'] as const) {
    cloud.inject(fault)
    events.length = 0
    const startedMs = performance.now()
    t.match(await relay.send(BODY, { timeoutMs: 1000 }), { kind: 'maybe-arrived', mayHaveArrived: true }, fault)
    t.ok(performance.now() - startedMs < 4000, `${fault} ends in time, however busy the machine is`)
    t.ok(events.length > 1 && events.length <= 4, 'at 0, 100, 300 and 700 ms; the next would be at 1500')
  }
})

t.test('a cloud that takes the push and never answers, or dribbles its answer, is timed out at the deadline, not a second later', async t => {
  const { cloud, relay } = await setUp(t)
  await relay.send(BODY, { timeoutMs: 5000 })
  for (const fault of ['neverAnswers', 'dribbles'] as const) {
    cloud.inject(fault)
    const startedMs = performance.now()
    t.match(await relay.send(BODY, { timeoutMs: 300 }), { kind: 'maybe-arrived', mayHaveArrived: true, timedOut: true }, fault)
    const tookMs = performance.now() - startedMs
    t.ok(tookMs > 298 && tookMs < 800, `${fault}: 300 ms took ${Math.round(tookMs)}`)
  }
})

t.test('throttling makes all pushes of the account wait for as long as the cloud asks', async t => {
  const { cloud, relay, events } = await setUp(t)
  cloud.inject('throttles', { retryAfterMs: 200, times: 1 })
  const startedMs = performance.now()
  const first = relay.send(BODY, { timeoutMs: 5000 })
  for (let turn = 0; turn < 1e6 && events.length === 0; turn++) await new Promise(resolve => { setImmediate(resolve) })
  const verdicts = await Promise.all([first, ...Array.from({ length: 5 }, async () => await relay.send(BODY, { timeoutMs: 5000 }))])
  t.ok(verdicts.every(({ kind }) => kind === 'delivered'))
  t.ok(performance.now() - startedMs >= 199)
  t.match(events[0], { kind: 'throttled', code: 'Throttling.User', retryAfterMs: 200, mayHaveArrived: false })
  t.equal(cloud.attempts(), 7)
})

t.test('a wait beyond the deadline is told at once, to pushes that come later too', async t => {
  const { cloud, relay } = await setUp(t)
  cloud.inject('throttles', { retryAfterMs: 60_000, times: 1 })
  const startedMs = performance.now()
  t.match(await relay.send(BODY, { timeoutMs: 2000 }), { kind: 'throttled', statusCode: 400, retryAfterMs: 60_000 })
  const later = await relay.send(BODY, { timeoutMs: 2000 })
  t.match(later, { kind: 'throttled', code: 'Throttling.User', mayHaveArrived: false })
  t.ok('retryAfterMs' in later && (later.retryAfterMs ?? 0) > 59_000)
  t.ok(performance.now() - startedMs < 1900)
  t.equal(cloud.attempts(), 1)
})

t.test('a clock that is days off is learned from one refusal, and never refused again', async t => {
  for (const skewMs of [3 * 86_400_000, -3 * 86_400_000]) {
    const { relay, events } = await setUp(t, {}, { now: () => Date.now() + skewMs })
    for (let n = 0; n < 2; n++) t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
    t.match(events.map(({ kind }) => kind), ['account-fault', 'delivered', 'delivered'])
    t.match(events[0], { code: 'InvalidTimeStamp.Expired' })
    t.ok(Math.abs((events[2]?.clockSkewMs ?? 0) - skewMs) < 2000)
  }
})

t.test('a small skew is learned from an answer that delivers, a smaller one is none', async t => {
  let skewMs = 20_000
  const { relay, events } = await setUp(t, {}, { now: () => Date.now() + skewMs })
  await relay.send(BODY, { timeoutMs: 5000 })
  skewMs = 600_000
  for (let n = 0; n < 2; n++) await relay.send(BODY, { timeoutMs: 5000 })
  t.equal(events[1]?.clockSkewMs, 0)
  t.ok(Math.abs((events[2]?.clockSkewMs ?? 0) - 600_000) < 2000)
})

t.test('a nonce that was used is replaced at once', async t => {
  const nonces = ['a', 'a', 'b']
  const { relay, events } = await setUp(t, { nonce: () => nonces.shift() ?? 'none left' })
  await relay.send(BODY, { timeoutMs: 5000 })
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'delivered' })
  t.match(events.map(({ kind, attempt }) => [kind, attempt]), [['delivered', 1], ['maybe-arrived', 1], ['delivered', 2]])
})

t.test('a token that the cloud refuses is refreshed once for all pushes that met it', async t => {
  const fresh = { ...ACCOUNT, securityToken: 'FreshTokenOfTheSuite00000' }
  let current: RamCredential = { ...ACCOUNT, securityToken: 'StaleTokenOfTheSuite00000' }
  let refreshes = 0
  const credentials: CredentialSource = {
    get: async () => current,
    held: () => current,
    async refresh () {
      refreshes += 1
      current = fresh
      return current
    }
  }
  const { relay } = await setUp(t, { credentials }, { accounts: [fresh] })
  const verdicts = await Promise.all(Array.from({ length: 10 }, async () => await relay.send(BODY, { timeoutMs: 5000 })))
  t.ok(verdicts.every(({ kind }) => kind === 'delivered'))
  t.ok(refreshes <= 2, 'a real source makes one flight of those that ask at the same moment')
})

t.test('a token that stays bad is a fault of the account after one refresh', async t => {
  const { relay, cloud } = await setUp(t, { credentials: sourceOf({ ...ACCOUNT, securityToken: 'WrongTokenOfTheSuite0000' }) })
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'account-fault', code: /^InvalidSecurityToken/ })
  t.equal(cloud.attempts(), 2)
})

t.test('without a credential nothing is sent, and the error says so', async t => {
  const none = async (): Promise<never> => { throw new ProxyError('Credentials.Unavailable', undefined, { retryAfterMs: 1234 }) }
  const { relay, cloud } = await setUp(t, { credentials: { get: none, refresh: none } })
  await t.rejects(relay.send(BODY, { timeoutMs: 5000 }), { code: 'Credentials.Unavailable', retryAfterMs: 1234 })
  const slow = await setUp(t, { credentials: { get: async () => await new Promise(() => {}), refresh: none } })
  await t.rejects(slow.relay.send(BODY, { timeoutMs: 50 }), { code: 'Credentials.Unavailable' })
  t.equal(cloud.attempts() + slow.cloud.attempts(), 0)
})

t.test('a credential that goes missing after an attempt does not unsay that the push may have arrived', async t => {
  let asked = 0
  const get = async (): Promise<RamCredential> => {
    asked += 1
    if (asked > 1) throw new ProxyError('Credentials.Unavailable')
    return ACCOUNT
  }
  const { relay, cloud } = await setUp(t, { credentials: { get, refresh: get } })
  cloud.inject('hangsUp')
  t.match(await relay.send(BODY, { timeoutMs: 5000 }), { kind: 'maybe-arrived', mayHaveArrived: true, timedOut: undefined })
})

t.test('what may have arrived once stays so, whatever the last attempt says', async t => {
  const { relay, cloud } = await setUp(t)
  cloud.inject('hangsUp', { times: 1 })
  cloud.inject('throttles', { retryAfterMs: 60_000, times: 1 })
  t.match(await relay.send(BODY, { timeoutMs: 1000 }), { kind: 'maybe-arrived', mayHaveArrived: true, retryAfterMs: 60_000 })
  const other = await setUp(t)
  other.cloud.inject('hangsUp', { times: 1 })
  other.cloud.inject('refuses', { code: 'Forbidden.RAM', statusCode: 403, times: 1 })
  t.match(await other.relay.send(BODY, { timeoutMs: 1000 }), { kind: 'account-fault', mayHaveArrived: true })
})

t.test('a sender that hangs up ends its attempt, its wait, or what has not begun', async t => {
  const { relay, cloud, events } = await setUp(t, { random: () => 1 })
  t.match(await relay.send(BODY, { timeoutMs: 5000, clientGone: AbortSignal.abort() }), { kind: 'cancelled', mayHaveArrived: false })
  t.equal(cloud.attempts(), 0)

  const hangUpWhen = async (isTime: () => boolean): Promise<Verdict> => {
    const hangUp = new AbortController()
    const sending = relay.send(BODY, { timeoutMs: 5000, clientGone: hangUp.signal })
    for (let turn = 0; turn < 1e6 && !isTime(); turn++) await new Promise(resolve => { setImmediate(resolve) })
    hangUp.abort()
    return await sending
  }
  cloud.inject('neverAnswers')
  t.match(await hangUpWhen(() => cloud.attempts() === 1), { kind: 'cancelled', mayHaveArrived: true })
  cloud.inject('throttles', { retryAfterMs: 3000 })
  const startedMs = performance.now()
  t.match(await hangUpWhen(() => events.at(-1)?.kind === 'throttled'), { kind: 'cancelled', mayHaveArrived: false })
  t.ok(performance.now() - startedMs < 2900)
})

t.test('a relay that closes takes nothing more and finishes what is under way', async t => {
  const { relay, cloud } = await setUp(t)
  cloud.inject('dribbles', { ms: 1, times: 1 })
  const underWay = relay.send(BODY, { timeoutMs: 5000 })
  const closed = relay.close()
  await t.rejects(relay.send(BODY, { timeoutMs: 5000 }), { code: 'ShuttingDown' })
  t.match(await underWay, { kind: 'delivered' })
  await closed
  await relay.close()
})

t.test('whoever paces the retries gets one attempt, and what helps at once is still done', async t => {
  const { relay, cloud } = await setUp(t)
  const once = { timeoutMs: 5000, retries: 'none' } as const
  for (const [fault, kind] of [['isDown', 'maybe-arrived'], ['hangsUp', 'maybe-arrived'], ['isAnErrorPage', 'maybe-arrived']] as const) {
    const before = cloud.attempts()
    cloud.inject(fault, { times: 1 })
    t.match(await relay.send(BODY, once), { kind }, fault)
    t.equal(cloud.attempts(), before + 1, fault)
  }
  cloud.inject('throttles', { retryAfterMs: 1, times: 1 })
  t.match(await relay.send(BODY, once), { kind: 'throttled', retryAfterMs: 1 })
  const skewed = await setUp(t, {}, { now: () => Date.now() + 86_400_000 })
  t.match(await skewed.relay.send(BODY, once), { kind: 'delivered' }, 'the date is corrected')
  const nonces = ['a', 'a', 'b']
  const repeating = await setUp(t, { nonce: () => nonces.shift() ?? 'none left' })
  await repeating.relay.send(BODY, once)
  t.match(await repeating.relay.send(BODY, once), { kind: 'delivered' }, 'the nonce is replaced')
  const stale = await setUp(t)
  stale.cloud.inject('goesStale', { times: 1 })
  await stale.relay.send(BODY, once)
  t.match(await stale.relay.send(BODY, once), { kind: 'delivered' }, 'a stale connection is replaced')
})
