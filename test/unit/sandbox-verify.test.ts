import { readFileSync } from 'node:fs'
import core from '@alicloud/openapi-core'
import t, { type Test } from 'tap'
import { canonicalize, toPayloadHash, toSignature, toStringToSign } from '../../src/sandbox/canonical.js'
import { createNonces } from '../../src/sandbox/nonces.js'
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js'
import { exchange, onePushBody, signPush, type SignOptions, toBytes, type WireAnswer, type WireRequest } from '../support/signed-push.js'
import { projectUrl } from '../support/project.js'

const vectors = JSON.parse(readFileSync(projectUrl('test/vectors/acs3-vectors.json'), 'utf8'))
const VECTOR_MS = Date.parse('2023-10-26T10:22:32Z')
const KEYS = { accessKeyId: 'key-id', accessKeySecret: 'key-secret' }
const SESSION = { accessKeyId: 'STS.key-id', accessKeySecret: 'session-secret', securityToken: 'session-token' }

async function start (t: Test, options: Partial<SandboxOptions> = {}) {
  const sandbox = await startSandbox({ accounts: [KEYS, SESSION, { ...SESSION, accessKeyId: 'STS.other', securityToken: 'other-token' }], ...options })
  t.teardown(async () => { await sandbox.close() })
  const host = `127.0.0.1:${sandbox.port}`
  return {
    sandbox,
    host,
    send: async (request: WireRequest): Promise<WireAnswer> => await exchange(sandbox.port, toBytes(request)),
    sign: (options: Partial<SignOptions> = {}) => signPush({ host, ...options })
  }
}

t.test('every push of the vectors is taken at its date, with a session token too', async t => {
  const { fixed, cases } = vectors.push
  for (const { name, body, contentType, sha256, authorization, canonicalRequest } of cases) {
    const isSession = canonicalRequest.includes('x-acs-security-token')
    const account = { accessKeyId: fixed.accessKeyId, accessKeySecret: fixed.accessKeySecret, ...isSession ? { securityToken: 'YourSecurityToken' } : {} }
    const { sandbox, send } = await start(t, { accounts: [account], now: () => VECTOR_MS })
    const headers = {
      host: fixed.host,
      'x-acs-action': fixed['x-acs-action'],
      'x-acs-version': fixed['x-acs-version'],
      'x-acs-date': fixed['x-acs-date'],
      'x-acs-signature-nonce': fixed['x-acs-signature-nonce'],
      'x-acs-content-sha256': sha256,
      ...contentType === null ? {} : { 'content-type': contentType },
      ...isSession ? { 'x-acs-security-token': 'YourSecurityToken', 'x-acs-accesskey-id': fixed.accessKeyId } : {},
      authorization
    }
    const answer = await send({ method: fixed.method, target: fixed.path, headers, body: Buffer.from(body) })
    if (body === '') {
      // Verified all the same: only the body is found missing.
      t.match(JSON.parse(answer.body), { code: 'MissingParameter' }, name)
      continue
    }
    t.equal(answer.statusCode, 200, name)
    t.strictSame(JSON.parse(answer.body), { requestId: answer.headers['x-acs-request-id'], data: 'success' }, name)
    t.match(sandbox.received(), [{ accessKeyId: fixed.accessKeyId, verified: true, answered: true, body, receivedAt: '2023-10-26T10:22:32.000Z' }], name)
    t.equal(answer.headers.date, 'Thu, 26 Oct 2023 10:22:32 GMT', 'the answer carries the time of its own clock')
  }
})

t.test('the official client is taken as it is, with a key and with a session', async t => {
  const { sandbox, host } = await start(t)
  const { default: Client, $OpenApiUtil: { Config, OpenApiRequest, Params } } = core
  const params = new Params({
    action: 'PushDeviceData', version: '2022-09-23', protocol: 'HTTP', pathname: '/api/v1/data/increment/push', method: 'POST', authType: 'AK', style: 'ROA', reqBodyType: 'json', bodyType: 'json'
  })
  for (const account of [KEYS, { ...SESSION, type: 'sts' }]) {
    const client = new Client(new Config({ ...account, endpoint: host, protocol: 'HTTP' }))
    // Options of the call, whose class stands in a package of the client's own: it takes an object without any.
    const answer = await client.callApi(params, new OpenApiRequest({ query: { z: '1', a: 'x y~*' }, body: JSON.parse(onePushBody) }), {} as never)
    t.match(answer, { statusCode: 200, body: { data: 'success' } })
  }
  t.match(sandbox.received(), [{ accessKeyId: 'key-id', headers: { 'transfer-encoding': 'chunked' } }, { accessKeyId: 'STS.key-id' }])
})

t.test('the published worked example is recomputed to the letter', async t => {
  const { method, path, query, headers, body, accessKeySecret, ...expected } = vectors.published
  const request = {
    method,
    path,
    // In another order and encoding than is signed.
    query: Object.entries(query).reverse().map(([name, value]) => `${name}=${String(value).replaceAll('_', '%5f')}`).join('&'),
    headers: new Map(Object.entries<string>(headers).map(([name, value]) => [name, [value]]))
  }
  const canonicalRequest = canonicalize(request, Object.keys(headers).sort(), toPayloadHash(Buffer.from(body)))
  t.equal(canonicalRequest, expected.canonicalRequest)
  t.equal(toStringToSign(canonicalRequest), `ACS3-HMAC-SHA256\n${expected.canonicalRequestSha256}`)
  t.equal(toSignature(toStringToSign(canonicalRequest), accessKeySecret), expected.signature)
})

t.test('a tampered request is refused, each with the code of the gateway', async t => {
  // One moment for all of them: the dates at the border of the window are seconds away from it.
  const nowMs = Date.now()
  const { sandbox, send, sign, host } = await start(t, { now: () => nowMs })
  const without = (request: WireRequest, name: string): WireRequest => {
    const { [name]: _, ...headers } = request.headers
    return { ...request, headers }
  }
  const withHeader = (request: WireRequest, name: string, value: string): WireRequest => ({ ...request, headers: { ...request.headers, [name]: value } })
  const edited = (request: WireRequest, from: string | RegExp, to: string): WireRequest =>
    withHeader(request, 'authorization', String(request.headers.authorization).replace(from, to))
  const session = { ...SESSION, headers: { 'x-acs-security-token': SESSION.securityToken } }
  const lie = 'a'.repeat(64)
  const tampered: Record<string, [WireRequest, number, string]> = {
    'body changed': [{ ...sign(), body: Buffer.from(sign().body.toString().replace('226.0', '227.0')) }, 400, 'SignatureDoesNotMatch'],
    'body cut': [{ ...sign(), body: Buffer.alloc(0) }, 400, 'SignatureDoesNotMatch'],
    'content hash lies': [withHeader(sign(), 'x-acs-content-sha256', lie), 400, 'SignatureDoesNotMatch'],
    'content hash lies and is signed': [sign({ headers: { 'x-acs-content-sha256': lie } }), 400, 'SignatureDoesNotMatch'],
    'content type changed': [withHeader(sign(), 'content-type', 'text/plain'), 400, 'SignatureDoesNotMatch'],
    'nonce changed': [withHeader(sign(), 'x-acs-signature-nonce', 'another'), 400, 'SignatureDoesNotMatch'],
    'path changed': [{ ...sign(), target: '/api/v1/data/increment/push?x=1' }, 400, 'SignatureDoesNotMatch'],
    'secret wrong': [sign({ accessKeySecret: 'key-secret ' }), 400, 'SignatureDoesNotMatch'],
    'signature of another': [edited(sign(), /[0-9a-f]{64}$/, lie), 400, 'SignatureDoesNotMatch'],
    'key of another': [edited(sign(session), 'STS.key-id', 'key-id'), 400, 'InvalidSecurityToken.MismatchWithAccessKey'],
    'host unknown': [sign({ host: 'evil.example' }), 404, 'InvalidProduct.NotFound'],
    'host changed to another of ours': [withHeader(sign(), 'host', `localhost:${sandbox.port}`), 400, 'SignatureDoesNotMatch'],
    'date of 15 minutes and a bit ago': [sign({ dateMs: nowMs - 902_000 }), 400, 'InvalidTimeStamp.Expired'],
    'date ahead': [sign({ dateMs: nowMs + 902_000 }), 400, 'InvalidTimeStamp.Expired'],
    'date with milliseconds': [sign({ headers: { 'x-acs-date': new Date().toISOString() } }), 400, 'InvalidTimeStamp.Format'],
    'date that is none': [sign({ headers: { 'x-acs-date': '2023-02-30T00:00:00Z' } }), 400, 'InvalidTimeStamp.Format'],
    'key unknown': [sign({ accessKeyId: 'nobody' }), 404, 'InvalidAccessKeyId.NotFound'],
    'no Authorization': [without(sign(), 'authorization'), 400, 'IncompleteSignature'],
    'Authorization of version 4': [edited(sign(), 'ACS3', 'ACS4'), 400, 'IncompleteSignature'],
    'blank after a comma': [edited(sign(), ',SignedHeaders', ', SignedHeaders'), 400, 'IncompleteSignature'],
    'signature cut': [edited(sign(), /.$/, ''), 400, 'IncompleteSignature'],
    'nonce missing': [without(sign(), 'x-acs-signature-nonce'), 400, 'IncompleteSignature'],
    'nonce empty': [sign({ headers: { 'x-acs-signature-nonce': '' } }), 400, 'IncompleteSignature'],
    'x-acs header not signed': [withHeader(sign(), 'x-acs-extra', '1'), 400, 'IncompleteSignature'],
    'content type not signed': [edited(sign(), 'content-type;', ''), 400, 'IncompleteSignature'],
    'host not signed': [edited(sign(), 'host;', ''), 400, 'IncompleteSignature'],
    'signed header that was not sent': [edited(sign(), ';x-acs-version', ';x-acs-version;x-acs-z'), 400, 'IncompleteSignature'],
    'signed headers out of order': [edited(sign(), 'content-type;host', 'host;content-type'), 400, 'IncompleteSignature'],
    'signed header named twice': [edited(sign(), 'content-type;host', 'content-type;host;host'), 400, 'IncompleteSignature'],
    'action changed': [withHeader(sign(), 'x-acs-action', 'DeletePlant'), 404, 'InvalidAction.NotFound'],
    'version changed': [withHeader(sign(), 'x-acs-version', '2014-05-26'), 404, 'InvalidApi.NotFound'],
    'path unknown': [{ ...sign(), target: '/api/v1/data/increment/push/' }, 404, 'InvalidApi.NotFound'],
    'method wrong': [{ ...sign(), method: 'PUT' }, 405, 'UnsupportedHTTPMethod'],
    'token missing': [sign(SESSION), 400, 'MissingSecurityToken'],
    'token unknown': [sign({ ...SESSION, headers: { 'x-acs-security-token': 'x' } }), 400, 'InvalidSecurityToken.Malformed'],
    'token of another session': [sign({ ...SESSION, headers: { 'x-acs-security-token': 'other-token' } }), 400, 'InvalidSecurityToken.MismatchWithAccessKey'],
    'token that the key has none of': [sign({ headers: { 'x-acs-security-token': 'x' } }), 400, 'InvalidSecurityToken.MismatchWithAccessKey']
  }
  for (const [name, [request, statusCode, code]] of Object.entries(tampered)) {
    const answer = await send(request)
    t.equal(answer.statusCode, statusCode, name)
    t.match(JSON.parse(answer.body), { Code: code, HostId: request.headers.host, RequestId: answer.headers['x-acs-request-id'], Message: String, Recommend: String }, name)
  }
  const repeated = toBytes(sign()).toString('latin1').replace('x-acs-version:', 'X-Acs-Date: 2023-10-26T10:22:32Z\r\nx-acs-version:')
  t.match(JSON.parse((await exchange(sandbox.port, Buffer.from(repeated, 'latin1'))).body), { Code: 'IncompleteSignature' }, 'a header sent twice')
  t.strictSame(sandbox.received(), [], 'nothing of it arrived')
  t.equal((await send(sign())).statusCode, 200, 'the same request untouched is taken')
  t.equal((await send(sign(session))).statusCode, 200, 'and that of a session')
  t.equal((await send(sign({ headers: { host: host.toUpperCase() } }))).statusCode, 200, 'a Host has no case')
})

t.test('a nonce counts once for a key, for as long as its date would pass', async t => {
  let nowMs = VECTOR_MS
  const { send, sign } = await start(t, { now: () => nowMs })
  const headers = { 'x-acs-signature-nonce': 'once' }
  const forged = sign({ dateMs: nowMs, headers, accessKeySecret: 'wrong' })
  t.match(JSON.parse((await send(forged)).body), { Code: 'SignatureDoesNotMatch' })
  const request = sign({ dateMs: nowMs + 900_000, headers })
  t.equal((await send(request)).statusCode, 200, 'a forged request spends no nonce; the edge of the window is inside')
  t.match(JSON.parse((await send(request)).body), { Code: 'SignatureNonceUsed' })
  t.equal((await send(sign({ ...SESSION, dateMs: nowMs, headers: { ...headers, 'x-acs-security-token': 'session-token' } }))).statusCode, 200, 'another key has its own')
  nowMs += 1_800_000
  t.match(JSON.parse((await send(request)).body), { Code: 'SignatureNonceUsed' }, 'still, while the date passes')
  nowMs += 1000
  t.match(JSON.parse((await send(request)).body), { Code: 'InvalidTimeStamp.Expired' })
  t.equal((await send(sign({ dateMs: nowMs, headers }))).statusCode, 200)
})

t.test('the memory for nonces is bounded', async t => {
  const nonces = createNonces(3)
  t.strictSame(['a', 'b', 'c', 'a', 'd'].map(nonce => nonces.spend(nonce, 0, 10)), [true, true, true, false, true])
  t.strictSame(['a', 'd'].map(nonce => nonces.spend(nonce, 0, 10)), [true, false], 'the oldest was forgotten')
  t.strictSame(['a', 'd'].map(nonce => nonces.spend(nonce, 11, 20)), [true, true], 'what ran out counts no more')
})

t.test('a body without what is required is refused in the lower camel case of the service', async t => {
  const { sandbox, send, sign } = await start(t)
  const device = { deviceId: 'a', recordTime: '2021-09-08 18:40:00', data: { Ua: '1' } }
  const bodies: Array<[unknown, string]> = [
    ['{', 'InvalidParameter'],
    ['[]', 'InvalidParameter'],
    [Buffer.from('7b2261223a22ff227d', 'hex'), 'InvalidParameter'],
    ['', 'MissingParameter'],
    ['[{"deviceType":"1"}]', 'InvalidParameter'],
    [{}, 'MissingDeviceType'],
    [{ deviceType: '', devices: [] }, 'MissingDeviceType'],
    [{ deviceType: 1, devices: [] }, 'InvalidDeviceType'],
    [{ deviceType: '1' }, 'MissingDevices'],
    [{ deviceType: '1', devices: {} }, 'InvalidDevices'],
    [{ deviceType: '1', devices: [] }, 'InvalidDevices'],
    [{ deviceType: '1', devices: [null] }, 'InvalidDevices'],
    [{ deviceType: '1', devices: [{ ...device, recordTime: undefined }] }, 'MissingRecordTime'],
    [{ deviceType: '1', devices: [device, { ...device, recordTime: '2021-09-08T18:40:00' }] }, 'InvalidRecordTime'],
    [{ deviceType: '1', devices: [{ ...device, recordTime: '2021-02-30 18:40:00' }] }, 'InvalidRecordTime'],
    [{ deviceType: '1', devices: [{ ...device, deviceId: 1 }] }, 'InvalidParameter'],
    [{ deviceType: '1', devices: [{ ...device, data: [] }] }, 'InvalidParameter']
  ]
  for (const [value, code] of bodies) {
    const body = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)
    const answer = await send(sign({ body }))
    t.equal(answer.statusCode, 400, body.toString())
    t.match(JSON.parse(answer.body), { code, requestId: String, message: String, accessDeniedDetail: null }, body.toString())
  }
  t.strictSame(sandbox.received(), [])
  t.equal(sandbox.attempts(), bodies.length)
})

t.test('a body of more than 8 MiB is a 413 that its sender can read', async t => {
  const { sandbox, send, sign } = await start(t)
  const answer = await send(sign({ body: Buffer.alloc(8 * 1024 * 1024 + 1, ' ') }))
  t.equal(answer.statusCode, 413)
  t.strictSame(sandbox.received(), [])
})

t.test('an account can be refused for itself, with the detail that RAM gives', async t => {
  const accounts = [{ ...KEYS, refusedWith: 'Forbidden.RAM' }]
  const { send, sign } = await start(t, { accounts })
  t.match(JSON.parse((await send(sign({ accessKeySecret: 'wrong' }))).body), { Code: 'SignatureDoesNotMatch' }, 'only once it is verified')
  const answer = await send(sign())
  t.equal(answer.statusCode, 403)
  t.match(JSON.parse(answer.body), { code: 'Forbidden.RAM', accessDeniedDetail: { AuthAction: 'energy:PushDeviceData' } })
  accounts[0] = { ...KEYS, refusedWith: 'InvalidAccessKeyId.Inactive' }
  const inactive = await send(sign())
  t.equal(inactive.statusCode, 400)
  t.match(JSON.parse(inactive.body), { Code: 'InvalidAccessKeyId.Inactive' }, 'accounts are read anew for every request')
})
