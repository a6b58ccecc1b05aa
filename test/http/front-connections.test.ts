import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { exchange, parseAnswer, parseAnswers } from '../support/raw-socket.js'
import { onePush, startCloud, startProxy, type TestProxy } from '../support/proxy.js'

const PATH = '/api/v1/data/increment/push'
const BODY = JSON.stringify(onePush)

const headOf = (key: string, bodyBytes = BODY.length): string => `POST ${PATH} HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nContent-Length: ${bodyBytes}\r\n\r\n`
const rawPush = (proxy: TestProxy): string => headOf(proxy.key) + BODY

interface Caller {
  readonly socket: Socket
  /** Everything that came so far. */
  received: () => string
  /** Resolves when the proxy has let go of the connection. */
  readonly gone: Promise<void>
}

/** A connection whose ends the test holds in its hand. */
async function call (t: Test, port: number): Promise<Caller> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.teardown(() => { socket.destroy() })
  let received = ''
  socket.on('data', chunk => { received += chunk.toString('latin1') })
  socket.on('error', () => {})
  const gone = new Promise<void>(resolve => { socket.once('close', () => { resolve() }) })
  await once(socket, 'connect')
  return { socket, received: () => received, gone }
}

/** Looks again until it holds; fails after five seconds. */
async function until (t: Test, holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
  t.ok(holds(), what)
}

/** Every address counts by itself, and Node looks often. */
const STRICT = { isShared: () => false, connectionsCheckingIntervalMs: 20 }

t.test('a new connection takes the place of the one of its address that has been idle longest', async t => {
  const proxy = await startProxy(t, { front: { ...STRICT, connectionsPerAddressMax: 3 } })
  const idle = [await call(t, proxy.port), await call(t, proxy.port), await call(t, proxy.port)]
  const answers = parseAnswers(await exchange(proxy.port, [rawPush(proxy)]))
  t.equal(answers[0]?.statusCode, 200)
  await idle[0]?.gone
  t.ok(idle.slice(1).every(({ socket }) => !socket.closed), 'the others stay')
  t.equal(idle[0]?.received(), '', 'and nothing was said to it')
})

t.test('an address whose every connection is being answered gets no more of them, which the log tells, another address does', async t => {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud, policy: { delivery: 'relay' }, front: { isShared: address => address === '127.0.0.2', connectionsPerAddressMax: 2 } })
  cloud.inject('neverAnswers')
  const busy = [await call(t, proxy.port), await call(t, proxy.port)]
  for (const { socket } of busy) socket.write(rawPush(proxy))
  await until(t, () => cloud.attempts() === 2, 'both wait for the cloud')
  await (await call(t, proxy.port)).gone
  t.match(await (await fetch(`${proxy.adminOrigin}/metrics`)).text(), /connections_refused_total\{reason="too-many-of-address"\} 1/)
  for (let n = 0; n < 30; n++) await (await call(t, proxy.port)).gone
  const lines = proxy.log.map(line => JSON.parse(line)).filter(({ reason }) => reason === 'too-many-of-address')
  t.match(lines[0], { level: 40, address: '127.0.0.1' })
  t.ok(lines.length >= 10 && lines.length <= 20, 'the minute may turn once in between')
  const other = connect({ port: proxy.port, host: '127.0.0.1', localAddress: '127.0.0.2' })
  other.write('GET / HTTP/1.1\r\nHost: p\r\n\r\n')
  const [chunk] = await once(other, 'data')
  t.match(String(chunk), /^HTTP\/1\.1 200/)
  other.destroy()
  for (const { socket } of busy) socket.destroy()
})

t.test('the connections of all addresses together are bounded, and idle ones make room', async t => {
  const proxy = await startProxy(t, { front: { connectionsMax: 20 } })
  const idle = []
  for (let n = 0; n < 60; n++) idle.push(await call(t, proxy.port))
  t.equal((await proxy.push(onePush)).statusCode, 200)
  await Promise.all(idle.slice(0, 40).map(async ({ gone }) => { await gone }))
  t.ok(idle.slice(-19).every(({ socket }) => !socket.closed))
})

t.test('a connection that says nothing, or never ends its headers, is let go; who began is told why', async t => {
  const proxy = await startProxy(t, { front: { ...STRICT, headersTimeoutMs: 150 } })
  const silent = await call(t, proxy.port)
  const slow = await call(t, proxy.port)
  slow.socket.write('POST / HTTP/1.1\r\nHost: p\r\n')
  const dripping = await call(t, proxy.port)
  dripping.socket.write('POST ')
  const drip = setInterval(() => { dripping.socket.write('a') }, 20)
  await Promise.all([silent.gone, slow.gone, dripping.gone])
  clearInterval(drip)
  t.equal(silent.received(), '')
  for (const { received } of [slow, dripping]) {
    t.equal(parseAnswer(received())?.statusCode, 408)
    t.equal(JSON.parse(parseAnswer(received())?.body ?? '{}').code, 'RequestTimeout')
  }
})

t.test('a kept connection that idles is let go without a word', async t => {
  const proxy = await startProxy(t, { front: { ...STRICT, keepAliveTimeoutMs: 50 } })
  const received = await exchange(proxy.port, [rawPush(proxy)], () => false)
  t.equal(parseAnswers(received).length, 1)
})

t.test('half a body, or one that comes byte by byte, is a 408 after the body\'s time and the connection ends', async t => {
  const proxy = await startProxy(t, { front: { bodyTimeoutMs: 200, lingerTimeoutMs: 200 } })
  const half = await exchange(proxy.port, [headOf(proxy.key), BODY.slice(0, 20)], () => false)
  t.equal(JSON.parse(parseAnswer(half)?.body ?? '{}').code, 'RequestTimeout')
  const dripping = await call(t, proxy.port)
  dripping.socket.write(headOf(proxy.key, 100_000))
  const drip = setInterval(() => { dripping.socket.write(' ') }, 10)
  await dripping.gone
  clearInterval(drip)
  t.equal(parseAnswer(dripping.received())?.statusCode, 408)
  t.equal(parseAnswer(dripping.received())?.headers['connection'], 'close')
})

t.test('whoever has no key holds no memory: the body is not read, whatever the path and the method', async t => {
  const proxy = await startProxy(t, { env: { BODIES_IN_FLIGHT_MAX_BYTES: '4096' } })
  for (const line of [`POST ${PATH}`, `QUERY ${PATH}`, 'POST /unknown', 'PUT /', `DELETE ${PATH}`, 'GET /']) {
    const received = await exchange(proxy.port, [`${line} HTTP/1.1\r\nHost: p\r\nContent-Length: 4000\r\nConnection: close\r\n\r\n{`])
    t.match(parseAnswer(received)?.statusCode, line === 'GET /' ? 200 : /^40[145]$/, line)
    t.equal((await proxy.push(onePush)).statusCode, 200, line)
  }
})

t.test('a sender that is refused while it still writes a large body reads its answer', async t => {
  const proxy = await startProxy(t, { env: { BODY_MAX_BYTES: '1048576' } })
  const piece = ' '.repeat(65_536)
  for (const key of [proxy.key, 'nonsense']) {
    const bodyBytes = 24 * piece.length
    const received = await exchange(proxy.port, [headOf(key, bodyBytes), ...Array<string>(24).fill(piece)], () => false)
    t.equal(parseAnswer(received)?.statusCode, key === proxy.key ? 413 : 401)
    t.equal(parseAnswer(received)?.headers['connection'], 'close')
  }
})

t.test('a small body that is refused leaves its connection of use', async t => {
  const proxy = await startProxy(t)
  const caller = await call(t, proxy.port)
  caller.socket.write(headOf('nonsense'))
  await until(t, () => parseAnswers(caller.received()).length === 1, 'refused before the body has come')
  caller.socket.write(BODY + rawPush(proxy))
  await until(t, () => parseAnswers(caller.received()).length === 2, 'the body is skipped')
  t.strictSame(parseAnswers(caller.received()).map(({ statusCode }) => statusCode), [401, 200])
})

t.test('a refused body is drained for so many bytes and for so long, and nothing in it is a request', async t => {
  const proxy = await startProxy(t, { env: { BODY_MAX_BYTES: '100000' }, front: { lingerTimeoutMs: 300 } })
  const flood = await call(t, proxy.port)
  flood.socket.write(headOf('nonsense', 1e9))
  let writtenBytes = 0
  const piece = Buffer.alloc(100_000)
  while (!flood.socket.destroyed && writtenBytes < 1e8) {
    writtenBytes += piece.length
    if (!flood.socket.write(piece)) await Promise.race([once(flood.socket, 'drain').catch(() => {}), flood.gone])
  }
  t.ok(writtenBytes < 2e7, `${writtenBytes} bytes were taken in by the sockets' buffers and the drain`)
  const waiting = await call(t, proxy.port)
  waiting.socket.write(headOf('nonsense', 1e9))
  await waiting.gone
  t.equal(parseAnswer(waiting.received())?.statusCode, 401)
  // The body ends just before what looks like a valid push.
  const smuggled = await exchange(proxy.port, [headOf('nonsense', 70_000), ' '.repeat(70_000) + rawPush(proxy)], () => false)
  t.strictSame(parseAnswers(smuggled).map(({ statusCode }) => statusCode), [401])
  t.equal(proxy.cloud.attempts(), 0)
})

t.test('a reader that does not read is let go, and that is no failure of ours', async t => {
  const proxy = await startProxy(t, { front: { stallTimeoutMs: 150 } })
  const { socket, gone } = await call(t, proxy.port)
  socket.pause()
  socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: p\r\n\r\n'.repeat(20))
  // A socket that is paused does not see its end, so it is asked for in the metrics.
  const gauge = async (): Promise<string> => /proxy_connections (\d+)/.exec(await (await fetch(`${proxy.adminOrigin}/metrics`)).text())?.[1] ?? ''
  let open = ''
  for (let tries = 0; tries < 300 && open !== '0'; tries++) {
    open = await gauge()
    await new Promise(resolve => { setTimeout(resolve, 10) })
  }
  t.equal(open, '0')
  socket.destroy()
  await gone
  t.notOk(proxy.log.some(line => JSON.parse(line).level >= 50), proxy.log.filter(line => JSON.parse(line).level >= 50).join())
  t.equal((await proxy.push(onePush)).statusCode, 200)
})

t.test('hang-ups at each stage leave nothing behind, and the next push is served', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'relay' } })
  const stages = ['', 'PO', `POST ${PATH} HTTP/1.1\r\nHost: p\r\n`, headOf(proxy.key), headOf(proxy.key) + BODY.slice(0, 30), `${rawPush(proxy)}POST`]
  for (const sent of stages) {
    for (const hangUp of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
      const { socket, gone } = await call(t, proxy.port)
      if (sent !== '') socket.write(sent)
      hangUp(socket)
      await gone
    }
  }
  t.equal((await proxy.push(onePush)).statusCode, 200)
  await until(t, () => !proxy.log.some(line => line.includes('"level":60') || line.includes('InternalError')), 'nothing failed')
  const gauges = async (): Promise<string> => await (await fetch(`${proxy.adminOrigin}/metrics`)).text()
  t.match(await gauges(), /bodies_in_flight_bytes 0\n/)
})

t.test('a relay plant\'s attempt ends with its sender, a relay-or-store plant\'s push arrives all the same', async t => {
  for (const delivery of ['relay', 'relay-or-store'] as const) {
    const cloud = await startCloud(t)
    const proxy = await startProxy(t, { cloud, policy: { delivery } })
    cloud.inject('dribbles', { ms: 5 })
    const { socket } = await call(t, proxy.port)
    socket.write(rawPush(proxy))
    await until(t, () => cloud.attempts() === 1, 'the cloud has it')
    socket.resetAndDestroy()
    const outcome = delivery === 'relay' ? '"kind":"cancelled"' : '"kind":"delivered"'
    await until(t, () => proxy.log.some(line => line.includes(outcome)), `${delivery}: ${outcome}`)
  }
})

t.test('a sender that closes its sending side gets its answer', async t => {
  const proxy = await startProxy(t)
  const { socket, received, gone } = await call(t, proxy.port)
  socket.end(rawPush(proxy) + rawPush(proxy))
  await gone
  t.strictSame(parseAnswers(received()).map(({ statusCode }) => statusCode), [200, 200])
})

// Node tells only the first of several pipelined responses that the connection is gone.
t.test('pipelined pushes whose sender hangs up give back the memory that they were counted with', async t => {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud, policy: { relayTimeoutMs: 300 } })
  cloud.inject('neverAnswers')
  const { socket } = await call(t, proxy.port)
  socket.write(rawPush(proxy).repeat(5))
  await until(t, () => cloud.attempts() === 5, 'all are on their way')
  socket.resetAndDestroy()
  let metrics = ''
  for (let tries = 0; tries < 100 && !/bodies_in_flight_bytes 0\n/.test(metrics); tries++) {
    metrics = await (await fetch(`${proxy.adminOrigin}/metrics`)).text()
    await new Promise(resolve => { setTimeout(resolve, 10) })
  }
  t.match(metrics, /bodies_in_flight_bytes 0\n/)
})
