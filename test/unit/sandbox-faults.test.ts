import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { type FaultName, type FaultOptions, type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js'
import { exchange, onePushBody, signPush, toBytes, type WireAnswer } from '../support/signed-push.js'

const KEYS = { accessKeyId: 'key-id', accessKeySecret: 'key-secret' }

interface Sick extends Sandbox {
  push: (headers?: Record<string, string>, bytesMax?: number) => Promise<WireAnswer>
}

async function startSick (t: Test, fault?: FaultName, options?: FaultOptions): Promise<Sick> {
  const sandbox = await startSandbox({ accounts: [KEYS] })
  t.teardown(async () => { await sandbox.close() })
  if (fault !== undefined) sandbox.inject(fault, options)
  const push: Sick['push'] = async (headers = {}, bytesMax) => {
    const request = signPush({ host: `127.0.0.1:${sandbox.port}` })
    return await exchange(sandbox.port, toBytes({ ...request, headers: { ...request.headers, ...headers } }), bytesMax)
  }
  return { ...sandbox, push }
}

/** Whether the one push arrived, and whether its sender was told. */
function arrival (sandbox: Sandbox): string {
  const [push, ...more] = sandbox.received()
  if (push === undefined) return 'not arrived'
  return `${more.length === 0 ? 'arrived' : 'arrived often'}, ${push.answered ? 'told' : 'not told'}`
}

t.test('neverAnswers takes the push and says nothing for as long as one listens', async t => {
  let arrived = (): void => {}
  const isThere = new Promise<void>(resolve => { arrived = resolve })
  const sandbox = await startSandbox({ accounts: [KEYS], onReceived: () => { arrived() } })
  t.teardown(async () => { await sandbox.close() })
  sandbox.inject('neverAnswers')
  const answer = exchange(sandbox.port, toBytes(signPush({ host: `127.0.0.1:${sandbox.port}` })))
  await isThere
  // Another connection's whole exchange gives the silent one its time.
  sandbox.heal()
  t.equal((await exchange(sandbox.port, toBytes(signPush({ host: `127.0.0.1:${sandbox.port}` })))).statusCode, 200)
  await sandbox.close()
  t.equal((await answer).text, '', 'closing ends it, and ends the wait')
  t.strictSame(sandbox.received().map(({ answered }) => answered), [false, true])
})

t.test('hangsUp closes before a single byte', async t => {
  const sandbox = await startSick(t, 'hangsUp')
  t.equal((await sandbox.push()).text, '')
  t.equal(arrival(sandbox), 'arrived, not told')
})

t.test('hangsUpAfterHeaders sends the head of a success and closes', async t => {
  const sandbox = await startSick(t, 'hangsUpAfterHeaders')
  const answer = await sandbox.push()
  t.match(answer, { statusCode: 200, body: '' })
  t.ok(Number(answer.headers['content-length']) > 0)
  t.equal(arrival(sandbox), 'arrived, not told')
})

t.test('truncatesBody sends less than it announces and closes', async t => {
  const sandbox = await startSick(t, 'truncatesBody')
  const answer = await sandbox.push()
  t.equal(answer.statusCode, 200)
  t.equal(Number(answer.headers['content-length']), answer.body.length + 16)
  t.match(JSON.parse(answer.body), { data: 'success' }, 'only the length betrays it')
  t.equal(arrival(sandbox), 'arrived, not told')
})

t.test('dribbles sends the whole answer, byte after byte', async t => {
  const sandbox = await startSick(t, 'dribbles', { ms: 2 })
  const answer = await sandbox.push()
  t.match(JSON.parse(answer.body), { data: 'success' })
  t.ok(answer.pieces > answer.body.length / 2, `in ${answer.pieces} pieces`)
  t.equal(arrival(sandbox), 'arrived, told')
})

t.test('answersTooMuch goes on for 16 MiB, and stops when nobody listens', async t => {
  const sandbox = await startSick(t, 'answersTooMuch')
  const answer = await sandbox.push()
  t.equal(answer.headers['content-length'], undefined)
  t.ok(answer.text.length > 16 * 1024 * 1024)
  t.match(answer.text.slice(-100), /"data":"success"/)
  t.equal(arrival(sandbox), 'arrived, not told')
  t.ok((await sandbox.push({}, 100_000)).text.length < 16 * 1024 * 1024)
})

t.test('closesIdle answers on a kept connection, then closes it', async t => {
  const sandbox = await startSick(t, 'closesIdle')
  const answer = await sandbox.push({ connection: 'keep-alive' })
  t.match(answer, { statusCode: 200, headers: { connection: 'keep-alive' } })
  t.match(JSON.parse(answer.body), { data: 'success' })
  t.equal(arrival(sandbox), 'arrived, told')
})

t.test('goesStale answers on a kept connection that the next request finds dead', async t => {
  const sandbox = await startSick(t, 'goesStale', { times: 1 })
  const request = signPush({ host: `127.0.0.1:${sandbox.port}` })
  const bytes = toBytes({ ...request, headers: { ...request.headers, connection: 'keep-alive' } })
  const text = await new Promise<string>(resolve => {
    let text = ''
    const socket = connect(sandbox.port, '127.0.0.1', () => { socket.write(bytes) })
    socket.on('data', piece => {
      text += String(piece)
      if (text.endsWith('"success"}')) socket.write(bytes)
    })
    socket.on('error', () => {})
    socket.on('close', () => { resolve(text) })
  })
  t.equal(text.split('HTTP/1.1 200').length, 2, 'the first is answered, the second is not')
  t.equal(sandbox.attempts(), 1)
  t.equal(arrival(sandbox), 'arrived, told')
  t.equal((await sandbox.push()).statusCode, 200, 'a new connection is well')
})

t.test('saysTwoHundredButNotSuccess is told apart by its data alone', async t => {
  const sandbox = await startSick(t, 'saysTwoHundredButNotSuccess')
  const answer = await sandbox.push()
  t.equal(answer.statusCode, 200)
  t.strictSame(JSON.parse(answer.body), { requestId: answer.headers['x-acs-request-id'], data: 'fail' })
  t.equal(arrival(sandbox), 'arrived, not told')
})

t.test('what refuses is answered as the gateway does, and nothing arrives', async t => {
  const faults: Array<[FaultName, FaultOptions, number, object]> = [
    ['throttles', {}, 400, { Code: 'Throttling.User' }],
    ['throttles', { statusCode: 429, code: 'Throttling.Api', keyCase: 'camel' }, 429, { code: 'Throttling.Api', accessDeniedDetail: null }],
    ['refusesSignature', {}, 400, { Code: 'SignatureDoesNotMatch', Message: /^[^]*ACS3-HMAC-SHA256\n[0-9a-f]{64}[^]*key-id/ }],
    ['refusesSignature', { statusCode: 403 }, 403, { Code: 'SignatureDoesNotMatch' }],
    ['refuses', { code: 'NoPermission' }, 403, { code: 'NoPermission', accessDeniedDetail: { NoPermissionType: 'ImplicitDeny' } }],
    ['refuses', { code: 'InvalidAccessKeyId.NotFound' }, 404, { Code: 'InvalidAccessKeyId.NotFound' }],
    ['refuses', { code: 'Overdue', statusCode: 403 }, 403, { Code: 'Overdue' }],
    ['refuses', { code: 'InvalidParameter', keyCase: 'camel' }, 400, { code: 'InvalidParameter', requestId: String }],
    ['isDown', {}, 500, { Code: 'InternalError' }],
    ['isDown', { statusCode: 503 }, 503, { Code: 'ServiceUnavailable' }],
    ['isDown', { statusCode: 504 }, 504, { Code: 'ServiceTimeout' }]
  ]
  const sandbox = await startSick(t)
  for (const [fault, options, statusCode, body] of faults) {
    sandbox.inject(fault, options)
    const answer = await sandbox.push()
    t.equal(answer.statusCode, statusCode, fault)
    t.match(JSON.parse(answer.body), body, fault)
    t.equal(answer.headers['x-acs-retry-after'], undefined, fault)
  }
  sandbox.inject('throttles', { retryAfterMs: 1500 })
  t.equal((await sandbox.push()).headers['x-acs-retry-after'], '1500')
  t.equal(arrival(sandbox), 'not arrived')
  t.match(JSON.parse((await sandbox.push({ 'content-type': 'text/plain' })).body), { Code: 'SignatureDoesNotMatch' }, 'a bad signature is told under any of them')
  t.equal(sandbox.attempts(), faults.length + 2)
})

t.test('isAnErrorPage answers HTML with any status, 200 too', async t => {
  const sandbox = await startSick(t, 'isAnErrorPage')
  t.match(await sandbox.push(), { statusCode: 502, headers: { 'content-type': 'text/html' }, body: /^<html>/ })
  sandbox.inject('isAnErrorPage', { statusCode: 200 })
  t.match(await sandbox.push(), { statusCode: 200, body: /^<html>/ })
  t.equal(arrival(sandbox), 'not arrived')
})

t.test('redirects leads to a success that means nothing', async t => {
  const sandbox = await startSick(t, 'redirects')
  const answer = await sandbox.push()
  t.match(answer, { statusCode: 302, headers: { location: '/redirected', 'content-length': '0' } })
  const followed = await exchange(sandbox.port, Buffer.from(`GET /redirected HTTP/1.1\r\nHost: 127.0.0.1:${sandbox.port}\r\nConnection: close\r\n\r\n`))
  t.match(JSON.parse(followed.body), { data: 'success' }, 'so a client that follows is seen to be fooled')
  t.equal(arrival(sandbox), 'not arrived')
})

t.test('skewedClock shows in Date, judges x-acs-date, and stands beside another fault', async t => {
  const sandbox = await startSick(t, 'skewedClock', { ms: 3_600_000 })
  const refused = await sandbox.push()
  t.match(JSON.parse(refused.body), { Code: 'InvalidTimeStamp.Expired' })
  t.ok(Math.abs(Date.parse(refused.headers.date ?? '') - Date.now() - 3_600_000) < 10_000)
  const request = signPush({ host: `127.0.0.1:${sandbox.port}`, dateMs: Date.parse(refused.headers.date ?? '') })
  t.equal((await exchange(sandbox.port, toBytes(request))).statusCode, 200, 'a sender that corrects its date is taken')
  sandbox.inject('hangsUp', { times: 1 })
  t.equal((await sandbox.push()).text, '')
  t.match(JSON.parse((await sandbox.push()).body), { Code: 'InvalidTimeStamp.Expired' })
  sandbox.inject('skewedClock', { ms: -3_600_000, times: 1 })
  t.match(JSON.parse((await sandbox.push()).body), { Code: 'InvalidTimeStamp.Expired' })
  t.equal((await sandbox.push()).statusCode, 200, 'for one push when it was asked for one')
})

t.test('faults with times follow one another; one without stays until healed or replaced', async t => {
  const sandbox = await startSick(t, 'isDown')
  sandbox.inject('throttles', { times: 2 })
  sandbox.inject('isAnErrorPage', { times: 1 })
  sandbox.inject('refuses', { times: 0 })
  sandbox.inject('isDown', { statusCode: 503 })
  const statusCodes: number[] = []
  for (let push = 0; push < 5; push++) statusCodes.push((await sandbox.push()).statusCode)
  t.strictSame(statusCodes, [400, 400, 502, 503, 503])
  sandbox.heal()
  t.equal((await sandbox.push()).statusCode, 200)
})

t.test('a sender that goes in the middle of its request leaves no attempt and no open socket', async t => {
  const sandbox = await startSick(t)
  const bytes = toBytes(signPush({ host: `127.0.0.1:${sandbox.port}` }))
  await new Promise<void>(resolve => {
    const socket = connect(sandbox.port, '127.0.0.1', () => { socket.end(bytes.subarray(0, -10)) })
    socket.resume()
    socket.on('close', () => { resolve() })
  })
  t.equal((await sandbox.push()).statusCode, 200)
  t.equal(sandbox.attempts(), 1)
  t.equal(sandbox.received()[0]?.body, onePushBody)
})

t.test('a callback that throws shows as the sandbox\'s own failure', async t => {
  const sandbox = await startSandbox({ accounts: [KEYS], onReceived: () => { throw new Error('the test\'s own') } })
  t.teardown(async () => { await sandbox.close() })
  const answer = await exchange(sandbox.port, toBytes(signPush({ host: `127.0.0.1:${sandbox.port}` })))
  t.match(answer, { statusCode: 500, body: /The sandbox itself failed: Error: the test's own/ })
})
