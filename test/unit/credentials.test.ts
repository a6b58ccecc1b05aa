import t, { type Test } from 'tap'
import { createCredentialSource, type CredentialSource } from '../../src/credentials/credential-source.js'
import type { LoadedCredential } from '../../src/credentials/default-chain.js'
import { ProxyError } from '../../src/errors.js'
import { redactText } from '../../src/redact.js'
import { ManualClock } from '../support/manual-clock.js'

const HOUR_MS = 3_600_000

interface Setup {
  source: CredentialSource
  clock: ManualClock
  /** What each problem was, in the order of being told. */
  problems: string[]
  /** How often the source was asked, and which link of its chain alone. */
  asked: Array<string | undefined>
}

/** A source over clients that answer what `answer` gives for the n-th question, counted from 0. */
function setUp (answer: (n: number, clock: ManualClock) => LoadedCredential | Promise<LoadedCredential>): Setup {
  const clock = new ManualClock()
  const problems: string[] = []
  const asked: Array<string | undefined> = []
  const source = createCredentialSource({
    clock,
    random: () => 0,
    onProblem: problem => { problems.push(problem.kind) },
    makeClient: link => ({
      async getCredential () {
        asked.push(link)
        return await answer(asked.length - 1, clock)
      }
    })
  })
  return { source, clock, problems, asked }
}

const staticKey = (n = 0): LoadedCredential => ({ accessKeyId: `key-id-${n}`, accessKeySecret: `key-secret-${n}`, link: 'env' })
const session = (n: number, clock: ManualClock, lifeMs = HOUR_MS): LoadedCredential => ({ ...staticKey(n), securityToken: `token-${n}`, expiresAtMs: clock.now() + lifeMs, link: 'ecs_ram_role' })
const down = (): never => { throw new Error('unable to get credentials from any of the providers in the chain: secret text') }
const never = new Promise<LoadedCredential>(() => {})

/** @returns What a rejection says, checked to be the one error of this module. */
async function refusal (t: Test, promise: Promise<unknown>): Promise<ProxyError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason)
  if (!(error instanceof ProxyError)) throw new Error('it was no ProxyError')
  t.equal(error.code, 'Credentials.Unavailable')
  t.ok((error.retryAfterMs ?? 0) >= 1000)
  return error
}

t.test('a thousand pushes that ask at once make one question', async t => {
  const { source, asked, clock } = setUp(async n => await Promise.resolve(staticKey(n)))
  const got = await Promise.all(Array.from({ length: 1000 }, async () => await source.get()))
  t.equal(new Set(got).size, 1)
  t.same(got[0], { accessKeyId: 'key-id-0', accessKeySecret: 'key-secret-0' })
  t.same(asked, [undefined])
  t.equal(clock.waiting, 0)
})

t.test('a key without expiry is held for less than a minute, then read again in the background', async t => {
  const { source, asked, clock } = setUp(n => staticKey(n))
  await source.get()
  await clock.advance(59_000)
  t.equal((await source.get()).accessKeyId, 'key-id-0')
  t.equal(asked.length, 1)
  await clock.advance(1_000)
  t.equal((await source.get()).accessKeyId, 'key-id-0', 'the push that is there first does not wait')
  await clock.advance(0)
  t.equal((await source.get()).accessKeyId, 'key-id-1', 'a rotated key takes over')
  t.equal(asked.length, 2)
})

t.test('a session is renewed ahead of its expiry and not on every call, a short one too', async t => {
  for (const lifeMs of [12 * HOUR_MS, HOUR_MS, 900_000, 60_000]) {
    const { source, asked, clock } = setUp((n, clock) => session(n, clock, lifeMs))
    await source.get()
    await clock.advance(lifeMs / 2)
    await source.get()
    t.equal(asked.length, 1)
    await clock.advance(lifeMs / 2 - Math.min(lifeMs / 4, 600_000))
    await source.get()
    await clock.advance(0)
    t.equal((await source.get()).securityToken, 'token-1')
    t.equal(asked.length, 2)
    t.same(asked[1], 'ecs_ram_role', 'only the link that answered is asked again')
  }
})

t.test('while the service is down the last good session serves until its true expiry and not a moment longer', async t => {
  const { source, clock, problems, asked } = setUp((n, clock) => n === 0 ? session(n, clock) : down())
  await source.get()
  await clock.advance(HOUR_MS - 1)
  t.equal((await source.get()).securityToken, 'token-0')
  await clock.advance(1)
  const error = await refusal(t, source.get())
  t.match(error.message, /no valid RAM credential/)
  t.notMatch(JSON.stringify([error.message, String(error.cause)]), /secret text/)
  t.same(problems, ['none-found'])
  t.ok(asked.length <= 3)
})

t.test('a session that expired on the way is never used', async t => {
  const { source, problems } = setUp((n, clock) => session(n, clock, 0))
  t.match(String((await refusal(t, source.get())).cause), /check the clock/)
  t.same(problems, ['expired'])
})

t.test('a machine whose clock jumps ahead or sleeps never uses a session beyond its expiry', async t => {
  const { source, clock } = setUp((n, clock) => session(n, clock))
  await source.get()
  clock.jump(2 * HOUR_MS)
  t.equal((await source.get()).securityToken, 'token-1')
  clock.jump(-24 * HOUR_MS)
  await clock.advance(HOUR_MS)
  t.equal((await source.get()).securityToken, 'token-2', 'a clock that was set back does not make it live longer')
})

t.test('a source that fails is left alone for a moment, then asked whole again, with pauses that grow to ten seconds', async t => {
  const { source, clock, asked, problems } = setUp(n => n < 8 ? down() : staticKey(n))
  for (let n = 0; n < 1000; n++) await refusal(t, source.get())
  t.equal(asked.length, 1)
  for (let n = 0; n < 300 && asked.length < 9; n++) {
    await clock.advance(100)
    await source.get().catch(() => {})
  }
  t.equal((await source.get()).accessKeyId, 'key-id-8')
  t.same(asked, Array.from({ length: 9 }), 'no link is pinned before one has answered')
  t.same(problems, ['none-found'], 'one outage is told once')
})

t.test('a problem that lasts is told every ten minutes, a problem that comes back is told again', async t => {
  let isUp = false
  const { source, clock, problems } = setUp(n => isUp ? staticKey(n) : down())
  const outage = async (minutes: number): Promise<void> => {
    for (let n = 0; n < minutes * 6; n++) {
      await source.refresh().catch(() => {})
      await clock.advance(10_000)
    }
  }
  await outage(25)
  t.equal(problems.length, 3)
  isUp = true
  await outage(1)
  isUp = false
  await outage(1)
  t.equal(problems.length, 4)
})

t.test('a source that hangs costs a push five seconds at most, and its late answer is taken', async t => {
  let answerLate = (_: LoadedCredential): void => {}
  const { source, clock, problems, asked } = setUp(async n => await (n === 0 ? new Promise<LoadedCredential>(resolve => { answerLate = resolve }) : never))
  const first = source.get().catch((error: unknown) => error)
  await clock.advance(4_999)
  const second = source.get().catch((error: unknown) => error)
  await clock.advance(1)
  t.match(await Promise.all([first, second]), [{ code: 'Credentials.Unavailable' }, { code: 'Credentials.Unavailable' }])
  await refusal(t, source.get())
  t.same([problems, asked.length], [['slow'], 1])
  answerLate(staticKey())
  await clock.advance(0)
  t.equal((await source.get()).accessKeyId, 'key-id-0')
})

t.test('a question that hangs for a minute is given up, and what it brings after that is not taken', async t => {
  let answerLate = (_: LoadedCredential): void => {}
  const { source, clock, asked } = setUp(async n => await (n === 0 ? new Promise<LoadedCredential>(resolve => { answerLate = resolve }) : staticKey(n)))
  source.get().catch(() => {})
  await clock.advance(60_000)
  t.equal((await source.get()).accessKeyId, 'key-id-1')
  answerLate(staticKey(0))
  await clock.advance(0)
  t.equal((await source.get()).accessKeyId, 'key-id-1')
  t.equal(asked.length, 2)
})

t.test('refresh asks anew whatever is held, once for all who learned of the same bad token', async t => {
  const { source, clock, asked } = setUp((n, clock) => session(n, clock))
  await source.get()
  const refreshed = await Promise.all(Array.from({ length: 100 }, async () => await source.refresh()))
  t.equal(new Set(refreshed).size, 1)
  t.equal(refreshed[0]?.securityToken, 'token-1')
  t.equal((await source.refresh()).securityToken, 'token-1', 'not again within a second')
  t.equal(asked.length, 2)
  await clock.advance(1_000)
  t.equal((await source.refresh()).securityToken, 'token-2')
})

t.test('a refresh that fails leaves the held credential to those who did not complain', async t => {
  const { source } = setUp((n, clock) => n === 0 ? session(n, clock) : down())
  await source.get()
  await refusal(t, source.refresh())
  t.equal((await source.get()).securityToken, 'token-0')
})

t.test('what cannot stand in a header is refused, line breaks at the ends are taken off, secrets are known to the redactor', async t => {
  const bad: LoadedCredential[] = [{}, { accessKeyId: 'id' }, { accessKeySecret: 's' }, { accessKeyId: 'a b', accessKeySecret: 's' }, { accessKeyId: 'a,b', accessKeySecret: 's' }, { accessKeyId: 'id', accessKeySecret: 's', securityToken: 'to\r\nken' }, { accessKeyId: '钥匙', accessKeySecret: 's' }]
  for (const loaded of bad) {
    const { source, problems } = setUp(() => loaded)
    await refusal(t, source.get())
    t.same(problems, ['malformed'])
  }
  const { source } = setUp(() => ({ accessKeyId: 'key-id-with-line-break\n', accessKeySecret: ' key-secret-with-blank \r\n', securityToken: '' }))
  t.same(await source.get(), { accessKeyId: 'key-id-with-line-break', accessKeySecret: 'key-secret-with-blank' })
  t.equal(redactText('key-id-with-line-break key-secret-with-blank'), '***reak ***')
})
