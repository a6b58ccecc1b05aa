import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { FrontOptions } from '../../src/front-options.js'
import { onePush, startProxy, type ProxyOptions, type TestProxy } from '../support/proxy.js'
import { parseAnswers } from '../support/raw-socket.js'
import { projectPath } from '../support/project.js'

const pair = (ending: string): string => projectPath(`test/support/tls-plants/first.${ending}`)
const BODY = JSON.stringify(onePush)
const headOf = (key: string, bodyBytes = BODY.length): string => `POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nContent-Length: ${bodyBytes}\r\n\r\n`

async function startTls (t: Test, front: Partial<FrontOptions> = {}, options: ProxyOptions = {}): Promise<TestProxy> {
  return await startProxy(t, { ...options, front, env: { TLS_CERT_FILE: pair('crt'), TLS_KEY_FILE: pair('key'), ...options.env } })
}

interface Caller<S extends Socket> { socket: S, received: () => string, gone: Promise<void> }

function watch <S extends Socket> (t: Test, socket: S): Caller<S> {
  t.teardown(() => { socket.destroy() })
  let received = ''
  socket.on('data', chunk => { received += chunk.toString('latin1') })
  socket.on('error', () => {})
  return { socket, received: () => received, gone: new Promise(resolve => { socket.once('close', () => { resolve() }) }) }
}

/** What is proven here is the front's; whose certificate it is, tls.test.ts proves. */
async function call (t: Test, { port }: TestProxy): Promise<Caller<TLSSocket>> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  return watch(t, socket)
}

async function statusesOf (t: Test, proxy: TestProxy, sent: string): Promise<number[]> {
  const { socket, received, gone } = await call(t, proxy)
  socket.write(sent)
  await gone
  return parseAnswers(received()).map(({ statusCode }) => statusCode)
}

t.test('under TLS a connection that is being answered is not taken for an idle one', async t => {
  const proxy = await startTls(t, { connectionsMax: 2 })
  proxy.cloud.inject('dribbles', { ms: 10 })
  const busy = await call(t, proxy)
  busy.socket.write(headOf(proxy.key) + BODY)
  for (let tries = 0; tries < 500 && proxy.cloud.attempts() === 0; tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
  const idle = [await call(t, proxy), await call(t, proxy), await call(t, proxy)]
  await Promise.all(idle.slice(0, 2).map(async ({ gone }) => { await gone }))
  for (let tries = 0; tries < 500 && parseAnswers(busy.received()).length === 0; tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
  t.strictSame(parseAnswers(busy.received()).map(({ statusCode }) => statusCode), [200])
  t.notOk(busy.socket.destroyed)
})

t.test('under TLS nonsense is answered behind what came before it, and a large refused body is drained', async t => {
  const proxy = await startTls(t, {}, { env: { BODY_MAX_BYTES: '1048576' } })
  t.strictSame(await statusesOf(t, proxy, `${headOf(proxy.key)}${BODY}${headOf(proxy.key)}${BODY}\0\0`), [200, 200, 400])
  t.strictSame(await statusesOf(t, proxy, headOf('nonsense', 1_500_000) + ' '.repeat(1_500_000)), [401])
  t.strictSame(await statusesOf(t, proxy, headOf(proxy.key, 1_500_000) + ' '.repeat(1_500_000)), [413])
})

t.test('a handshake that never goes on makes room like any idle connection', async t => {
  const proxy = await startTls(t, { connectionsMax: 3 })
  const silent = Array.from({ length: 6 }, () => watch(t, connectTcp(proxy.port, '127.0.0.1')))
  await Promise.all(silent.map(async ({ socket }) => { if (socket.connecting) await once(socket, 'connect') }))
  t.strictSame(await statusesOf(t, proxy, 'GET / HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n'), [200])
  await Promise.all(silent.slice(0, 3).map(async ({ gone }) => { await gone }))
})

t.test('a connection that ends before it says anything is not counted as refused for TLS, one without a handshake is', async t => {
  const proxy = await startTls(t)
  const refused = async (): Promise<number> => Number(/refused_total\{reason="tls"\} (\d+)/.exec(await (await fetch(`${proxy.adminOrigin}/metrics`)).text())?.[1] ?? 0)
  for (const hangUp of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
    const { socket, gone } = watch(t, connectTcp(proxy.port, '127.0.0.1'))
    await once(socket, 'connect')
    hangUp(socket)
    await gone
  }
  for (const sent of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01']) {
    const { socket, gone } = watch(t, connectTcp(proxy.port, '127.0.0.1'))
    socket.end(sent, 'latin1')
    await gone
  }
  for (let tries = 0; tries < 500 && await refused() < 2; tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
  t.equal(await refused(), 2)
})

t.test('under TLS idle connections end at once with the proxy', async t => {
  const proxy = await startTls(t)
  const { gone } = await call(t, proxy)
  const startMs = performance.now()
  await proxy.close()
  await gone
  t.ok(performance.now() - startMs < 1_500)
})
