import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { systemClock } from '../../src/clock.js'
import { openRegistry } from '../../src/plants/registry.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { CREDENTIAL, onePush, startCloud, startProxy, type Answer, type TestProxy } from '../support/proxy.js'
import { refuseLeaks } from '../support/refuse-leaks.js'
import { ManualClock } from '../support/manual-clock.js'
import { dataDirOf } from '../support/queue.js'
import { makeWorkplace, startCommand } from '../support/run-command.js'

const KEY = 'key-in-no-log-8e03978e'
const otherPush = { ...onePush, devices: onePush.devices.map(device => ({ ...device, recordTime: '2021-09-08 18:41:00' })) }

async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000 && !await holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

/** Starts a proxy whose log must not hold the sender's key either. */
async function start (t: Test, options: Parameters<typeof startProxy>[1] = {}): Promise<TestProxy> {
  const proxy = await startProxy(t, options)
  t.teardown(() => { refuseLeaks(proxy.log, [KEY]) })
  return proxy
}

const withKey = (key = KEY): Record<string, string> => ({ 'idempotency-key': key })

/** Its own id, and the answer and the id of the push that it repeats. */
function isRepeatOf (t: Test, answer: Answer, first: Answer): void {
  t.equal(answer.statusCode, first.statusCode)
  t.equal(answer.json().data, first.json().data)
  t.equal(answer.headers['x-delivery'], first.headers['x-delivery'])
  t.equal(answer.headers['x-original-request-id'], first.headers['x-request-id'])
  t.not(answer.headers['x-request-id'], first.headers['x-request-id'])
}

function waitingIn ({ dataDir }: TestProxy): number {
  const file = openQueueFile(dataDir)
  try {
    return file.listLanes().reduce((sum, { waiting }) => sum + waiting, 0)
  } finally {
    file.close()
  }
}

/** A push over a socket that can be torn. */
function rawPush ({ port, key }: TestProxy, idempotencyKey: string, push: object = onePush): Socket {
  const body = JSON.stringify(push)
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.write(`POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nIdempotency-Key: ${idempotencyKey}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  return socket
}

async function metricsOf ({ adminOrigin }: TestProxy): Promise<string> {
  return await (await request(`${adminOrigin}/metrics`)).body.text()
}

/** Resolves when so many pushes are with the proxy, and none of them is answered. */
async function held (proxy: TestProxy, pushes: number): Promise<void> {
  const line = `energy_expert_proxy_bodies_in_flight_bytes ${pushes * JSON.stringify(onePush).length}\n`
  await until(async () => (await metricsOf(proxy)).includes(line))
}

t.test('a repeat of a delivered push is answered as it was, with its id, and the cloud sees one', async t => {
  const proxy = await start(t)
  const first = await proxy.push(onePush, withKey())
  t.equal(first.statusCode, 200)
  t.equal(first.headers['x-original-request-id'], undefined)
  // Bare and in quotes, as text and as bytes of the same push written otherwise.
  const asNumbers = JSON.stringify(onePush).replace('"226.0"', ' 226.0')
  for (const [body, key] of [[onePush, KEY], [onePush, `"${KEY}"`], [asNumbers, KEY]] as const) {
    const repeat = await proxy.push(body, withKey(key))
    isRepeatOf(t, repeat, first)
    t.equal(repeat.headers['x-cloud-request-id'], first.headers['x-cloud-request-id'])
  }
  t.equal(proxy.cloud.attempts(), 1)
  const receipt = await proxy.request(`/api/v1/receipts/${first.headers['x-request-id']}`, { headers: { 'x-api-key': proxy.key } })
  t.match(receipt.json().receipt, { records: 1, delivered: 1 })
  t.equal((await proxy.push(onePush, withKey('another'))).headers['x-original-request-id'], undefined)
  t.equal((await proxy.push(onePush)).headers['x-original-request-id'], undefined)
  t.equal(proxy.cloud.attempts(), 3)
})

t.test('a repeat of a stored or parked push is answered as stored, and the queue holds one', async t => {
  for (const policy of [{ delivery: 'store' }, { delivery: 'store', storedAnswer: '200' }, { relayTimeoutMs: 300 }] as const) {
    const proxy = await start(t, { policy })
    proxy.cloud.inject('isDown')
    const first = await proxy.push(onePush, withKey())
    t.equal(first.headers['x-delivery'], 'stored')
    isRepeatOf(t, await proxy.push(onePush, withKey()), first)
    t.equal(waitingIn(proxy), 1)
  }
  const proxy = await start(t, { policy: { onRefusal: 'park' } })
  proxy.cloud.inject('refuses', { code: 'InvalidParameter.Data', statusCode: 400 })
  const parked = await proxy.push(onePush, withKey())
  isRepeatOf(t, await proxy.push(onePush, withKey()), parked)
  t.equal(proxy.cloud.attempts(), 1)
})

t.test('the same key with another body is a 422 that names the first push, and changes nothing', async t => {
  const proxy = await start(t)
  const first = await proxy.push(onePush, withKey())
  for (const body of [otherPush, { ...onePush, deviceType: '2' }]) {
    const refused = await proxy.push(body, withKey())
    t.equal(refused.statusCode, 422)
    t.equal(refused.json().code, 'IdempotencyKeyReused')
    t.ok(refused.json().message.includes(first.headers['x-request-id']))
  }
  isRepeatOf(t, await proxy.push(onePush, withKey()), first)
  t.equal(proxy.cloud.attempts(), 1)
})

t.test('another plant may use the same key, and waits for nobody', async t => {
  const proxy = await start(t, { policy: { delivery: 'relay', relayTimeoutMs: 1000 } })
  proxy.registry.addPlant('plant-2', {})
  const second = proxy.registry.createKey('plant-2', {}).key
  proxy.cloud.inject('neverAnswers', { times: 1 })
  let isOver = false
  const first = proxy.push(onePush, withKey()).finally(() => { isOver = true })
  await until(() => proxy.cloud.attempts() === 1)
  const answer = await proxy.push(otherPush, { ...withKey(), 'x-api-key': second })
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['x-original-request-id'], undefined)
  t.notOk(isOver, 'the first one is under way')
  t.equal((await first).statusCode, 504)
  t.equal((await proxy.push(onePush, withKey())).headers['x-original-request-id'], undefined)
})

t.test('after an error the repeat is sent, with the same body or another', async t => {
  const proxy = await start(t, { policy: { delivery: 'relay', relayTimeoutMs: 300 } })
  proxy.cloud.inject('refuses', { times: 1, code: 'InvalidParameter.Data', statusCode: 400 })
  t.equal((await proxy.push(onePush, withKey())).statusCode, 400)
  proxy.cloud.inject('neverAnswers', { times: 1 })
  t.equal((await proxy.push(onePush, withKey())).statusCode, 504, 'it may have arrived, which is an error')
  const sent = await proxy.push(otherPush, withKey())
  t.equal(sent.statusCode, 200)
  isRepeatOf(t, await proxy.push(otherPush, withKey()), sent)
  t.equal(proxy.cloud.attempts(), 3)
})

t.test('a second one waits for the first, and the cloud sees one', async t => {
  const proxy = await start(t)
  proxy.cloud.inject('dribbles', { ms: 5, times: 1 })
  const first = proxy.push(onePush, withKey())
  await until(() => proxy.cloud.attempts() === 1)
  const others = await Promise.all([proxy.push(onePush, withKey()), proxy.push(onePush, withKey()), proxy.push(otherPush, withKey())])
  for (const repeat of others.slice(0, 2)) isRepeatOf(t, repeat, await first)
  t.equal(others[2]?.statusCode, 422)
  t.equal(proxy.cloud.attempts(), 1)
})

t.test('when the first one fails those that wait are sent one after the other, until one is taken', async t => {
  const proxy = await start(t, { policy: { delivery: 'relay', relayTimeoutMs: 300 } })
  proxy.cloud.inject('neverAnswers', { times: 2 })
  const answers = await Promise.all([1, 2, 3, 4, 5].map(async () => await proxy.push(onePush, withKey())))
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 200, 200, 504, 504])
  t.equal(proxy.cloud.attempts(), 3)
  t.equal(answers.filter(({ headers }) => headers['x-original-request-id'] !== undefined).length, 2)
})

t.test('a relay plant\'s sender that hangs up while it waits stops only its waiting', async t => {
  const proxy = await start(t, { policy: { delivery: 'relay', relayTimeoutMs: 1000 } })
  proxy.cloud.inject('neverAnswers', { times: 1 })
  const first = proxy.push(onePush, withKey())
  await until(() => proxy.cloud.attempts() === 1)
  const second = rawPush(proxy, KEY)
  const third = proxy.push(onePush, withKey())
  await held(proxy, 3)
  second.resetAndDestroy()
  await held(proxy, 2)
  t.equal(proxy.cloud.attempts(), 1, 'the first one is under way, and the third one waits')
  t.equal((await first).statusCode, 504)
  t.equal((await third).statusCode, 200)
  t.equal(proxy.cloud.attempts(), 2)
})

t.test('when the first one\'s sender hangs up and its attempt is cancelled, the second is sent', async t => {
  const proxy = await start(t, { policy: { delivery: 'relay' } })
  proxy.cloud.inject('neverAnswers', { times: 1 })
  const first = rawPush(proxy, KEY)
  await until(() => proxy.cloud.attempts() === 1)
  const second = proxy.push(onePush, withKey())
  await held(proxy, 2)
  first.resetAndDestroy()
  t.equal((await second).statusCode, 200)
  t.equal((await second).headers['x-original-request-id'], undefined)
  t.equal(proxy.cloud.attempts(), 2)
})

t.test('a push that waits is delivered or stored though its sender has hung up, as without a key', async t => {
  const proxy = await start(t)
  proxy.cloud.inject('throttles', { times: 1, retryAfterMs: 300 })
  const first = proxy.push(onePush, withKey())
  await until(() => proxy.cloud.attempts() === 1)
  proxy.cloud.inject('refuses', { times: 1, code: 'InvalidParameter.Data', statusCode: 400 })
  const second = rawPush(proxy, KEY)
  await held(proxy, 2)
  second.resetAndDestroy()
  t.equal((await first).statusCode, 400)
  await until(() => proxy.cloud.received().length === 1)
  t.equal(proxy.cloud.received().length, 1)
  t.not((await proxy.push(onePush, withKey())).headers['x-original-request-id'], undefined)
})

t.test('what was stored is known after a restart, what was relayed is sent again', async t => {
  const cloud = await startCloud(t)
  const dataDir = dataDirOf(t)
  const before = await start(t, { cloud, dataDir, policy: { relayTimeoutMs: 300 } })
  t.equal((await before.push(otherPush, withKey('relayed'))).statusCode, 200)
  cloud.inject('isDown')
  const stored = await before.push(onePush, withKey())
  t.equal(stored.statusCode, 202)
  await before.close()

  const after = await start(t, { cloud, dataDir })
  isRepeatOf(t, await after.push(onePush, withKey(`"${KEY}"`)), stored)
  t.equal((await after.push(otherPush, withKey())).statusCode, 422)
  t.equal(waitingIn(after), 1)
  cloud.heal()
  await until(async () => waitingIn(after) === 0)
  isRepeatOf(t, await after.push(onePush, withKey()), stored)
  t.equal((await after.push(otherPush, withKey('relayed'))).headers['x-original-request-id'], undefined)
  await after.close()
  const last = await start(t, { cloud, dataDir })
  isRepeatOf(t, await last.push(onePush, withKey()), stored)
})

t.test('a key that was answered stored is known after a kill -9', async t => {
  const cloud = await startCloud(t)
  const workplace = makeWorkplace(t)
  const registry = openRegistry({ dataDir: workplace.env['DATA_DIR'] ?? '', clock: systemClock })
  registry.addPlant('north', { delivery: 'store' })
  const { key } = registry.createKey('north', {})
  registry.close()
  cloud.inject('isDown')
  const env = { ...workplace.env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: cloud.origin, ALIBABA_CLOUD_ACCESS_KEY_ID: CREDENTIAL.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: CREDENTIAL.accessKeySecret }
  const pushTo = async (origin: string): Promise<{ statusCode: number, requestId: string, original: unknown }> => {
    const { statusCode, headers, body } = await request(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key, ...withKey() }, body: JSON.stringify(onePush) })
    await body.dump()
    return { statusCode, requestId: String(headers['x-request-id']), original: headers['x-original-request-id'] }
  }
  const originOf = async (program: ReturnType<typeof startCommand>): Promise<string> => (await program.says(/listens on (http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''

  const first = startCommand(t, ['serve'], { folder: workplace.folder, env })
  const stored = await pushTo(await originOf(first))
  t.equal(stored.statusCode, 202)
  first.child.kill('SIGKILL')
  await once(first.child, 'close')
  const second = startCommand(t, ['serve'], { folder: workplace.folder, env })
  const origin = await originOf(second)
  t.match(await pushTo(origin), { statusCode: 202, original: stored.requestId })
  cloud.heal()
  await until(() => cloud.received().some(({ answered }) => answered))
  t.match(await pushTo(origin), { statusCode: 202, original: stored.requestId })
  t.equal(cloud.received().length, 1)
  t.notOk(second.stderr().includes(KEY))
})

t.test('a push is remembered for IDEMPOTENCY_WINDOW_MS, over a restart too', async t => {
  const clock = new ManualClock()
  const proxy = await start(t, { clock, env: { IDEMPOTENCY_WINDOW_MS: '60000' } })
  await proxy.push(onePush, withKey())
  await clock.advance(59_999)
  t.not((await proxy.push(onePush, withKey())).headers['x-original-request-id'], undefined)
  await clock.advance(1)
  const sent = await proxy.push(otherPush, withKey())
  t.equal(sent.statusCode, 200, 'the key is free for another body')
  t.equal(sent.headers['x-original-request-id'], undefined)

  const dataDir = dataDirOf(t)
  const env = { IDEMPOTENCY_WINDOW_MS: '60000' }
  const before = await start(t, { clock, dataDir, env, policy: { delivery: 'store' } })
  const stored = await before.push(onePush, withKey())
  await before.close()
  clock.jump(59_999)
  const after = await start(t, { clock, dataDir, env })
  isRepeatOf(t, await after.push(onePush, withKey()), stored)
  await after.close()
  clock.jump(1)
  const last = await start(t, { clock, dataDir, env })
  t.equal((await last.push(onePush, withKey())).headers['x-original-request-id'], undefined)
})

t.test('what is no key is a 400 that names the header, and nothing is sent', async t => {
  const proxy = await start(t)
  for (const key of ['', '""', '"abc', 'two words', '"two words"', 'a, b', 'ü', 'x'.repeat(256), `"${'x'.repeat(256)}"`, '"a\\b"', '"a";b=1']) {
    const answer = await proxy.push(onePush, withKey(key))
    t.equal(answer.statusCode, 400, key)
    t.match(answer.json(), { code: 'InvalidRequest', message: /Idempotency-Key takes 1 to 255/ })
  }
  t.equal(proxy.cloud.attempts(), 0)
  const longest = await proxy.push(onePush, withKey('x'.repeat(255)))
  isRepeatOf(t, await proxy.push(onePush, withKey(`"${'x'.repeat(255)}"`)), longest)
  const quotes = await proxy.push(onePush, withKey('a"\\b'))
  isRepeatOf(t, await proxy.push(onePush, withKey('"a\\"\\\\b"')), quotes)
})

t.test('a dry run takes no notice of a key, and a push that breaks the contract does not use it up', async t => {
  const proxy = await start(t)
  for (const key of [KEY, '"abc']) t.equal((await proxy.push(onePush, { ...withKey(key), 'x-dry-run': 'true' })).json().data, 'dry-run')
  t.equal((await proxy.push('{"deviceType":1}', withKey())).statusCode, 400)
  const sent = await proxy.push(otherPush, withKey())
  t.equal(sent.statusCode, 200)
  t.equal((await proxy.push(otherPush, { ...withKey(), 'x-dry-run': 'true' })).json().data, 'dry-run')
})

t.test('identical bodies are one push where the plant wants that, and not by themselves', async t => {
  const proxy = await start(t)
  for (let count = 0; count < 2; count++) t.equal((await proxy.push(onePush)).headers['x-original-request-id'], undefined)
  t.equal(proxy.cloud.attempts(), 2)
  proxy.registry.setPlant('plant-1', { dedupe: 'on' })
  const first = await proxy.push(onePush)
  isRepeatOf(t, await proxy.push(onePush), first)
  t.equal((await proxy.push(otherPush)).headers['x-original-request-id'], undefined)
  t.equal(proxy.cloud.attempts(), 4)
  const named = await proxy.push(onePush, withKey())
  t.equal(named.headers['x-original-request-id'], undefined, 'a sender that names its pushes knows better')
  proxy.registry.addPlant('plant-2', { dedupe: 'on' })
  t.equal((await proxy.push(onePush, { 'x-api-key': proxy.registry.createKey('plant-2', {}).key })).headers['x-original-request-id'], undefined)
})

t.test('when the proxy ends, those that wait are answered in time', async t => {
  const proxy = await start(t, { policy: { delivery: 'relay' }, env: { SHUTDOWN_TIMEOUT_MS: '400' } })
  proxy.cloud.inject('neverAnswers')
  const first = proxy.push(onePush, withKey())
  await until(() => proxy.cloud.attempts() === 1)
  const others = [proxy.push(onePush, withKey()), proxy.push(onePush, withKey())]
  await held(proxy, 3)
  await proxy.close()
  t.equal((await first).statusCode, 504)
  for (const other of others) t.equal((await other).json().code, 'ShuttingDown')
  t.equal(proxy.cloud.attempts(), 1)
})

t.test('a repeat takes no points, and is counted as a repeat alone', async t => {
  // As many as one push has.
  const proxy = await start(t, { policy: { delivery: 'relay', pointsPerMinute: 2 } })
  const first = await proxy.push(onePush, withKey())
  for (let count = 0; count < 3; count++) isRepeatOf(t, await proxy.push(onePush, withKey()), first)
  t.equal((await proxy.push(otherPush, withKey('other'))).json().code, 'Throttling.Plant')
  t.equal((await proxy.push(otherPush, withKey('other'))).json().code, 'Throttling.Plant', 'an error is not remembered')
  await until(async () => (await metricsOf(proxy)).includes('repeats_total{plant="plant-1"} 3'))
  const text = await metricsOf(proxy)
  for (const line of ['repeats_total{plant="plant-1"} 3', 'records_total{plant="plant-1"} 1', 'points_total{plant="plant-1"} 2']) t.ok(text.includes(`energy_expert_proxy_${line}\n`), line)
})
