import t from 'tap'
import { onePush, startProxy } from '../support/proxy.js'

const text = JSON.stringify(onePush)
const bodies = [text, ` ${text}`, text.replace('"1"', '1'), text.replace('"devices":[', '"devices":[{},'), JSON.stringify({ ...onePush, devices: [...onePush.devices, ...onePush.devices] })]

t.test('with the fast path and without it every body is answered alike, and the cloud gets the same bytes', async t => {
  const [fast, general] = [await startProxy(t), await startProxy(t, { env: { FAST_PATH: 'false' } })]
  for (const body of bodies) {
    const [one, other] = await Promise.all([fast, general].map(async proxy => {
      const { statusCode, headers, text } = await proxy.push(body)
      const { requestId, ...rest } = JSON.parse(text)
      return { statusCode, rest, repairs: headers['x-repairs'], delivery: headers['x-delivery'] }
    }))
    t.strictSame(one, other)
  }
  t.strictSame(fast.cloud.received().map(({ body }) => body), general.cloud.received().map(({ body }) => body))
  t.equal(fast.cloud.received().length, 3)
})

t.test('a key that is limited to devices, and a plant whose policy judges more, see every record of a clean body', async t => {
  const proxy = await startProxy(t, { key: { deviceIds: ['another'] } })
  t.equal((await proxy.push(text)).json().code, 'Forbidden.Device')
  const { key } = proxy.registry.createKey('plant-1', { deviceTypes: ['12'] })
  t.equal((await proxy.push(text, { 'x-api-key': key })).json().code, 'Forbidden.Device')
  const { key: free } = proxy.registry.createKey('plant-1', {})
  proxy.registry.setPlant('plant-1', { maxAge: '1d' })
  t.equal((await proxy.push(text, { 'x-api-key': free })).json().code, 'InvalidPush')
  proxy.registry.setPlant('plant-1', { maxAge: undefined, dialect: 'flat' })
  t.equal((await proxy.push(text, { 'x-api-key': free })).json().code, 'InvalidPush')
  t.equal(proxy.cloud.received().length, 0)
})

t.test('a body that is sent as it came is signed, stored, repeated and told like any other', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store' } })
  const first = await proxy.push(text, { 'idempotency-key': 'a' })
  const repeat = await proxy.push(` ${text}`, { 'idempotency-key': 'a' })
  t.equal(first.statusCode, 202)
  t.equal(repeat.headers['x-original-request-id'], first.json().requestId, 'the general way made the same bytes')
  t.equal((await proxy.push(text.replace('226.0', '227.0'), { 'idempotency-key': 'a' })).json().code, 'IdempotencyKeyReused')
  t.equal((await proxy.request(`/api/v1/receipts/${first.json().requestId}`, { headers: { 'x-api-key': proxy.key } })).json().receipt.records, onePush.devices.length)
})
