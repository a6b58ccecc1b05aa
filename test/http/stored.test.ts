import { connect } from 'node:net'
import t from 'tap'
import { request } from 'undici'
import { openQueueFile, type ParkedEntry } from '../../src/queue/queue-file.js'
import type { Sandbox } from '../../src/sandbox/sandbox.js'
import { onePush, startCloud, startProxy, type TestProxy } from '../support/proxy.js'
import { dataDirOf } from '../support/queue.js'

async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000 && !await holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

const pushOf = (deviceId: string, minute = 0): object => ({ deviceType: '1', devices: [{ ...onePush.devices[0], deviceId, recordTime: `2021-09-08 18:${String(minute).padStart(2, '0')}:00` }] })

/** Device ids of the pushes that the cloud took and confirmed, in the order in which they came. */
const confirmedBy = (cloud: Sandbox): string[] => cloud.received().filter(({ answered }) => answered).flatMap(({ body }) => JSON.parse(body).devices.map(({ deviceId }: { deviceId: string }) => deviceId))
const namesOf = ({ cloud }: TestProxy): string[] => confirmedBy(cloud)

function parkedIn ({ dataDir }: TestProxy): ParkedEntry[] {
  const file = openQueueFile(dataDir)
  try {
    return file.listParked()
  } finally {
    file.close()
  }
}

async function detailsOf ({ adminOrigin }: TestProxy): Promise<Record<string, unknown>> {
  const { body } = await request(`${adminOrigin}/readyz`)
  // The shape of /readyz is a promise of its own tests.
  return (await body.json() as { details: { queue: Record<string, unknown> } }).details.queue
}

t.test('a push that the cloud cannot take now is answered 202 and arrives when it can, with everything behind it, in order', async t => {
  const proxy = await startProxy(t, { env: { RELAY_TIMEOUT_MS: '300' } })
  proxy.cloud.inject('isDown', { statusCode: 503 })
  for (let n = 0; n < 5; n++) {
    const answer = await proxy.push(pushOf(`d${n}`))
    t.equal(answer.statusCode, 202)
    t.strictSame(answer.json(), { requestId: answer.headers['x-request-id'], data: 'stored' })
    t.equal(answer.headers['x-delivery'], 'stored')
  }
  t.match(await detailsOf(proxy), { waiting: 5, parked: 0 })
  proxy.cloud.heal()
  await until(() => namesOf(proxy).length >= 5)
  t.strictSame(namesOf(proxy), ['d0', 'd1', 'd2', 'd3', 'd4'])
  await until(async () => (await proxy.push(pushOf('live'))).statusCode === 200)
  t.match(await detailsOf(proxy), { waiting: 0, alarms: 0 })
})

t.test('values keep their characters on the way over the disk, and a merged call is one that the service takes', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store' } })
  // Until all of them wait, however long that takes.
  proxy.cloud.inject('throttles', { retryAfterMs: 100 })
  await proxy.push(pushOf('first'))
  for (let n = 0; n < 20; n++) await proxy.push(`{"deviceType":1,"devices":[{"deviceId":"设备${n}","recordTime":"2021-09-08 18:40:00","data":{"a":329.0,"b":9007199254740993,"c":"}},{"}}]}`)
  proxy.cloud.heal()
  await until(() => namesOf(proxy).length === 21)
  t.ok(proxy.cloud.received().length <= 5, `${proxy.cloud.received().length} calls`)
  t.strictSame(proxy.cloud.received().flatMap(({ push }) => push.devices).at(-1), { deviceId: '设备19', recordTime: '2021-09-08 18:40:00', data: { a: '329.0', b: '9007199254740993', c: '}},{' } })
})

t.test('a store plant is answered while the cloud sleeps, 200 and success where its sender knows nothing else', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store', storedAnswer: '200' }, env: { SHUTDOWN_TIMEOUT_MS: '100' } })
  proxy.cloud.inject('neverAnswers')
  const answer = await proxy.push(onePush)
  t.equal(answer.statusCode, 200)
  t.equal(answer.json().data, 'success')
  t.equal(answer.headers['x-delivery'], 'stored')
})

t.test('policies change while the proxy runs', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store' } })
  t.equal((await proxy.push(pushOf('a'))).statusCode, 202)
  await until(() => namesOf(proxy).length === 1)
  proxy.registry.setPlant('plant-1', { delivery: 'relay' })
  t.equal((await proxy.push(pushOf('b'))).statusCode, 200)
  proxy.cloud.inject('refuses', { code: 'Forbidden.RAM', statusCode: 403 })
  t.equal((await proxy.push(pushOf('c'))).statusCode, 502)
  proxy.registry.setPlant('plant-1', { delivery: 'relay-or-store' })
  t.equal((await proxy.push(pushOf('c'))).statusCode, 202)
  await until(async () => (await detailsOf(proxy))['alarm'] === 'account-fault')
  t.match(await detailsOf(proxy), { waiting: 1, alarms: 1, alarmCode: 'Forbidden.RAM' })
  t.equal(proxy.log.filter(line => line.includes('Energy Expert refuses the account')).length, 1)
  proxy.cloud.heal()
  await until(() => namesOf(proxy).includes('c'))
  t.ok(namesOf(proxy).includes('c'))
})

t.test('a refusal is told to its sender, or parked with the cloud\'s reason', async t => {
  const proxy = await startProxy(t)
  proxy.cloud.inject('refuses', { code: 'InvalidParameter.Data', statusCode: 400 })
  t.match((await proxy.push(onePush)).json(), { code: 'InvalidParameter.Data' })
  t.equal(parkedIn(proxy).length, 0)
  proxy.registry.setPlant('plant-1', { onRefusal: 'park' })
  const answer = await proxy.push(onePush)
  t.equal(answer.statusCode, 202)
  t.match(parkedIn(proxy), [{ requestId: answer.json().requestId, reason: { code: 'InvalidParameter.Data', cloudRequestId: String } }])
})

t.test('one wrong record among many that were stored is parked, and the rest arrives', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store' } })
  proxy.cloud.inject('throttles', { times: 1, retryAfterMs: 200 })
  await proxy.push(pushOf('d0'))
  proxy.cloud.inject('refuses', { times: 1, code: 'InvalidParameter' })
  for (let n = 1; n < 10; n++) await proxy.push(pushOf(`d${n}`))
  await until(async () => (await detailsOf(proxy))['waiting'] === 0)
  t.equal(new Set(namesOf(proxy)).size + parkedIn(proxy).length, 10)
})

t.test('a push that finds the queue full hears 503, and what can be relayed still is', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store', queueMaxBytes: 65_536 }, env: { SHUTDOWN_TIMEOUT_MS: '100' } })
  proxy.cloud.inject('neverAnswers')
  let last = await proxy.push(onePush)
  for (let n = 0; n < 200 && last.statusCode === 202; n++) last = await proxy.push(pushOf(`d${n}`))
  t.equal(last.statusCode, 503)
  t.equal(last.json().code, 'QueueFull')
  t.ok(Number(last.headers['retry-after']) > 0)
  proxy.registry.setPlant('plant-1', { delivery: 'relay' })
  proxy.cloud.heal()
  t.equal((await proxy.push(onePush)).statusCode, 200)
})

t.test('a sender that hangs up has its push delivered or stored all the same', async t => {
  for (const delivery of ['relay-or-store', 'store'] as const) {
    const proxy = await startProxy(t, { policy: { delivery, relayTimeoutMs: 300 } })
    proxy.cloud.inject('dribbles', { ms: delivery === 'store' ? 2 : 100, times: 1 })
    const body = JSON.stringify(pushOf('hung-up'))
    const socket = connect(proxy.port, '127.0.0.1').on('error', () => {})
    socket.write(`POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${proxy.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await until(() => proxy.cloud.attempts() > 0)
    socket.resetAndDestroy()
    await until(async () => proxy.cloud.received().length > 0 && (await detailsOf(proxy))['waiting'] === 0)
    t.ok(namesOf(proxy).includes('hung-up'), delivery)
  }
})

t.test('a proxy that ends stores what waits for the cloud, answers 202, and its next life delivers it', async t => {
  const cloud = await startCloud(t)
  const dataDir = dataDirOf(t)
  const first = await startProxy(t, { cloud, dataDir, policy: { relayTimeoutMs: 60_000 } })
  cloud.inject('neverAnswers')
  const waiting = [first.push(pushOf('a')), first.push(pushOf('b', 1))]
  await until(() => cloud.attempts() === 2)
  await first.close()
  t.strictSame((await Promise.all(waiting)).map(({ statusCode }) => statusCode), [202, 202])
  cloud.heal()
  const second = await startProxy(t, { cloud, dataDir })
  await until(() => confirmedBy(cloud).length === 2)
  t.strictSame(confirmedBy(cloud).sort(), ['a', 'b'])
  await until(async () => (await second.push(pushOf('c', 2))).statusCode === 200)
  t.equal((await second.push(pushOf('d', 3))).statusCode, 200)
})

t.test('a plant that wants nothing sent twice has what may have arrived parked, or told as such, after one attempt', async t => {
  for (const delivery of ['relay', 'relay-or-store', 'store'] as const) {
    for (const fault of ['hangsUp', 'saysTwoHundredButNotSuccess', 'truncatesBody'] as const) {
      const proxy = await startProxy(t, { policy: { delivery, whenUnsure: 'park' } })
      proxy.cloud.inject(fault)
      const answer = await proxy.push(pushOf('once'))
      t.equal(answer.statusCode, delivery === 'relay' ? 504 : 202, `${delivery} ${fault}`)
      if (delivery !== 'relay') await until(() => parkedIn(proxy).length === 1)
      t.strictSame(parkedIn(proxy).map(({ reason }) => reason.code), delivery === 'relay' ? [] : ['InDoubt'])
      t.equal(proxy.cloud.attempts(), 1)
      await proxy.close()
    }
  }
})
