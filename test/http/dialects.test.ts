import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startProxy, type TestProxy } from '../support/proxy.js'
import { exchangeOne, type RawAnswer } from '../support/raw-socket.js'
import { makeWorkplace } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

const AT = '2021-09-08 18:40:00'
const TAGS = 'deviceType: 1\ntags: ["Channel1.{device}.{point}"]\n'

/** As senders write it: a head of their own, then the body. */
async function post ({ port, key }: TestProxy, body: string, headers: readonly string[] = []): Promise<RawAnswer> {
  const lines = ['POST /api/v1/data/increment/push HTTP/1.1', 'Host: proxy', `X-API-Key: ${key}`, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close', ...headers]
  return await exchangeOne(port, `${lines.join('\r\n')}\r\n\r\n${body}`)
}

const pushOf = (...devices: string[]) => `{"deviceType":"1","devices":[${devices.join(',')}]}`
const record = (deviceId: string, data: string) => `{"deviceId":"${deviceId}","recordTime":"${AT}","data":${data}}`
const form = 'Content-Type: application/x-www-form-urlencoded'

t.test('flat objects are relayed as a push, their numbers with the characters that were sent', async t => {
  const proxy = await startProxy(t, { policy: { dialect: 'flat', mapping: 'deviceType: 1\nfields: {deviceId: sn}\n' } })
  const answer = await post(proxy, `[{"sn":17,"recordTime":"${AT}","Ua":226.0,"Ep_imp":9007199254740993},{"sn":"b","recordTime":"${AT}","Ua":1e400}]`, ['Content-Type: text/plain'])
  t.match(answer, { statusCode: 200, headers: { 'x-repairs': 'number-to-string=4', 'x-delivery': 'relayed' } })
  t.same(proxy.cloud.received().map(({ body }) => body), [pushOf(record('17', '{"Ua":"226.0","Ep_imp":"9007199254740993"}'), record('b', '{"Ua":"1e400"}'))])
})

t.test('Kepware\'s array of samples is relayed as a push', async t => {
  const proxy = await startProxy(t, { policy: { dialect: 'kepware', mapping: TAGS } })
  const answer = await post(proxy, `[{"id":"Channel1.M7.Ua","v":226.0,"q":true,"t":"${AT}"},{"id":"Channel1.M8.Ua","v":7,"q":false,"t":"${AT}"}]`)
  t.match(answer, { statusCode: 200, headers: { 'x-repairs': 'bad-quality=1, number-to-string=1' } })
  t.same(proxy.cloud.received().map(({ body }) => body), [pushOf(record('M7', '{"Ua":"226.0"}'))])
})

t.test('a push as a form, as curl --data-urlencode and Ignition send it, arrives as it was meant', async t => {
  const proxy = await startProxy(t)
  const push = pushOf(record('m 1+', '{"Ua":"226.0","电":"50%"}'))
  const encoded = encodeURIComponent(push)
  for (const body of [encoded, `body=${encoded.replaceAll('%20', '+')}`, `=${encoded}`]) {
    t.match(await post(proxy, body, [form]), { statusCode: 200, headers: { 'x-repairs': 'form=1' } })
  }
  const plain = await post(proxy, push, [form])
  t.equal(plain.headers['x-repairs'], undefined, 'curl -d leaves JSON as it is')
  t.same(proxy.cloud.received().map(({ body }) => body), Array(4).fill(push))
})

t.test('a body for another dialect is a 400 that names it and the command', async t => {
  const proxy = await startProxy(t)
  const answer = await post(proxy, '{"timestamp":1631097600000,"values":[{"id":"Channel1.M7.Ua","v":226.0,"q":true,"t":1631097600000}]}')
  t.equal(answer.statusCode, 400)
  t.match(JSON.parse(answer.body), { code: 'InvalidPush', message: /^The body looks like kepware: set the plant to it \(plants set NAME --dialect kepware --mapping FILE\)\. The push breaks/ })
  proxy.registry.setPlant('plant-1', { dialect: 'kepware', mapping: TAGS })
  const other = JSON.parse((await post(proxy, pushOf(record('m', '{"a":"1"}')))).body)
  t.match(other.message, /^The body looks like energy-expert: set the plant to it \(plants set NAME --dialect energy-expert\)\./)
  t.equal(proxy.cloud.attempts(), 0)
})

t.test('a mapping counts from the moment it is set, for the plant that it is set for', async t => {
  const proxy = await startProxy(t, { policy: { dialect: 'flat', mapping: 'deviceType: 1\npoints: {a: Ua}' } })
  const body = `{"deviceId":"m","recordTime":"${AT}","a":"1"}`
  t.equal((await post(proxy, body)).statusCode, 200)
  proxy.registry.setPlant('plant-1', { mapping: 'deviceType: 2\npoints: {a: Ub}' })
  t.equal((await post(proxy, body)).statusCode, 200)
  t.match(proxy.cloud.received().map(({ push }) => push), [{ deviceType: '1', devices: [{ data: { Ua: '1' } }] }, { deviceType: '2', devices: [{ data: { Ub: '1' } }] }])
})

t.test('what a key may push is judged by the devices that the mapping leads to', async t => {
  const proxy = await startProxy(t, { policy: { dialect: 'kepware', mapping: `${TAGS}devices: {M7: meter-7}\n` }, key: { deviceIds: ['meter-7'] } })
  t.equal((await post(proxy, `[{"id":"Channel1.M7.Ua","v":1,"t":"${AT}"}]`)).statusCode, 200)
  const answer = await post(proxy, `[{"id":"Channel1.meter-8.Ua","v":1,"t":"${AT}"}]`)
  t.match(JSON.parse(answer.body), { code: 'Forbidden.Device', errors: [{ path: '/0/id', message: 'The API key may not push this device: meter-8.' }] })
})

t.test('a dry run and explain tell what the dialect made of a body, and quote nothing of it', async t => {
  const mapping = `${TAGS}unmapped: drop\n`
  const body = `{"timestamp":"${AT}","values":[{"id":"Channel1.M7.Ua","v":226.0,"q":true},{"id":"Channel1.M7.Ub","v":1,"q":false},{"id":"Secret.Tag","v":1}]}`
  const told = 'Read as kepware; samples: 3, records: 1, points: 1; left out: 1 of bad quality, 1 unmapped.'
  const proxy = await startProxy(t, { policy: { dialect: 'kepware', mapping } })
  const answer = JSON.parse((await post(proxy, body, ['X-Dry-Run: true'])).body)
  t.same(answer.steps.map(({ step }: { step: string }) => step), ['encoding', 'dialect', 'mapping', 'values', 'times', 'contract'])
  t.equal(answer.steps[2].what, 'Kept their own name: points Ua; devices M7.')
  t.equal(answer.steps[1].what, told)
  t.match(answer.repairs, { 'bad-quality': 1, unmapped: 1 })
  const { folder, env } = makeWorkplace(t)
  writeFileSync(join(folder, 'north.yaml'), mapping)
  await runHere(['plants', 'add', 'north', '--dialect', 'kepware', '--mapping', 'north.yaml'], { folder, env })
  const { code, stdout } = await runHere(['explain', '--plant', 'north', '-'], { folder, env, input: body })
  t.equal(code, 0)
  t.ok(stdout.includes(`  dialect   ${told}\n`), stdout)
  t.notMatch(stdout, /Secret/)
})
