import { connect } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import pino from 'pino'
import { Registry } from 'prom-client'
import { buildAdminApp } from '../../src/admin-app.js'
import { systemClock } from '../../src/clock.js'
import { namesThisMachine } from '../../src/plugins/host-allow-list.js'
import { createHealth, type Health } from '../../src/health.js'
import { exchange, exchangeOne } from '../support/raw-socket.js'

interface AdminOptions {
  readonly host?: string
  readonly token?: string
  readonly allowedHosts?: readonly string[]
}

/** The admin port alone, listening; it ends with the test. */
async function startAdmin (t: Test, { host = '127.0.0.1', token, allowedHosts = [] }: AdminOptions = {}): Promise<{ port: number, health: Health, log: string[], get: (path: string, headers?: string) => ReturnType<typeof exchangeOne> }> {
  const log: string[] = []
  const logger = pino({ level: 'trace' }, { write: line => { log.push(line) } })
  const health = createHealth({ clock: systemClock })
  const app = await buildAdminApp({ logger, clock: systemClock, health, metrics: new Registry(), admin: { host, port: 0, token, allowedHosts } })
  t.teardown(async () => { await app.close() })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo // it listens on a port, not on a pipe
  const get = async (path: string, headers = `Host: 127.0.0.1:${port}\r\n`): ReturnType<typeof exchangeOne> => await exchangeOne(port, `GET ${path} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`)
  return { port, health, log, get }
}

t.test('alive is alive, ready says details, not ready says why', async t => {
  const { health, get } = await startAdmin(t)
  t.match(await get('/livez'), { statusCode: 200, body: '{"status":"alive"}' })
  health.add('store', () => ({ detail: { plants: 2 } }))
  t.match(await get('/readyz'), { statusCode: 200, body: '{"status":"ready","details":{"store":{"plants":2}}}' })
  health.add('store', () => ({ reason: 'It cannot be read.' }))
  const answer = await get('/readyz')
  t.equal(answer.statusCode, 503)
  t.strictSame(JSON.parse(answer.body), { status: 'not-ready', reasons: [{ check: 'store', message: 'It cannot be read.' }], details: {} })
  t.equal((await get('/livez')).statusCode, 200, 'a proxy that is not ready must not be restarted for that')
})

t.test('every answer is short, has a length, a request id and headers that keep a browser from doing harm with it', async t => {
  const { get } = await startAdmin(t)
  for (const path of ['/livez', '/metrics', '/nothing']) {
    const { headers, body } = await get(path)
    t.equal(headers['content-length'], String(body.length), path)
    t.equal(headers['cache-control'], 'no-store')
    t.equal(headers['x-content-type-options'], 'nosniff')
    t.match(headers['content-security-policy'], /default-src 'self'/)
    t.notOk(headers['strict-transport-security'], 'a promise about another port is not ours to make')
    t.match(headers['x-request-id'], /^[0-9A-F-]{36}$/)
  }
})

t.test('errors are those of the catalogue', async t => {
  const { get, port } = await startAdmin(t)
  t.match(JSON.parse((await get('/nothing')).body), { code: 'NotFound', requestId: String })
  for (const body of ['{"a":', '']) {
    for (const type of ['application/json', 'json', 'text/plain']) {
      const answer = await exchangeOne(port, `POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
      t.match(answer, { statusCode: 405, headers: { allow: /GET/ } }, `${type} ${body}`)
      t.equal(JSON.parse(answer.body).code, 'MethodNotAllowed')
    }
  }
  t.equal((await get('/%zz')).statusCode, 400)
})

t.test('with a token everything but the two probes needs it, on loopback too, unknown paths included', async t => {
  const { get, log } = await startAdmin(t, { token: 'token-of-the-operator' })
  const withToken = (authorization: string): string => `Host: localhost\r\nAuthorization: ${authorization}\r\n`
  for (const path of ['/livez', '/readyz', '/livez?x=1']) t.equal((await get(path)).statusCode, 200, path)
  for (const path of ['/metrics', '/nothing', '/', '/livez/x', '/%zz/..']) {
    const answer = await get(path)
    t.ok([401, 400].includes(answer.statusCode), `${path} ${answer.statusCode}`)
  }
  const refused = await get('/metrics', withToken('Bearer token-of-the-operato'))
  t.equal(refused.headers['www-authenticate'], 'Bearer')
  t.match(JSON.parse(refused.body), { code: 'InvalidToken' })
  const wrong = ['', 'Bearer', 'Bearer ', 'token-of-the-operator', 'Basic token-of-the-operator', 'Bearer token-of-the-operator x', 'Bearer TOKEN-OF-THE-OPERATOR', `Bearer ${'x'.repeat(4000)}`]
  for (const authorization of wrong) t.equal((await get('/metrics', withToken(authorization))).statusCode, 401, authorization.slice(0, 40))
  for (const authorization of ['Bearer token-of-the-operator', 'bearer   token-of-the-operator']) t.equal((await get('/metrics', withToken(authorization))).statusCode, 200, authorization)
  t.notMatch(log.join(''), /token-of-the/, 'no guess and no token stands in the log')
})

t.test('an admin port that others can reach is never built without a token', async t => {
  for (const host of ['0.0.0.0', '::', '10.0.0.7', 'proxy.example']) await t.rejects(startAdmin(t, { host }), { message: /ADMIN_TOKEN must be set/ }, host)
  for (const host of ['localhost', '127.0.0.2', '::1']) await t.resolves(startAdmin(t, { host }), host)
})

t.test('only a Host of this machine is answered, so that no web page reads this port through a name of its own', async t => {
  const { get, log } = await startAdmin(t, { host: 'Proxy.example', token: 'token-of-the-operator', allowedHosts: ['metrics.example', '[2001:db8::1]'] })
  const statusFor = async (host: string): Promise<number> => (await get('/livez', `Host: ${host}\r\n`)).statusCode
  const own = ['localhost', 'LOCALHOST:1', 'localhost.', '127.0.0.1', '127.0.0.1:8081', '127.1.2.3', '[::1]', '[::1]:8081', 'proxy.example:8081', 'metrics.example', 'METRICS.example.:80', '[2001:db8::1]:8081']
  for (const host of own) t.equal(await statusFor(host), 200, host)
  const foreign = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'xproxy.example', '10.0.0.7', '[::2]', '0x7f.1', 'user@localhost', 'localhost:80:80', '2130706433', ',localhost']
  for (const host of foreign) t.equal(await statusFor(host), 421, host)
  const answer = await get('/metrics', 'Host: evil.example\r\nAuthorization: Bearer token-of-the-operator\r\n')
  t.match(JSON.parse(answer.body), { code: 'MisdirectedRequest', message: /ADMIN_ALLOWED_HOSTS/ })
  t.notMatch(log.join(''), /evil/)
})

t.test('the address that a connection came in on is a name of this machine, and of this connection alone', async t => {
  t.ok(namesThisMachine('10.0.0.7:8081', [], '10.0.0.7'))
  t.ok(namesThisMachine('10.0.0.7:8081', [], '::ffff:10.0.0.7'), 'on a socket that takes both families')
  t.ok(namesThisMachine('[2001:DB8::1]:8081', [], '2001:db8::1'))
  t.notOk(namesThisMachine('10.0.0.8:8081', [], '10.0.0.7'))
  t.notOk(namesThisMachine('undefined', [], undefined))
})

t.test('a probe of HTTP/1.0 without a Host is answered: it comes from no browser', async t => {
  const { port } = await startAdmin(t)
  t.match(await exchange(port, ['GET /livez HTTP/1.0\r\n\r\n'], () => false), /^HTTP\/1\.1 200 OK\r\n/)
  t.match(await exchange(port, ['HEAD /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'], () => false), /^HTTP\/1\.1 200 OK\r\n/)
})

t.test('a loop of wrong tokens does not fill the log', async t => {
  const { get, log } = await startAdmin(t, { token: 'token-of-the-operator' })
  for (let round = 0; round < 100; round += 1) await get('/metrics')
  const refusals = log.map(line => JSON.parse(line)).filter(({ code }) => code === 'InvalidToken')
  // The minute may turn once in between.
  t.ok(refusals.filter(({ level }) => level === 30).length <= 60)
  t.ok(refusals.some(({ msg }) => /not logged/.test(msg)))
})

async function openSilent (t: Test, port: number, count: number, says = ''): Promise<Array<{ gone: Promise<unknown> }>> {
  const sockets = []
  for (let n = 0; n < count; n += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => {}).resume()
    t.teardown(() => { socket.destroy() })
    const gone = new Promise(resolve => { socket.once('close', resolve) })
    await once(socket, 'connect')
    if (says !== '') socket.write(says)
    sockets.push({ gone })
  }
  return sockets
}

t.test('a probe is answered beside a thousand connections that say nothing, half a request, or were answered long ago', async t => {
  for (const says of ['', 'GET /livez HTTP/1.1\r\nHost: local', 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n', 'POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n']) {
    const { port, get } = await startAdmin(t)
    const silent = await openSilent(t, port, 1000, says)
    const startMs = performance.now()
    t.equal((await get('/livez')).statusCode, 200, says)
    t.ok(performance.now() - startMs < 2_000, says)
    await Promise.all(silent.slice(0, 700).map(async ({ gone }) => { await gone }))
  }
})

t.test('a connection to the admin port that says nothing is let go within seconds', async t => {
  const { port } = await startAdmin(t)
  const startMs = performance.now()
  await Promise.all((await openSilent(t, port, 3)).map(async ({ gone }) => { await gone }))
  t.ok(performance.now() - startMs < 9_000)
})
