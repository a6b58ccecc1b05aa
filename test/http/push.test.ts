import t from 'tap'
import { onePush, startProxy } from '../support/proxy.js'

t.test('a right push is signed, arrives as it was written, and the answer says so', async t => {
  const proxy = await startProxy(t)
  const answer = await proxy.push(onePush)
  t.equal(answer.statusCode, 200)
  t.strictSame(Object.keys(answer.json()), ['requestId', 'data'])
  t.equal(answer.json().data, 'success')
  t.equal(answer.headers['x-request-id'], answer.json().requestId)
  t.equal(answer.headers['x-delivery'], 'relayed')
  t.equal(answer.headers['content-length'], String(answer.text.length))
  t.equal(answer.headers['transfer-encoding'], undefined)
  const [received] = proxy.cloud.received()
  t.equal(answer.headers['x-cloud-request-id'], received?.requestId)
  t.strictSame(received?.push, onePush)
})

t.test('nothing of the sender\'s headers travels to the cloud', async t => {
  const proxy = await startProxy(t)
  await proxy.push(onePush, { 'x-forwarded-for': '10.9.8.7', cookie: 'a=b', 'x-acs-action': 'DeleteEverything', 'x-own': 'yes', 'user-agent': 'lwip1.3.2' })
  const headers = proxy.cloud.received()[0]?.headers ?? {}
  t.strictSame(Object.keys(headers).sort(), ['accept', 'authorization', 'connection', 'content-length', 'content-type', 'host', 'x-acs-action', 'x-acs-content-sha256', 'x-acs-date', 'x-acs-signature-nonce', 'x-acs-version'])
  t.equal(headers['x-acs-action'], 'PushDeviceData')
})

t.test('numbers travel as the characters that were sent, and the answer lists the repairs', async t => {
  const proxy = await startProxy(t)
  const answer = await proxy.push('{"deviceType":1,"devices":[{"device_id":17,"recordTime":"2021-09-08 18:40:00","data":{"a":329.0,"b":9007199254740993,"c":-0,"d":1e400}}]}')
  t.equal(answer.statusCode, 200)
  t.match(String(answer.headers['x-repairs']), /number-to-string=6/)
  t.match(String(answer.headers['x-repairs']), /device_id=1/)
  t.equal(proxy.cloud.received()[0]?.body, '{"deviceType":"1","devices":[{"deviceId":"17","recordTime":"2021-09-08 18:40:00","data":{"a":"329.0","b":"9007199254740993","c":"-0","d":"1e400"}}]}')
})

t.test('a dry run shows what would be sent, masked, and sends nothing', async t => {
  const proxy = await startProxy(t)
  const answer = await proxy.push(onePush, { 'x-dry-run': 'true' })
  t.equal(answer.statusCode, 200)
  t.equal(answer.json().data, 'dry-run')
  t.strictSame(answer.json().push, onePush)
  t.match(answer.json().request.canonicalRequest, /^POST\n\/api\/v1\/data\/increment\/push\n\n/)
  t.match(answer.json().request.headers.authorization, /Signature=\*\*\*$/)
  t.equal(proxy.cloud.attempts(), 0)
})

t.test('a key travels in each of the ways that devices and SDKs know', async t => {
  const proxy = await startProxy(t)
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const ways: Array<Record<string, string>> = [
    { 'x-api-key': proxy.key },
    { authorization: `Bearer ${proxy.key}` },
    { authorization: `bearer   ${proxy.key}` },
    { authorization: basic(`scada:${proxy.key}`) },
    { authorization: basic(`${proxy.key}:`) },
    { authorization: basic(proxy.key) },
    { 'x-acs-bearer-token': proxy.key },
    { 'x-api-key': proxy.key, authorization: 'ACS3-HMAC-SHA256 Credential=LTAI,SignedHeaders=host,Signature=00' },
    { 'x-api-key': proxy.key, authorization: `Bearer ${proxy.key}` }
  ]
  for (const headers of ways) t.equal((await proxy.push(onePush, headers)).statusCode, 200, Object.keys(headers).join())
})

t.test('a key in the path or the query works only when it was made for that', async t => {
  const proxy = await startProxy(t)
  const inUrl = proxy.registry.createKey('plant-1', { inUrl: true }).key
  const pushTo = async (path: string): Promise<number> => (await proxy.request(path, { method: 'POST', body: JSON.stringify(onePush) })).statusCode
  t.ok(`/k/${inUrl}`.length <= 50, 'the whole path fits a device that stores 50 bytes')
  t.equal(await pushTo(`/k/${inUrl}`), 200)
  t.equal(await pushTo(`/api/v1/data/increment/push?api_key=${inUrl}`), 200)
  t.equal(await pushTo(`/k/${proxy.key}`), 401)
  const beside = await proxy.request(`/api/v1/data/increment/push?api_key=${proxy.key}`, { method: 'POST', body: JSON.stringify(onePush), headers: { 'x-api-key': proxy.key } })
  t.equal(beside.statusCode, 401, 'also where the same key stands in a header')
  t.equal(await pushTo(`/api/v1/data/increment/push?api_key=${proxy.key}`), 401)
})

t.test('a trailing or a doubled slash is forgiven', async t => {
  const proxy = await startProxy(t)
  for (const path of ['/api/v1/data/increment/push/', '//api/v1/data//increment/push']) {
    t.equal((await proxy.request(path, { method: 'POST', body: JSON.stringify(onePush), headers: { 'x-api-key': proxy.key } })).statusCode, 200, path)
  }
})

t.test('a load balancer gets a few bytes at the root', async t => {
  const proxy = await startProxy(t)
  const answer = await proxy.request('/')
  t.equal(answer.statusCode, 200)
  t.ok(answer.text.length < 40)
})

t.test('a dry run of a faulty body shows how far it came, a push does not', async t => {
  const proxy = await startProxy(t)
  const faulty = JSON.stringify(onePush).replace(/"data":\{"[^"]*":"[^"]*"/, '"data":{"Ua":null')
  const answer = await proxy.push(faulty, { 'x-dry-run': 'true' })
  t.equal(answer.statusCode, 400)
  t.match(answer.json(), { code: 'InvalidPush', errors: [{ path: '/devices/0/data/Ua' }], steps: [{ step: 'encoding', what: 'The body is UTF-8.' }, { step: 'values' }] })
  t.notOk('steps' in (await proxy.push(faulty)).json())
})

t.test('a dry run that is asked for in another word is refused, never sent', async t => {
  const proxy = await startProxy(t)
  for (const word of ['1', 'yes', 'true, true']) {
    const answer = await proxy.push(onePush, { 'x-dry-run': word })
    t.equal(answer.statusCode, 400, word)
    t.equal(answer.json().code, 'InvalidRequest')
  }
  t.equal((await proxy.push(onePush, { 'x-dry-run': 'False' })).json().data, 'success')
  t.equal(proxy.cloud.attempts(), 1)
})

t.test('a GBK body is relayed as UTF-8, in the charset that it declares or that its plant is set to', async t => {
  const proxy = await startProxy(t)
  const [before = '', after = ''] = JSON.stringify({ ...onePush, devices: onePush.devices.map(device => ({ ...device, data: { name: '|' } })) }).split('|')
  const body = Buffer.concat([Buffer.from(before), Buffer.from([0xb5, 0xe7, 0xb1, 0xed]), Buffer.from(after)])
  t.equal((await proxy.push(body, { 'content-type': 'text/plain' })).json().code, 'InvalidEncoding')
  t.match(await proxy.push(body, { 'content-type': 'text/plain; charset=GBK' }), { statusCode: 200, headers: { 'x-repairs': 'charset=1' } })
  proxy.registry.setPlant('plant-1', { charset: 'gb18030' })
  t.equal((await proxy.push(body, { 'content-type': 'json' })).statusCode, 200)
  t.strictSame(proxy.cloud.received().map(({ body: sent }) => sent), Array(2).fill(`${before}电表${after}`))
})
