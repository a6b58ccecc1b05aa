import t from 'tap'
import { CredentialProblem } from '../../src/credentials/credential-problem.js'
import type { CredentialSpec } from '../../src/credentials/credential-spec.js'
import { ProxyError } from '../../src/errors.js'
import { CloudAccounts } from '../../src/relay/cloud-accounts.js'
import type { Verdict } from '../../src/relay/verdict.js'
import { ManualClock } from '../support/manual-clock.js'
import { MemoryBook } from '../support/memory-book.js'
import { after, DELIVERED, failure } from '../support/queue-bench.js'

const key = (accessKeyId: string): CredentialSpec => ({ kind: 'access-key', accessKeyId, accessKeySecret: 'secret' })
const BODY = Buffer.from('{}')
const credential = { accessKeyId: 'id', accessKeySecret: 'secret' }

/** Accounts whose relays tell what happens to them; `answer` is asked with the key that sends. */
function setUp (specs: Record<string, CredentialSpec>) {
  const clock = new ManualClock()
  const book = new MemoryBook(specs)
  const events: string[] = []
  const unknown: string[] = []
  const bench = { clock, book, events, unknown, answer: async (_keyId: string, _timeoutMs: number): Promise<Verdict> => DELIVERED }
  const accounts = new CloudAccounts({
    book,
    clock,
    onUnknown: name => { unknown.push(name) },
    open: (_name, spec) => {
      if (spec.region === 'unusable') throw new CredentialProblem('unusable-spec')
      const keyId = spec.kind === 'access-key' ? spec.accessKeyId : spec.kind
      events.push(`open ${keyId}`)
      const underWay = new Set<Promise<Verdict>>()
      return {
        source: { get: async () => credential, refresh: async () => credential },
        relay: {
          async send (_body, { timeoutMs }) {
            const sending = bench.answer(keyId, timeoutMs)
            underWay.add(sending)
            return await sending
          },
          async close () {
            events.push(`close ${keyId}`)
            await Promise.allSettled(underWay)
            events.push(`closed ${keyId}`)
          }
        }
      }
    }
  })
  const send = async (name: string): Promise<Verdict> => await accounts.relayOf(name).send(BODY, { timeoutMs: 1000 })
  return Object.assign(bench, { accounts, send })
}

t.test('an account is opened when it is first needed, once, and again only when its credential is another', async t => {
  const { send, book, events, clock } = setUp({ north: key('a'), south: key('b') })
  t.same(events, [])
  for (let n = 0; n < 3; n++) t.equal((await send('north')).kind, 'delivered')
  t.same(events, ['open a'])
  book.set('north', { ...key('a') })
  await send('north')
  t.same(events, ['open a'], 'what was only written anew is the same')
  book.set('north', key('a2'))
  await send('north')
  await clock.advance(0)
  t.same(events.sort(), ['close a', 'closed a', 'open a', 'open a2'])
})

t.test('the old account is closed once what is under way with it has ended', async t => {
  const bench = setUp({ north: key('a') })
  bench.answer = async () => await after(bench.clock, 1_000, DELIVERED)
  const first = bench.send('north')
  bench.book.set('north', key('a2'))
  const second = bench.send('north')
  await bench.clock.advance(999)
  t.same(bench.events, ['open a', 'close a', 'open a2'])
  await bench.clock.advance(1)
  t.same((await Promise.all([first, second])).map(({ kind }) => kind), ['delivered', 'delivered'])
  t.ok(bench.events.includes('closed a'))
})

t.test('a push that the cloud refuses for a credential that was changed meanwhile is sent with the new one, in the time that is left', async t => {
  const bench = setUp({ north: key('a') })
  const sent: Array<readonly [string, number]> = []
  bench.answer = async (keyId, timeoutMs) => {
    sent.push([keyId, timeoutMs])
    return await after(bench.clock, 300, keyId === 'a' ? failure('account-fault') : DELIVERED)
  }
  const refused = bench.send('north')
  await bench.clock.advance(300)
  t.equal((await refused).kind, 'account-fault', 'nobody changed it')
  const saved = bench.send('north')
  bench.book.set('north', key('a2'))
  await bench.clock.advance(600)
  t.equal((await saved).kind, 'delivered')
  t.same(sent, [['a', 1000], ['a', 1000], ['a2', 700]])
})

t.test('a push whose credential changes faster than it can be sent is told to come again, and never that the account is at fault', async t => {
  const bench = setUp({ north: key('a') })
  bench.answer = async () => {
    await after(bench.clock, 160, DELIVERED)
    bench.book.set('north', key(`a${bench.clock.monotonicMs()}`))
    return failure('account-fault')
  }
  const sending = bench.send('north').catch((error: unknown) => error)
  await bench.clock.advance(2_000)
  t.match(await sending, { code: 'Credentials.Unavailable', retryAfterMs: 1_000 })
  t.equal(bench.events.filter(event => event.startsWith('open')).length, 6, 'as long as there was time')
})

t.test('the same holds for a push whose old source had nothing, and not for one that may have arrived', async t => {
  const bench = setUp({ north: key('a') })
  bench.answer = async keyId => {
    await after(bench.clock, 100, DELIVERED)
    if (keyId === 'a') throw new ProxyError('Credentials.Unavailable')
    return failure('account-fault', { mayHaveArrived: true })
  }
  const saved = bench.send('north')
  bench.book.set('north', key('a2'))
  await bench.clock.advance(100)
  bench.book.set('north', key('a3'))
  await bench.clock.advance(100)
  t.match(await saved, { kind: 'account-fault', mayHaveArrived: true })
  t.same(bench.events.filter(event => event.startsWith('open')), ['open a', 'open a2'])
})

t.test('a credential that is not there sends nothing, and is told once until credentials change', async t => {
  const bench = setUp({})
  for (let n = 0; n < 3; n++) await t.rejects(bench.send('north'), { code: 'Credentials.Unknown', statusCode: 503, retryAfterMs: 10_000 })
  t.throws(() => bench.accounts.sourceOf('north'), { code: 'Credentials.Unknown' })
  t.same(bench.unknown, ['north'])
  bench.book.set('north', key('a'))
  t.equal((await bench.send('north')).kind, 'delivered')
  bench.book.remove('north')
  await t.rejects(bench.send('north'), { code: 'Credentials.Unknown' })
  t.same(bench.unknown, ['north', 'north'])
  await bench.clock.advance(0)
  t.ok(bench.events.includes('closed a'), 'what was removed is closed')
})

t.test('a credential that cannot be used as it is set up sends nothing, and says so', async t => {
  const bench = setUp({ north: { ...key('a'), region: 'unusable' } })
  await t.rejects(bench.send('north'), { code: 'Credentials.Unavailable', cause: { kind: 'unusable-spec' } })
  t.throws(() => bench.accounts.sourceOf('north'), { code: 'Credentials.Unavailable' })
})

t.test('whoever listens learns of every change, and the end closes all', async t => {
  const bench = setUp({ north: key('a'), south: key('b') })
  const told: string[] = []
  bench.accounts.onChange(names => { told.push(...names) })
  await bench.send('north')
  await bench.send('south')
  bench.book.set('east', key('c'))
  bench.book.remove('south')
  t.same(told, ['east', 'south'])
  await bench.accounts.close()
  t.same(bench.events.filter(event => event.startsWith('closed')).sort(), ['closed a', 'closed b'])
  bench.book.set('north', key('a2'))
  t.same(told, ['east', 'south'], 'nobody listens after the end')
})
