import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { createCredentialSource } from '../../src/credentials/credential-source.js'
import { exchange, exchangeOne, parseAnswer } from '../support/raw-socket.js'
import { onePush, startCloud, startProxy, type TestProxy } from '../support/proxy.js'

const PATH = '/api/v1/data/increment/push'

/** One push over a raw socket, with chosen request line, headers and body. */
function rawPush (proxy: TestProxy, { method = 'POST', path = PATH, headers = [`X-API-Key: ${proxy.key}`], body = JSON.stringify(onePush) }: { method?: string, path?: string, headers?: string[], body?: string | Buffer } = {}): Buffer {
  const head = [`${method} ${path} HTTP/1.1`, 'Host: proxy', `Content-Length: ${Buffer.byteLength(body)}`, ...headers, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head), Buffer.from(body)])
}

interface Expected { statusCode: number, code: string }

async function expectError (t: Test, proxy: TestProxy, request: Buffer | string, { statusCode, code }: Expected): Promise<{ json: any, headers: Readonly<Record<string, string>> }> {
  const answer = await exchangeOne(proxy.port, request)
  const json = JSON.parse(answer.body)
  t.equal(answer.statusCode, statusCode, code)
  t.equal(json.code, code)
  t.equal(json.requestId, answer.headers['x-request-id'])
  t.equal(answer.headers['content-length'], String(answer.body.length))
  t.ok(json.message.length > 10 && json.message.length < 500, 'a sentence that says what to do')
  return { json, headers: answer.headers }
}

t.test('a body at fault is a 400 that names every place', async t => {
  const proxy = await startProxy(t)
  const bad = async (body: string | Buffer, code: string): Promise<any> => (await expectError(t, proxy, rawPush(proxy, { body }), { statusCode: 400, code })).json
  await bad('', 'EmptyBody')
  await bad('deviceType=1', 'InvalidJson')
  await bad(Buffer.from('{"deviceType":"\xc9\xe8"}', 'latin1'), 'InvalidEncoding')
  const { errors } = await bad('{"deviceType":"1","devices":[{"deviceId":"a","recordtime":"2021-09-08 18:40:00","data":{"Ua":null}}]}', 'InvalidPush')
  const places = errors.map((fault: { path: string }) => fault.path)
  t.ok(places.includes('/devices/0/data/Ua'), String(places))
  t.ok(places.includes('/devices/0/recordtime'), String(places))
  const many = await bad(JSON.stringify({ deviceType: '1', devices: Array(50).fill({}) }), 'InvalidPush')
  t.equal(many.errors.length, 20)
})

t.test('whoever has no valid key hears one and the same 401', async t => {
  const proxy = await startProxy(t)
  const revoked = proxy.registry.createKey('plant-1', {})
  proxy.registry.revokeKey(revoked.id)
  const mistyped = `${proxy.key.slice(0, -1)}${proxy.key.endsWith('0') ? '1' : '0'}`
  const bodies = new Set<string>()
  for (const headers of [[], [`X-API-Key: ${mistyped}`], [`X-API-Key: ${revoked.key}`], ['X-API-Key: nonsense'], [`X-API-Key: ${proxy.key}`, `Authorization: Bearer ${revoked.key}`], ['Authorization: ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b']]) {
    const { json } = await expectError(t, proxy, rawPush(proxy, { headers }), { statusCode: 401, code: 'InvalidKey' })
    bodies.add(JSON.stringify({ ...json, requestId: '' }))
  }
  t.equal(bodies.size, 1)
  t.equal(proxy.cloud.attempts(), 0)
})

t.test('an address with many failures hears 429, and a valid key behind it is served all the same', async t => {
  const proxy = await startProxy(t)
  let throttled = 0
  for (let n = 0; n < 70; n++) {
    if ((await proxy.push(onePush, { 'x-api-key': 'nonsense' })).json().code === 'Throttling.Address') throttled++
  }
  t.equal(throttled, 10, 'the first 60 hear 401')
  const { headers } = await expectError(t, proxy, rawPush(proxy, { headers: [] }), { statusCode: 429, code: 'Throttling.Address' })
  t.ok(Number(headers['retry-after']) >= 1)
  t.equal((await proxy.push(onePush)).statusCode, 200)
})

t.test('a key that is known but not for this address, device or type is a 403', async t => {
  const proxy = await startProxy(t)
  const elsewhere = proxy.registry.createKey('plant-1', { cidrs: ['10.0.0.0/8'] }).key
  const other = proxy.registry.createKey('plant-1', { deviceIds: ['meter-2'] }).key
  await expectError(t, proxy, rawPush(proxy, { headers: [`X-API-Key: ${elsewhere}`] }), { statusCode: 403, code: 'Forbidden.Address' })
  const { json } = await expectError(t, proxy, rawPush(proxy, { headers: [`X-API-Key: ${other}`] }), { statusCode: 403, code: 'Forbidden.Device' })
  t.equal(json.errors[0].path, '/devices/0/deviceId')
})

t.test('an unknown path is a 404, a wrong method a 405 that says POST', async t => {
  const proxy = await startProxy(t)
  await expectError(t, proxy, rawPush(proxy, { path: '/api/v2/push' }), { statusCode: 404, code: 'NotFound' })
  for (const path of [PATH, `/k/${proxy.key}`]) {
    const { headers, json } = await expectError(t, proxy, rawPush(proxy, { method: 'PUT', path }), { statusCode: 405, code: 'MethodNotAllowed' })
    t.equal(headers['allow'], 'POST')
    t.match(json.message, /use POST/)
  }
})

t.test('a body that never gets whole is a 408 once its time is over', async t => {
  const proxy = await startProxy(t, { front: { bodyTimeoutMs: 300 } })
  const whole = rawPush(proxy)
  await expectError(t, proxy, whole.subarray(0, whole.length - 10), { statusCode: 408, code: 'RequestTimeout' })
})

t.test('a body above the limit is a 413 that says the limit, with and without a Content-Length', async t => {
  const proxy = await startProxy(t, { env: { BODY_MAX_BYTES: '2048' } })
  const { json } = await expectError(t, proxy, rawPush(proxy, { body: ' '.repeat(3000) }), { statusCode: 413, code: 'BodyTooLarge' })
  t.match(json.message, /2048 bytes/)
  const chunked = `POST ${PATH} HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nTransfer-Encoding: chunked\r\n\r\n${'400\r\n' + ' '.repeat(1024) + '\r\n'}${'400\r\n' + ' '.repeat(1024) + '\r\n'}1\r\n \r\n0\r\n\r\n`
  await expectError(t, proxy, chunked, { statusCode: 413, code: 'BodyTooLarge' })
  t.equal((await proxy.push(onePush)).statusCode, 200, 'and the next push is served')
})

t.test('a push of too many devices is a 413 that says the limit', async t => {
  const proxy = await startProxy(t)
  const devices = Array.from({ length: 10_001 }, (_, at) => ({ deviceId: `m${at}`, recordTime: '2021-09-08 18:40:00', data: { a: '1' } }))
  const { json } = await expectError(t, proxy, rawPush(proxy, { body: JSON.stringify({ deviceType: '1', devices }) }), { statusCode: 413, code: 'PushTooLarge' })
  t.match(json.message, /10000|10,000/)
})

t.test('more bodies than may be in memory together are a 503 with Retry-After', async t => {
  const proxy = await startProxy(t, { env: { BODIES_IN_FLIGHT_MAX_BYTES: '1024' } })
  const { headers } = await expectError(t, proxy, rawPush(proxy, { body: ' '.repeat(1500) }), { statusCode: 503, code: 'TooMuchInFlight' })
  t.equal(headers['retry-after'], '1')
  t.equal((await proxy.push(onePush)).statusCode, 200)
})

t.test('what the cloud says becomes the truth for the sender', async t => {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud, policy: { delivery: 'relay', relayTimeoutMs: 400 } })
  const cases: Array<[Parameters<typeof cloud.inject>, Expected]> = [
    [['refuses', { code: 'InvalidParameter.DeviceId', statusCode: 400 }], { statusCode: 400, code: 'InvalidParameter.DeviceId' }],
    [['refuses', { code: 'QuotaExceeded.Something', statusCode: 403 }], { statusCode: 403, code: 'QuotaExceeded.Something' }],
    [['refuses', { code: 'Forbidden.RAM', statusCode: 403 }], { statusCode: 502, code: 'Cloud.AccountFault' }],
    [['refuses', { code: 'Some.NewCode', statusCode: 401 }], { statusCode: 401, code: 'Some.NewCode' }],
    [['refusesSignature'], { statusCode: 502, code: 'Cloud.AccountFault' }],
    [['redirects'], { statusCode: 502, code: 'Cloud.BadAnswer' }],
    [['hangsUp'], { statusCode: 504, code: 'Cloud.MaybeArrived' }],
    [['saysTwoHundredButNotSuccess'], { statusCode: 504, code: 'Cloud.MaybeArrived' }],
    [['neverAnswers'], { statusCode: 504, code: 'Cloud.Timeout' }],
    // Last, since the whole account waits for as long as the cloud asked.
    [['throttles', { retryAfterMs: 5000 }], { statusCode: 503, code: 'Cloud.Throttled' }]
  ]
  for (const [fault, expected] of cases) {
    cloud.heal()
    cloud.inject(...fault)
    const { headers } = await expectError(t, proxy, rawPush(proxy), expected)
    if (expected.code === 'Cloud.Throttled') t.equal(headers['x-acs-retry-after'], '5000')
  }
})

t.test('a cloud that cannot be reached is a 503, since nothing was sent', async t => {
  const cloud = await startCloud(t)
  const proxy = await startProxy(t, { cloud, policy: { delivery: 'relay', relayTimeoutMs: 300 } })
  await cloud.close()
  await expectError(t, proxy, rawPush(proxy), { statusCode: 503, code: 'Cloud.Unreachable' })
})

t.test('a sender that waits for 100-continue is told to go on only when its key is good', async t => {
  const proxy = await startProxy(t)
  const head = (key: string): string => `POST ${PATH} HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nContent-Length: ${JSON.stringify(onePush).length}\r\nExpect: 100-continue\r\n\r\n`
  const good = await exchange(proxy.port, [head(proxy.key)], received => received.includes('\r\n\r\n'))
  t.equal(good, 'HTTP/1.1 100 Continue\r\n\r\n')
  const refused = parseAnswer(await exchange(proxy.port, [head('nonsense')], () => false))
  t.equal(refused?.statusCode, 401)
  t.equal(refused?.headers['connection'], 'close', 'its body can never be taken for another request')
})

t.test('a compressed body is a 415 that says to send it uncompressed', async t => {
  const proxy = await startProxy(t)
  await expectError(t, proxy, rawPush(proxy, { headers: [`X-API-Key: ${proxy.key}`, 'Content-Encoding: br'] }), { statusCode: 415, code: 'UnsupportedContentEncoding' })
  t.equal((await proxy.push(onePush, { 'content-encoding': 'identity' })).statusCode, 200)
})

t.test('without a valid credential the answer is a 503 and nothing is sent', async t => {
  const credentials = createCredentialSource({ clock: systemClock, makeClient: () => { throw new Error('no provider') } })
  const proxy = await startProxy(t, { credentials, policy: { relayTimeoutMs: 500, delivery: 'relay' } })
  const { headers } = await expectError(t, proxy, rawPush(proxy), { statusCode: 503, code: 'Credentials.Unavailable' })
  t.ok(Number(headers['retry-after']) >= 1)
  t.equal(proxy.cloud.attempts(), 0)
})

t.test('a fault of our own is a 500 that tells nothing but the request id, and the log knows more', async t => {
  const proxy = await startProxy(t)
  proxy.registry.close()
  const { json } = await expectError(t, proxy, rawPush(proxy), { statusCode: 500, code: 'InternalError' })
  t.strictSame(Object.keys(json), ['requestId', 'code', 'message'])
  const line = JSON.parse(proxy.log.find(each => each.includes(json.requestId) && JSON.parse(each).level >= 50) ?? '{}')
  t.match(line.error?.message, /database|connection|open/i, 'what was thrown stands in the line')
})

t.test('a fault of the account stands in the log with the cloud\'s own code', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'relay' } })
  proxy.cloud.inject('refuses', { code: 'Forbidden.RAM', statusCode: 403 })
  const { json } = await expectError(t, proxy, rawPush(proxy), { statusCode: 502, code: 'Cloud.AccountFault' })
  const line = JSON.parse(proxy.log.find(each => each.includes(json.requestId) && JSON.parse(each).level === 40) ?? '{}')
  t.match(line.error?.message, /Forbidden\.RAM/)
  t.match(line.error?.cause?.message, /^The answer was 403 Forbidden\.RAM, with the request id [\w-]{36}\.$/)
})

t.test('no refusal of a push carries a piece of its body into the log', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'relay' } })
  const withData = (data: string): string => `{"deviceType":"1","devices":[{"deviceId":"a","recordTime":"2021-09-08 18:40:00","data":${data}}]}`
  // What the log must not hold is looked for when the proxy ends.
  await expectError(t, proxy, rawPush(proxy, { body: withData('{"meter-in-no-log":null}') }), { statusCode: 400, code: 'InvalidPush' })
  t.equal((await proxy.push(withData('{"meter-in-no-log":"1","meter-in-no-log":"2"}'))).statusCode, 400)
  proxy.cloud.inject('refuses', { code: 'InvalidParameter.DeviceId', statusCode: 400 })
  await expectError(t, proxy, rawPush(proxy), { statusCode: 400, code: 'InvalidParameter.DeviceId' })
})
