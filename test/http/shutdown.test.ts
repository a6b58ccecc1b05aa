import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { checkRawAnswers } from '../support/check-raw-answers.js'
import { parseAnswers, type RawAnswer } from '../support/raw-socket.js'
import { onePush, startCloud, startProxy, type ProxyOptions, type TestProxy } from '../support/proxy.js'

const BODY = JSON.stringify(onePush)
const rawPush = ({ key }: { key: string }): string => `POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`

interface Caller { write: (text: string) => void, answers: () => RawAnswer[], gone: Promise<void> }

async function call (t: Test, port: number): Promise<Caller> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.teardown(() => {
    socket.destroy()
    checkRawAnswers(port, sent, parseAnswers(received))
  })
  let sent = ''
  let received = ''
  socket.on('data', chunk => { received += chunk.toString('latin1') })
  socket.on('error', () => {})
  const gone = new Promise<void>(resolve => { socket.once('close', () => { resolve() }) })
  await once(socket, 'connect')
  const write = (text: string): void => {
    sent += text
    socket.write(text)
  }
  return { write, answers: () => parseAnswers(received), gone }
}

async function until (holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

const codeOf = ({ body }: RawAnswer): unknown => JSON.parse(body).code

/** A proxy whose cloud has a push and does not answer it. */
async function startWaiting (t: Test, options: ProxyOptions = {}): Promise<{ proxy: TestProxy, caller: Caller, heal: () => void }> {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud, policy: { delivery: 'relay' }, ...options })
  cloud.inject('dribbles', { ms: 10 })
  const caller = await call(t, proxy.port)
  caller.write(rawPush(proxy))
  await until(() => cloud.attempts() === 1)
  return { proxy, caller, heal: () => { cloud.heal() } }
}

t.test('what is under way at the end is finished, with an answer that ends its connection', async t => {
  const { proxy, caller } = await startWaiting(t)
  await proxy.close()
  await caller.gone
  t.strictSame(caller.answers().map(({ statusCode }) => statusCode), [200])
  t.equal(caller.answers()[0]?.headers['connection'], 'close')
})

t.test('from the first moment idle connections end, new ones are not taken, and a request on a kept one is told to come again', async t => {
  const { proxy, caller } = await startWaiting(t)
  const silent = await call(t, proxy.port)
  const kept = await call(t, proxy.port)
  kept.write('GET / HTTP/1.1\r\nHost: p\r\n\r\n')
  await until(() => kept.answers().length === 1)
  const begun = await call(t, proxy.port)
  begun.write('GET / HTTP/1.1\r\nHost:')
  // What was written before them has been read when these are answered.
  for (let n = 0; n < 3; n++) await proxy.request('/')
  const closed = proxy.close()
  await Promise.all([silent.gone, kept.gone])
  caller.write(rawPush(proxy))
  begun.write(' p\r\n\r\n')
  await begun.gone
  const refused = connect(proxy.port, '127.0.0.1')
  const [error] = await once(refused, 'error')
  t.equal(error.code, 'ECONNREFUSED')
  await closed
  await caller.gone
  t.strictSame(silent.answers(), [])
  t.strictSame(caller.answers().map(({ statusCode }) => statusCode), [200], 'behind the last answer of a connection nothing is served')
  const [answer] = begun.answers()
  t.equal(answer?.statusCode, 503)
  t.equal(answer && codeOf(answer), 'ShuttingDown')
  t.equal(answer?.headers['retry-after'], '1')
  t.equal(answer?.headers['connection'], 'close')
  t.equal(proxy.cloud.attempts(), 1)
})

t.test('a pipelined request that comes after the end is answered 503 behind the one that is finished', async t => {
  const { proxy, caller } = await startWaiting(t)
  const closed = proxy.close()
  caller.write(rawPush(proxy))
  await closed
  await caller.gone
  t.equal(caller.answers()[0]?.statusCode, 200)
  t.ok(caller.answers().length <= 2 && caller.answers().slice(1).every(answer => codeOf(answer) === 'ShuttingDown'))
  t.equal(proxy.cloud.attempts(), 1)
})

t.test('a push that the cloud does not answer is told the truth shortly before the time is over', async t => {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud, env: { SHUTDOWN_TIMEOUT_MS: '600' }, policy: { delivery: 'relay', relayTimeoutMs: 60_000 } })
  cloud.inject('neverAnswers')
  const caller = await call(t, proxy.port)
  caller.write(rawPush(proxy))
  await until(() => cloud.attempts() === 1)
  const startMs = performance.now()
  await proxy.close()
  t.ok(performance.now() - startMs < 3_000)
  await caller.gone
  t.strictSame(caller.answers().map(codeOf), ['Cloud.MaybeArrived'])
})

t.test('slow senders do not hold up the end beyond its time', async t => {
  const proxy = await startProxy(t, { env: { SHUTDOWN_TIMEOUT_MS: '300' } })
  const slowBody = await call(t, proxy.port)
  slowBody.write(rawPush(proxy).slice(0, -10))
  for (let n = 0; n < 3; n++) await proxy.request('/')
  const startMs = performance.now()
  await proxy.close()
  t.ok(performance.now() - startMs < 3_000)
  await slowBody.gone
})
