import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect as connectTls } from 'node:tls'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sandboxCommand } from '../../src/commands/sandbox.js'
import { createReceived, type ReceivedPush } from '../../src/sandbox/received.js'
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js'
import { certificate } from '../support/certificate.js'
import { exchange, onePushBody, signPush, toBytes, type WireAnswer } from '../support/signed-push.js'

const KEYS = { accessKeyId: 'key-id', accessKeySecret: 'key-secret' }

async function start (t: Test, options: Partial<SandboxOptions> = {}) {
  const sandbox = await startSandbox({ accounts: [KEYS], ...options })
  t.teardown(async () => { await sandbox.close() })
  const host = `127.0.0.1:${sandbox.port}`
  const ask = async (method: string, target: string, body: unknown = undefined, headers: Record<string, string> = {}): Promise<WireAnswer & { value: unknown }> => {
    const bytes = Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
    const answer = await exchange(sandbox.port, toBytes({ method, target, headers: { host, ...headers }, body: bytes }))
    return { ...answer, value: JSON.parse(answer.body) }
  }
  const push = async (options: Parameters<typeof signPush>[0] | object = {}): Promise<WireAnswer> => await exchange(sandbox.port, toBytes(signPush({ host, ...options })))
  return { sandbox, host, ask, push }
}

t.test('GET / says what it is', async t => {
  const { ask, push } = await start(t)
  await push()
  const answer = await ask('GET', '/')
  t.match(answer, { statusCode: 200, value: { name: 'Energy Expert sandbox', received: 1, attempts: 1, faults: [] } })
  t.notMatch(answer.body, '\n')
  t.match(answer.headers, { date: /GMT$/, 'x-acs-request-id': /^[0-9A-F-]{36}$/ })
})

t.test('GET /received lists the newest pushes, newest last, without session tokens; DELETE forgets them', async t => {
  const session = { accessKeyId: 'STS.id', accessKeySecret: 's', securityToken: 'session-token-nobody-may-see' }
  const { sandbox, ask, push } = await start(t, { accounts: [KEYS, session] })
  for (const deviceType of ['1', '12', '13']) await push({ body: `{"deviceType":"${deviceType}","devices":[{"recordTime":"2021-09-08 18:40:00","data":{}}]}` })
  await push({ ...session, headers: { 'x-acs-security-token': session.securityToken } })
  const all = await ask('GET', '/received')
  t.match(all.value, [{ push: { deviceType: '1' } }, { push: { deviceType: '12' } }, { push: { deviceType: '13' } }, { accessKeyId: 'STS.id', verified: true, body: onePushBody, headers: { 'x-acs-security-token': '***' } }])
  t.notMatch(all.body, session.securityToken)
  t.equal(sandbox.received()[3]?.headers['x-acs-security-token'], session.securityToken, 'a test that started it may see it')
  t.match((await ask('GET', '/received?limit=2')).value, [{ push: { deviceType: '13' } }, { accessKeyId: 'STS.id' }])
  t.strictSame((await ask('GET', '/received?limit=0')).value, [])
  for (const limit of ['-1', 'x', '1e3', '']) t.equal((await ask('GET', `/received?limit=${limit}`)).statusCode, 400, limit)
  t.strictSame((await ask('DELETE', '/received')).value, [])
  t.strictSame(sandbox.received(), [])
  t.equal(sandbox.attempts(), 4)
})

t.test('faults are put, shown and healed over HTTP', async t => {
  const { ask, push } = await start(t)
  t.match(await ask('PUT', '/faults', { fault: 'throttles', times: 2, retryAfterMs: 700 }), { statusCode: 200, value: { faults: [{ fault: 'throttles', times: 2, retryAfterMs: 700 }] } })
  t.match(await push(), { statusCode: 400, headers: { 'x-acs-retry-after': '700' } })
  t.match((await ask('GET', '/faults')).value, { faults: [{ fault: 'throttles', times: 1 }], names: ['neverAnswers'] })
  await ask('PUT', '/faults', { fault: 'isAnErrorPage' })
  t.equal((await push()).statusCode, 502, 'what is put replaces what was there')
  t.match(await ask('PUT', '/faults', { fault: 'skewedClock', ms: 7_200_000 }), { value: { faults: [{ fault: 'skewedClock' }] } })
  t.ok(Date.parse((await ask('GET', '/')).headers.date ?? '') > Date.now() + 7_000_000, 'every answer has its clock')
  t.match(await ask('DELETE', '/faults'), { body: /^{"faults":\[\],/ })
  t.equal((await push()).statusCode, 200)
})

t.test('a fault that is none is refused and changes nothing', async t => {
  const { ask, push } = await start(t)
  const bodies: unknown[] = [
    '', '{', '[]', 'null', {}, { fault: 'sleeps' }, { fault: '__proto__' }, { fault: ['throttles'] }, { fault: 'throttles', times: 0 }, { fault: 'throttles', times: '1' },
    { fault: 'throttles', statusCode: 99 }, { fault: 'throttles', statusCode: 1000 }, { fault: 'throttles', retryAfterMs: -1 }, { fault: 'refuses', code: 'a\r\nSet-Cookie: b' },
    { fault: 'throttles', keyCase: 'snake' }, { fault: 'throttles', toString: 1 }, '{"fault":"throttles","__proto__":1}'
  ]
  for (const body of bodies) t.match(await ask('PUT', '/faults', body), { statusCode: 400, value: { code: 'InvalidFault' } }, JSON.stringify(body))
  t.equal((await push()).statusCode, 200)
})

t.test('the control paths know their methods, and no others', async t => {
  const { ask } = await start(t)
  t.match(await ask('POST', '/faults'), { statusCode: 405, headers: { allow: 'GET, PUT, DELETE' } })
  t.match(await ask('PATCH', '/received'), { statusCode: 405, headers: { allow: 'GET, DELETE' } })
  for (const path of ['/constructor', '/__proto__', '/received/', '//received', '/faults/..']) t.match(await ask('GET', path), { statusCode: 404, value: { Code: 'InvalidApi.NotFound' } }, path)
})

t.test('a web page does not reach the control paths', async t => {
  const { sandbox, ask, host } = await start(t)
  const put = async (headers: Record<string, string>): Promise<number> => (await ask('PUT', '/faults', { fault: 'isDown' }, headers)).statusCode
  t.equal(await put({ host: `evil.example:${sandbox.port}` }), 403, 'a name that was rebound to loopback')
  t.equal(await put({ host: '127.0.0.1.evil.example' }), 403)
  t.equal(await put({ host: 'energyexpertexternal.cn-hangzhou.aliyuncs.com' }), 403)
  for (const origin of ['null', 'http://evil.example', `https://${host}`, `http://localhost:${sandbox.port}`, '']) t.equal(await put({ origin }), 403, `Origin ${origin}`)
  t.equal((await ask('GET', '/received', undefined, { origin: 'http://evil.example' })).statusCode, 403)
  t.equal(await put({ origin: `http://${host}` }), 200, 'its own page does')
  t.equal(await put({ host: `localhost:${sandbox.port}`, origin: `http://localhost:${sandbox.port}` }), 200)
  t.equal(await put({ host: `[::1]:${sandbox.port}` }), 200)
})

t.test('the list of what was received is bounded, in number and in size', async t => {
  const { sandbox, push } = await start(t, { receivedMax: 2 })
  for (const deviceType of ['1', '12', '13']) await push({ body: `{"deviceType":"${deviceType}","devices":[{"recordTime":"2021-09-08 18:40:00","data":{}}]}` })
  t.strictSame(sandbox.received().map(({ push }) => push.deviceType), ['12', '13'], 'the oldest went first')
  const received = createReceived(10, 25)
  const large = (requestId: string): ReceivedPush => ({ ...sandbox.received()[0] as ReceivedPush, requestId, body: 'x'.repeat(10) }) // It is there: two were received.
  for (const requestId of ['a', 'b', 'c']) received.add(large(requestId))
  t.strictSame(received.list().map(({ requestId }) => requestId), ['b', 'c'])
  received.add({ ...large('d'), body: 'x'.repeat(26) })
  t.strictSame(received.list(), [])
  received.add(large('e'))
  t.equal(received.list().length, 1)
})

t.test('with a certificate it speaks https alone, and verifies all the same', async t => {
  const { sandbox, host } = await start(t, { tls: certificate })
  t.equal(sandbox.origin, `https://${host}`)
  const socket = connectTls({ port: sandbox.port, host: '127.0.0.1', ca: certificate.cert })
  socket.end(toBytes(signPush({ host })))
  let text = ''
  for await (const piece of socket) text += String(piece)
  t.match(text, /^HTTP\/1\.1 200 [^]*"data":"success"/)
  t.equal((await exchange(sandbox.port, toBytes(signPush({ host })))).statusCode, 0)
  const shaking = connectTls({ port: sandbox.port, host: '127.0.0.1', ca: certificate.cert })
  await once(shaking, 'secureConnect')
  await sandbox.close()
  await sandbox.close()
  await once(shaking, 'close')
})

t.test('an address that cannot be had rejects the start', async t => {
  const { sandbox } = await start(t)
  await t.rejects(startSandbox({ accounts: [], port: sandbox.port }), { code: 'EADDRINUSE' })
})

/** Runs the command until its welcome is printed; `end` ends it. */
async function runCommand (args: string[], environment: Record<string, string> = {}) {
  const lines: string[] = []
  let end = (): void => {}
  let welcomed = (): void => {}
  const isWelcomed = new Promise<void>(resolve => { welcomed = resolve })
  const isEnding = new Promise<void>(resolve => { end = resolve })
  const stdout = { write: (text: string) => { lines.push(text); welcomed() } }
  const command = sandboxCommand({ stdout, environment, untilEnd: async () => { await isEnding } }).exitOverride().configureOutput({ writeErr: () => {} })
  const ended = command.parseAsync(['--port', '0', ...args], { from: 'user' })
  await Promise.race([isWelcomed, ended])
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(lines[0] ?? '')?.[1])
  return { lines, port, end: async () => { end(); await ended } }
}

t.test('the command says how to point the proxy at it, and a line for every push', async t => {
  const { lines, port, end } = await runCommand([])
  t.match(lines[0], `export ENERGY_EXPERT_ENDPOINT='http://127.0.0.1:${port}'\nexport ALIBABA_CLOUD_ACCESS_KEY_ID='sandbox-key-id'\nexport ALIBABA_CLOUD_ACCESS_KEY_SECRET='sandbox-key-secret'\n`)
  const account = { accessKeyId: 'sandbox-key-id', accessKeySecret: 'sandbox-key-secret', host: `127.0.0.1:${port}` }
  await exchange(port, toBytes(signPush(account)))
  await exchange(port, toBytes(signPush({ ...account, body: '{"deviceType":"\\u001b[2J","devices":[{"recordTime":"2021-09-08 18:40:00","data":{}}]}' })))
  t.match(lines[1], /^\d{4}-\S+Z received [0-9A-F-]{36} from sandbox-key-id, signature verified: deviceType "1", 1 device\n$/)
  t.match(lines[2], 'deviceType "\\u001b[2J", 1 device\n', 'a sender does not move the cursor of whoever watches')
  await end()
  t.equal((await exchange(port, Buffer.from(''))).text, '', 'the port is closed')
})

t.test('the command takes a key of the user\'s own, prints no secret of it, and can start at fault', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'))
  t.teardown(async () => { await rm(folder, { recursive: true }) })
  const file = join(folder, 'secret')
  await writeFile(file, 'from-a-file\n')
  for (const [args, environment, accessKeySecret] of [
    [['--access-key-secret-file', file], { SANDBOX_ACCESS_KEY_SECRET: 'ignored' }, 'from-a-file'],
    [[], { SANDBOX_ACCESS_KEY_SECRET: 'from-the-environment' }, 'from-the-environment']
  ] as const) {
    const { lines, port, end } = await runCommand(['--json', '--access-key-id', 'mine', '--fault', 'hangsUp', ...args], environment)
    t.match(JSON.parse(lines[0] ?? ''), { origin: `http://127.0.0.1:${port}`, fault: 'hangsUp', settings: { ALIBABA_CLOUD_ACCESS_KEY_ID: 'mine' } })
    t.equal((await exchange(port, toBytes(signPush({ host: `127.0.0.1:${port}`, accessKeyId: 'mine', accessKeySecret })))).text, '')
    t.match(JSON.parse(lines[1] ?? ''), { accessKeyId: 'mine', verified: true, answered: false, deviceType: '1', devices: 1 })
    t.notMatch(lines.join(''), accessKeySecret)
    await end()
  }
})

t.test('the command used wrongly says what to do', async t => {
  await t.rejects(runCommand(['--access-key-id', 'mine']), { name: 'UsageError', message: /SANDBOX_ACCESS_KEY_SECRET/ })
  await t.rejects(runCommand(['--access-key-secret-file', '/nowhere/secret']), { name: 'CommandFailure', message: /\/nowhere\/secret cannot be read \(ENOENT\)/ })
  await t.rejects(runCommand(['--fault', 'sleeps']), { code: 'commander.invalidArgument' })
  for (const port of ['x', '65536', '-1', '1.5']) await t.rejects(runCommand([`--port=${port}`]), { code: 'commander.invalidArgument' }, port)
  const { sandbox } = await start(t)
  await t.rejects(runCommand(['--port', String(sandbox.port)]), { name: 'CommandFailure', message: /EADDRINUSE.*choose another/ })
})
