import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { onePush, startCloud, startProxy, type TestProxy } from '../support/proxy.js'
import { parseAnswers } from '../support/raw-socket.js'
import { scrape, scrapeUntil } from '../support/scrape.js'

const BODY = JSON.stringify(onePush)
const REQUEST_LINE = 'POST /api/v1/data/increment/push HTTP/1.1'

interface Odd { readonly line?: string, readonly length?: string, readonly head?: readonly string[], readonly body?: string, readonly eol?: string }

const pushOf = ({ key }: Pick<TestProxy, 'key'>, { line = REQUEST_LINE, length = `Content-Length: ${BODY.length}`, head = [], body = BODY, eol = '\r\n' }: Odd = {}): string =>
  [line, 'Host: p', `X-API-Key: ${key}`, ...(length === '' ? [] : [length]), ...head, '', body].join(eol)

interface Caller {
  readonly socket: Socket
  readonly write: (text: string) => Promise<void>
  readonly received: () => string
  readonly isGone: () => boolean
  /** What came, once so many answers have, or the proxy has ended its side. */
  readonly answers: (count: number) => Promise<string>
}

async function call (t: Test, { port }: TestProxy): Promise<Caller> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  t.teardown(() => { socket.destroy() })
  let text = ''
  let isOver = false
  socket.on('data', chunk => { text += chunk.toString('latin1') })
  for (const event of ['end', 'close', 'error']) socket.on(event, () => { isOver = true })
  await once(socket, 'connect')
  return {
    socket,
    write: async sent => { await new Promise<void>(resolve => { socket.write(Buffer.from(sent, 'latin1'), () => { setImmediate(resolve) }) }) },
    received: () => text,
    isGone: () => isOver,
    answers: async count => { await until(() => isOver || parseAnswers(text).length >= count); return text }
  }
}

async function until (holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2_000 && !holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 3) })
}

const masked = (text: string): string => text.replace(/[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/g, 'id').replace(/Date: .*/g, 'Date: now').replace(/(-reset|-after): .*/g, '$1: soon')
/** Where Connection stands, and how it is written, may depend on who read the first bytes. */
const unordered = (text: string): string[] => masked(text).toLowerCase().split('\r\n').sort()

const startBoth = async (t: Test): Promise<TestProxy[]> => [await startProxy(t), await startProxy(t, { env: { FAST_PATH: 'false' } })]

/** What is counted of requests, without how long they took. */
async function countsOf (proxy: TestProxy): Promise<Array<[string, number]>> {
  const counted = /^(requests|hang_ups|errors|auth_failures|records|points|http_parse_errors|connections_refused)_total|^request_body_bytes|^bodies_in_flight/
  const samples = await scrapeUntil(proxy, samples => samples.get('bodies_in_flight_bytes') === 0)
  return [...samples].filter(([name]) => counted.test(name)).sort()
}

const linesOf = ({ log }: TestProxy): unknown[] => log.map(line => JSON.parse(line)).filter(({ msg }) => !/listening/i.test(msg))
  .map(({ level, msg, statusCode, code, bodyBytes, route, plant }) => ({ level, msg, statusCode, code, bodyBytes, route, plant }))

const IGNORED = ['User-Agent: x', 'Accept: */*', 'accept-charset: utf-8', 'Accept-Encoding: gzip', 'Accept-Language: de', 'Content-Type: text/csv; charset=utf-16', 'content-type:', 'Cache-Control: no-cache', 'Pragma: no-cache', 'From: a@b', 'Origin: http://a', 'Referer: http://a/', 'DNT: 1', 'Priority: u=1', 'X-Request-Id: 1', 'traceparent: 00-0-0-00', 'X-Requested-With: y', 'Connection: keep-alive', 'Host: q']
const PLAIN: readonly Odd[] = [{}, ...IGNORED.map(line => ({ head: [line] })), { length: `content-length:${BODY.length}` }]
const ODD: readonly Odd[] = [
  ...['Transfer-Encoding: chunked', 'Expect: 100-continue', 'Expect: x', 'Upgrade: h2c', 'Connection: close', 'Content-Length: 5', 'X-API-Key: other', 'Authorization: Bearer x', 'Idempotency-Key: a', 'Accept: a\r\n b', 'Accept: a\nb: c', 'Accept: a\0b', 'Accept: a\tb', 'Accept: \xe9', 'X-Other: 1', 'Bad Name: 1'].map(line => ({ head: [line] })),
  ...['', `Content-Length: 0${BODY.length}`, `Content-Length: +${BODY.length}`, 'Content-Length: 0x5', 'Content-Length: 0', 'Content-Length: -5', 'Content-Length: 99999999999999999999', `Content-Length: ${BODY.length}, ${BODY.length}`, 'Content-Length: 5', 'Content-Length: 99999999'].map(length => ({ length })),
  ...[`${REQUEST_LINE.slice(0, -1)}0`, 'POST http://p/api/v1/data/increment/push HTTP/1.1', 'POST /api/v1/data/increment/push/ HTTP/1.1', 'POST /api/v1/data/increment/push?a=b HTTP/1.1', 'PUT /api/v1/data/increment/push HTTP/1.1', 'POST /nowhere HTTP/1.1'].map(line => ({ line })),
  { eol: '\n' }, { body: `${BODY} ` }, { body: ` ${BODY.slice(1)}` }, { body: BODY.replace('226.0', 'none.') }
]

t.test('whatever is asked, the answers, the cloud\'s bodies, the counts and the log are those without the fast path', async t => {
  const proxies = await startBoth(t)
  async function ask (proxy: TestProxy, odd: Odd): Promise<string> {
    const caller = await call(t, proxy)
    await caller.write(pushOf(proxy, odd))
    await caller.answers(1)
    // So that a body that is shorter than its length ends as well.
    caller.socket.end()
    await until(caller.isGone)
    return caller.received()
  }
  for (const [kinds, look] of [[PLAIN, masked], [ODD, unordered]] as const) {
    for (const odd of kinds) {
      const [fast = '', general = ''] = await Promise.all(proxies.map(async proxy => await ask(proxy, odd)))
      t.strictSame(look(fast), look(general), JSON.stringify(odd))
    }
  }
  const [fast, general] = await Promise.all(proxies.map(async proxy => ({ counts: await countsOf(proxy), lines: linesOf(proxy), bodies: proxy.cloud.received().map(({ body }) => body) })))
  t.strictSame(fast, general)
})

t.test('a push is answered alike in one piece and cut in two, alone and with another behind it', async t => {
  const [fast = '', general = ''] = await Promise.all((await startBoth(t)).map(async proxy => {
    const caller = await call(t, proxy)
    await caller.write(pushOf(proxy))
    await caller.answers(1)
    await caller.write(pushOf(proxy).repeat(3))
    return await caller.answers(4)
  }))
  t.equal(masked(fast), masked(general))
  const proxy = await startProxy(t)
  const text = pushOf(proxy)
  const answer = masked(fast).slice(0, masked(fast).length / 4).replace(/remaining: .*/, '')
  for (const { whole, step } of [{ whole: text, step: 2 }, { whole: text + text, step: 9 }]) {
    const count = whole.length / text.length
    await Promise.all(Array.from({ length: Math.floor((whole.length - 1) / step) }, async (_, n) => {
      const at = 1 + n * step
      const caller = await call(t, proxy)
      for (const piece of [whole.slice(0, at), whole.slice(at)]) await caller.write(piece)
      const received = await caller.answers(count)
      if (masked(received).replace(/remaining: .*/g, '') !== answer.repeat(count)) t.fail(`cut at ${at}: ${received}`)
      caller.socket.destroy()
    }))
  }
})

t.test('a push that comes behind one that is under way is sent, though its sender closes its side or breaks the line', async t => {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud })
  for (const breaks of [false, true]) {
    cloud.inject('dribbles', { ms: 2, times: 1 })
    const before = cloud.attempts()
    const caller = await call(t, proxy)
    await caller.write(pushOf(proxy))
    await until(() => cloud.attempts() === before + 1)
    await caller.write(pushOf(proxy))
    if (breaks) caller.socket.resetAndDestroy()
    else caller.socket.end()
    await until(() => cloud.attempts() === before + 2)
    t.equal(cloud.attempts(), before + 2)
    if (!breaks) t.strictSame(parseAnswers(await caller.answers(2)).map(({ statusCode }) => statusCode), [200, 200])
  }
})

t.test('a push whose body never ends counts against the requests of its plant', async t => {
  const proxy = await startProxy(t, { policy: { requestsPerMinute: 2 } })
  const [half, broken, whole] = [await call(t, proxy), await call(t, proxy), await call(t, proxy)]
  for (const { write } of [half, broken]) await write(pushOf(proxy).slice(0, -1))
  half.socket.end()
  t.match(await half.answers(1), /^HTTP\/1\.1 400 /)
  broken.socket.resetAndDestroy()
  await scrapeUntil(proxy, samples => samples.get('requests_total{plant="plant-1",status="broken"}') === 2)
  await whole.write(pushOf(proxy))
  t.match(await whole.answers(1), /^HTTP\/1\.1 429 /)
})

t.test('at the end of the proxy what has begun is finished, with the last answer that there is without the fast path', async t => {
  const [[fastWaiting = '', fastSending = ''] = [], [waiting = '', sending = ''] = []] = await Promise.all([{}, { FAST_PATH: 'false' }].map(async env => {
    const cloud = await startCloud(t)
    const proxy = await startProxy(t, { cloud, env, policy: { delivery: 'relay' } })
    cloud.inject('dribbles', { ms: 5 })
    const [one, other] = [await call(t, proxy), await call(t, proxy)]
    await one.write(pushOf(proxy))
    await until(() => cloud.attempts() === 1)
    await other.write(pushOf(proxy).slice(0, -1))
    // Its place in the order of what the proxy reads is before the end.
    await proxy.request('/')
    const closing = proxy.close()
    await other.write('}')
    await closing
    return [one.received(), other.received()]
  }))
  t.equal(masked(fastWaiting), masked(waiting))
  t.strictSame(unordered(fastSending), unordered(sending))
  t.match(fastSending, /^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/is)
})

t.test('connections that idle or say nothing end, and make room before that', async t => {
  const front = { headersTimeoutMs: 300, keepAliveTimeoutMs: 50, connectionsCheckingIntervalMs: 20, connectionsMax: 2 }
  const proxy = await startProxy(t, { front })
  const idle = await call(t, proxy)
  await idle.write(pushOf(proxy))
  await idle.answers(1)
  const [startMs, silent] = [performance.now(), await call(t, proxy)]
  await until(silent.isGone)
  t.equal(silent.received(), '')
  t.notOk(idle.isGone(), 'whoever keeps to the Keep-Alive that it was told may be a little late')
  await until(idle.isGone)
  t.ok(performance.now() - startMs > 900)
  t.equal((await scrape(proxy)).get('connections_refused_total{reason="too-slow"}'), 1)
  const callers = [await call(t, proxy), await call(t, proxy), await call(t, proxy)]
  await until(() => callers[0]?.isGone() === true)
  t.strictSame(callers.map(({ isGone }) => isGone()), [true, false, false])
})

t.test('a sender that hangs up ends its relay, and a key that was revoked meanwhile is refused on the same connection', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'relay' } })
  proxy.cloud.inject('neverAnswers', { times: 1 })
  const [gone, kept] = [await call(t, proxy), await call(t, proxy)]
  await gone.write(pushOf(proxy))
  await until(() => proxy.cloud.attempts() === 1)
  gone.socket.resetAndDestroy()
  const samples = await scrapeUntil(proxy, samples => samples.has('requests_total{plant="plant-1",status="broken"}'))
  t.equal(samples.get('hang_ups_total{plant="plant-1"}'), 1)
  await kept.write(pushOf(proxy))
  await kept.answers(1)
  proxy.registry.revokeKey(proxy.keyId)
  await kept.write(pushOf(proxy))
  t.strictSame(parseAnswers(await kept.answers(2)).map(({ statusCode }) => statusCode), [200, 401])
})

t.test('a connection on which nothing moves while its push is under way ends', async t => {
  const front = { stallTimeoutMs: 200, connectionsCheckingIntervalMs: 20 }
  for (const env of [{}, { FAST_PATH: 'false' }]) {
    const proxy = await startProxy(t, { policy: { delivery: 'relay' }, front, env })
    proxy.cloud.inject('neverAnswers')
    const { write, answers, isGone, received } = await call(t, proxy)
    await write(pushOf(proxy))
    await answers(1)
    t.strictSame([isGone(), received()], [true, ''])
  }
})
