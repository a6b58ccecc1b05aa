import { connect } from 'node:net'
import { request } from 'undici'
import t from 'tap'
import { exchange, parseAnswer } from '../support/raw-socket.js'
import { ManualClock } from '../support/manual-clock.js'
import { onePush, startProxy, type Answer, type TestProxy } from '../support/proxy.js'

const PATH = '/api/v1/data/increment/push'

interface SentPush { deviceType: string, devices: Array<{ deviceId: string, recordTime: string, data: Record<string, string> }> }

/** A push of so many points. */
const pushOf = (points: number): SentPush => ({ deviceType: '1', devices: [{ deviceId: 'm', recordTime: '2021-09-08 18:40:00', data: Object.fromEntries(Array.from({ length: points }, (_, n) => [`p${n}`, '1'])) }] })

const codeOf = (answer: Answer): unknown => answer.statusCode === 200 ? 200 : answer.json().code

/** A push with no right to be here, from an address that a load balancer names. */
async function failFrom (proxy: TestProxy, address: string, headers: Record<string, string> = { 'x-api-key': 'nonsense' }): Promise<unknown> {
  return codeOf(await proxy.push(onePush, { 'x-forwarded-for': address, ...headers }))
}

t.test('a plant may send so many requests a minute, all its keys together; then 429 until the minute is over', async t => {
  const clock = new ManualClock()
  const proxy = await startProxy(t, { clock, policy: { requestsPerMinute: 3 } })
  const second = proxy.registry.createKey('plant-1', {}).key
  const first = await proxy.push(onePush)
  t.match(first.headers, { 'ratelimit-limit': '3', 'ratelimit-remaining': '2', 'ratelimit-reset': '60' })
  await proxy.push(onePush, { 'x-api-key': second })
  t.equal(codeOf(await proxy.push('{')), 'InvalidJson', 'what is refused later counts as well')
  const throttled = await proxy.push(onePush, { 'x-api-key': second })
  t.equal(throttled.statusCode, 429)
  t.equal(throttled.json().code, 'Throttling.Plant')
  t.match(throttled.json().message, /more than 3 requests a minute/)
  t.equal(throttled.headers['ratelimit-remaining'], '0')
  const retryAfter = Number(throttled.headers['retry-after'])
  t.ok(retryAfter > 50 && retryAfter <= 60, String(retryAfter))
  t.ok(Number(throttled.headers['x-acs-retry-after']) > 50_000)
  proxy.registry.addPlant('plant-2', {})
  t.equal((await proxy.push(onePush, { 'x-api-key': proxy.registry.createKey('plant-2', {}).key })).statusCode, 200, 'another plant is not held back')
  clock.jump(-3_600_000)
  await clock.advance(59_999)
  t.equal(codeOf(await proxy.push(onePush)), 'Throttling.Plant')
  await clock.advance(1)
  t.equal((await proxy.push(onePush)).statusCode, 200, 'a minute later it may again, wherever the machine\'s clock was set')
})

t.test('a throttled sender that waits for 100-continue keeps its body', async t => {
  const proxy = await startProxy(t, { policy: { requestsPerMinute: 1 } })
  await proxy.push(onePush)
  const received = await exchange(proxy.port, [`POST ${PATH} HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n`], () => false)
  t.equal(parseAnswer(received)?.statusCode, 429)
})

for (const delivery of ['relay-or-store', 'store'] as const) {
  t.test(`points a minute of a plant set to ${delivery} slow the delivery, up to a minute ahead; only then comes the 429`, async t => {
    const clock = new ManualClock()
    const proxy = await startProxy(t, { clock, policy: { delivery, pointsPerMinute: 10 } })
    const arrived = async (count: number): Promise<boolean> => {
      for (let tries = 0; tries < 500 && proxy.cloud.received().length < count; tries++) await new Promise(resolve => { setTimeout(resolve, 5) })
      return proxy.cloud.received().length === count
    }
    t.equal((await proxy.push(pushOf(10))).headers['x-delivery'], delivery === 'store' ? 'stored' : 'relayed')
    t.ok(await arrived(1), 'what is within the limit travels at once')
    for (const points of [4, 5, 1]) t.match(await proxy.push(pushOf(points)), { statusCode: 202, headers: { 'x-delivery': 'stored' } })
    const throttled = await proxy.push(pushOf(1))
    t.match(throttled, { statusCode: 429, headers: { 'retry-after': '6' } })
    t.equal((await proxy.push(pushOf(11))).statusCode, 413)
    await clock.advance(23_999)
    t.ok(await arrived(1), 'four points are there in 24 s')
    await clock.advance(1)
    t.ok(await arrived(2))
    await clock.advance(29_999)
    t.ok(await arrived(2))
    await clock.advance(1)
    t.ok(await arrived(3))
    await clock.advance(6_000)
    t.ok(await arrived(4))
    t.strictSame(proxy.cloud.received().map(({ push }) => Object.keys((push as SentPush).devices[0]?.data ?? {}).length), [10, 4, 5, 1], 'in their order')
    await clock.advance(60_000)
    t.equal((await proxy.push(pushOf(10))).headers['x-delivery'], delivery === 'store' ? 'stored' : 'relayed', 'and all is as before')
    t.ok(await arrived(5))
  })
}

t.test('a limit of 0 is none, and says nothing of limits', async t => {
  const proxy = await startProxy(t, { policy: { requestsPerMinute: 0 } })
  t.equal((await proxy.push(onePush)).headers['ratelimit-limit'], undefined)
})

t.test('points a minute: a push above them all is a 413 that says the limit, more in sum is a 429 that says when', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'relay', pointsPerMinute: 10 } })
  const tooMuch = await proxy.push(pushOf(11))
  t.equal(tooMuch.statusCode, 413)
  t.equal(tooMuch.json().code, 'PushTooLarge')
  t.match(tooMuch.json().message, /11 points.* 10 in a minute/)
  t.equal((await proxy.push(pushOf(10), { 'x-dry-run': 'true' })).statusCode, 200, 'a dry run takes none')
  t.equal((await proxy.push(pushOf(11), { 'x-dry-run': 'true' })).json().code, 'PushTooLarge', 'and tells what a push would meet')
  t.equal((await proxy.push(pushOf(6))).statusCode, 200)
  const throttled = await proxy.push(pushOf(6))
  t.equal(codeOf(throttled), 'Throttling.Plant')
  const retryAfter = Number(throttled.headers['retry-after'])
  t.ok(retryAfter >= 10 && retryAfter <= 12, `two points are there in 12 s: ${retryAfter}`)
  t.equal((await proxy.push(pushOf(3))).statusCode, 200, 'a smaller one has room')
  t.equal(proxy.cloud.attempts(), 2)
})

t.test('wrong keys, unknown paths, wrong methods and forbidden addresses count together against an address', async t => {
  const proxy = await startProxy(t, { front: { failuresPerMinuteMax: 8 } })
  const elsewhere = proxy.registry.createKey('plant-1', { cidrs: ['10.0.0.0/8'] }).key
  const failures: Array<() => Promise<Answer>> = [
    async () => await proxy.request('/unknown', { method: 'POST', body: '{}' }),
    async () => await proxy.request(PATH, { method: 'PUT', body: '{}' }),
    async () => await proxy.push(onePush, { 'x-api-key': 'nonsense' }),
    async () => await proxy.push(onePush, { 'x-api-key': elsewhere })
  ]
  const codes = []
  for (let round = 0; round < 3; round++) for (const fail of failures) codes.push(codeOf(await fail()))
  t.strictSame(codes, [...Array(2).fill(['NotFound', 'MethodNotAllowed', 'InvalidKey', 'Forbidden.Address']).flat(), ...Array(4).fill('Throttling.Address')])
  t.equal((await proxy.push(onePush)).statusCode, 200)
  t.equal((await proxy.request('/')).statusCode, 200)
})

t.test('pages are for people: an address gets so many in a minute, and its pushes are served all the while', async t => {
  const proxy = await startProxy(t, { front: { pagesPerMinuteMax: 2 } })
  for (const path of ['/openapi.json', '/docs']) t.ok((await proxy.request(path)).statusCode < 400, path)
  for (const path of ['/openapi.json', '/docs/', '/docs/swagger-ui.css']) t.equal(codeOf(await proxy.request(path)), 'Throttling.Address', path)
  t.equal((await proxy.push(onePush)).statusCode, 200)
  t.equal((await proxy.request('/')).statusCode, 200)
})

t.test('a sender is its IPv4 address or its IPv6 network, as the load balancer names it', async t => {
  const proxy = await startProxy(t, { env: { TRUST_PROXY: '127.0.0.1' }, front: { failuresPerMinuteMax: 1 } })
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['192.0.2.1', 'InvalidKey'], ['192.0.2.1', 'Throttling.Address'], ['192.0.2.2', 'InvalidKey'], ['::ffff:192.0.2.2', 'Throttling.Address'],
    ['2001:db8:0:1::1', 'InvalidKey'], ['2001:db8:0:1:ffff::2', 'Throttling.Address'], ['2001:db8:0:2::1', 'InvalidKey'],
    ['fe80::1%eth0', 'InvalidKey'], ['fe80::2%eth1', 'Throttling.Address'],
    ['nobody', 'InvalidKey'], ['a'.repeat(8000), 'Throttling.Address']
  ]
  for (const [address, code] of cases) t.equal(await failFrom(proxy, address), code, address.slice(0, 40))
  t.equal(await failFrom(proxy, '192.0.2.1', { 'x-api-key': proxy.key }), 200, 'a valid key from there is served')
})

t.test('from the bound on an answer waits, ends with its sender or the proxy, and the log says so once', async t => {
  const proxy = await startProxy(t, { front: { failuresPerMinuteMax: 2, throttledDelayMs: 150 } })
  for (let n = 0; n < 2; n++) await proxy.request('/unknown')
  const startMs = performance.now()
  t.equal(codeOf(await proxy.request('/unknown')), 'Throttling.Address')
  t.ok(performance.now() - startMs > 140)
  await Promise.all(Array.from({ length: 20 }, async () => await proxy.request('/unknown')))
  const lines = proxy.log.map(line => JSON.parse(line))
  t.equal(lines.filter(({ msg }) => /causes too many failures/.test(msg)).length, 1)
  t.ok(lines.filter(({ code }) => code === 'Throttling.Address').every(({ level }) => level === 20))
})

t.test('answers that wait do not hold up the end of the proxy', async t => {
  const proxy = await startProxy(t, { front: { failuresPerMinuteMax: 0, throttledDelayMs: 60_000 } })
  const waiting = proxy.request('/unknown')
  const gone = exchange(proxy.port, ['GET /unknown HTTP/1.1\r\nHost: p\r\n\r\n'], () => false)
  for (let n = 0; n < 3; n++) await proxy.request('/')
  const startMs = performance.now()
  await proxy.close()
  t.equal(codeOf(await waiting), 'Throttling.Address')
  t.equal(parseAnswer(await gone)?.headers['connection'], 'close')
  t.ok(performance.now() - startMs < 2_000)
})

t.test('bodies in memory are bounded per address as well, so that one sender cannot shut the others out', async t => {
  const proxy = await startProxy(t, { env: { BODY_MAX_BYTES: '40000', BODIES_IN_FLIGHT_MAX_BYTES: '80000', TRUST_PROXY: '127.0.0.1' } })
  const head = (address: string): string => `POST ${PATH} HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nX-Forwarded-For: ${address}\r\nContent-Length: 30000\r\nExpect: 100-continue\r\n\r\n`
  const announce = async (address: string): Promise<string> => {
    const socket = connect(proxy.port, '127.0.0.1')
    t.teardown(() => { socket.destroy() })
    socket.write(head(address))
    return await new Promise(resolve => { socket.once('data', chunk => { resolve(String(chunk).split('\r\n')[0] ?? '') }) })
  }
  t.match(await announce('192.0.2.1'), /100/)
  t.match(await announce('192.0.2.1'), /503/)
  t.match(await announce('192.0.2.2'), /100/)
  t.match(await announce('192.0.2.3'), /503/, 'and in all')
})

t.test('a body without a Content-Length counts as it comes: above the bound alone, and together with others, it is a 503', async t => {
  const proxy = await startProxy(t, { env: { BODIES_IN_FLIGHT_MAX_BYTES: '1024' } })
  const chunkedHead = `POST ${PATH} HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nTransfer-Encoding: chunked\r\n\r\n`
  const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n`
  const alone = parseAnswer(await exchange(proxy.port, [chunkedHead, chunk(600), chunk(600), '0\r\n\r\n']))
  t.equal(JSON.parse(alone?.body ?? '{}').code, 'TooMuchInFlight')
  const unfinished = connect(proxy.port, '127.0.0.1')
  t.teardown(() => { unfinished.destroy() })
  unfinished.write(chunkedHead + chunk(900))
  const body = JSON.stringify(onePush).padEnd(900)
  t.ok(await becomes(async () => codeOf(await proxy.push(body)) === 'TooMuchInFlight'), 'what has come of an unfinished body leaves no room')
  unfinished.destroy()
  t.ok(await becomes(async () => (await proxy.push(body)).statusCode === 200), 'and its end gives the room back')
})

t.test('the body of a sender that hung up counts until the proxy is done with it, and is given back once', async t => {
  const proxy = await startProxy(t, { env: { BODIES_IN_FLIGHT_MAX_BYTES: '1024' }, policy: { delivery: 'relay-or-store', relayTimeoutMs: 1_500 } })
  const body = JSON.stringify(onePush).padEnd(900)
  proxy.cloud.inject('neverAnswers')
  const socket = connect(proxy.port, '127.0.0.1')
  socket.write(`POST ${PATH} HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  t.ok(await becomes(async () => proxy.cloud.attempts() > 0), 'the cloud has the push')
  socket.resetAndDestroy()
  t.ok(await becomes(async () => /^energy_expert_proxy_hang_ups_total\S* [1-9]/m.test(await (await request(`${proxy.adminOrigin}/metrics`)).body.text())), 'the proxy has seen the reset')
  t.equal(codeOf(await proxy.push(body)), 'TooMuchInFlight')
  proxy.cloud.heal()
  t.ok(await becomes(async () => (await proxy.push(body)).statusCode < 300), 'the bytes are given back')
  const tooMuch = await proxy.push(JSON.stringify(onePush).padEnd(1_025))
  t.equal(codeOf(tooMuch), 'TooMuchInFlight', 'bytes that were given back twice would leave room for this one')
})

async function becomes (isSo: () => Promise<boolean>): Promise<boolean> {
  for (const endMs = performance.now() + 10_000; performance.now() < endMs; await new Promise(setImmediate)) if (await isSo()) return true
  return false
}
