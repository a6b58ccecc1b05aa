import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { openRegistry } from '../../src/plants/registry.js'
import { openQueueFile, type QueueFile } from '../../src/queue/queue-file.js'
import { CREDENTIAL, onePush, startCloud, startProxy, type TestProxy } from '../support/proxy.js'
import { dataDirOf } from '../support/queue.js'
import { makeWorkplace, runCommand, startCommand, type Finished } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'
import { fill, smallDisk } from '../support/small-disk.js'

const record = (deviceId: string, more: object = {}): object => ({ deviceId, recordTime: '2021-09-08 18:40:00', data: { Ua: '226.0' }, ...more })
const badRecord = (deviceId: string): object => record(deviceId, { data: { Ua: null } })
const push = (...devices: unknown[]): object => ({ deviceType: '1', devices })
const OUTCOMES = { waiting: 0, delivered: 0, parked: 0, skipped: 0, lost: 0 }

async function until (holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000 && !await holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

async function receiptOf (proxy: TestProxy, requestId: string): Promise<any> {
  return (await proxy.request(`/api/v1/receipts/${requestId}`, { headers: { 'x-api-key': proxy.key } })).json().receipt
}

function queueOf (t: Test, { dataDir }: TestProxy): QueueFile {
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  return file
}

/** Device ids that the cloud took, in the order of their coming. */
function taken (proxy: TestProxy): string[] {
  return proxy.cloud.received().filter(({ answered }) => answered).flatMap(({ body }) => JSON.parse(body).devices.map(({ deviceId }: { deviceId: string }) => deviceId))
}

for (const delivery of ['relay', 'relay-or-store'] as const) {
  t.test(`a ${delivery} plant that keeps has its good records relayed and its bad ones parked, and the receipt says so, also after a restart`, async t => {
    const dataDir = dataDirOf(t)
    const proxy = await startProxy(t, { dataDir, policy: { invalid: 'keep', delivery } })
    const answer = await proxy.push(push(record('a'), badRecord('b'), record('c', { data: { Ua: 1.50 } })))
    t.equal(answer.statusCode, 200)
    t.strictSame(answer.json(), { requestId: answer.headers['x-request-id'], data: 'success' })
    t.match(answer.headers, { 'x-delivery': 'relayed', 'x-parked-records': '1', 'x-repairs': 'number-to-string=1, parked-record=1' })
    t.strictSame(taken(proxy), ['a', 'c'])
    const { requestId } = answer.json()
    const receipt = await receiptOf(proxy, requestId)
    const reasons = [{ code: 'InvalidRecord', message: '/devices/1/data/Ua must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop.' }]
    t.match(receipt, { records: 3, ...OUTCOMES, delivered: 2, parked: 1, reasons, cloudRequestIds: [answer.headers['x-cloud-request-id']] })
    await proxy.close()
    const again = await startProxy(t, { dataDir })
    t.match(await receiptOf(again, requestId), { records: 3, ...OUTCOMES, delivered: 2, parked: 1, reasons, cloudRequestIds: [answer.headers['x-cloud-request-id']] })
    const file = queueOf(t, again)
    t.match(file.listParked(), [{ requestId, recordCount: 1, reason: { code: 'InvalidRecord' } }])
    t.match(file.verify(), { sound: true, parked: 1, lost: [] })
    t.equal(taken(again).length, 0, 'and nothing is sent again')
  })
}

t.test('a plant that stores has both in one commit: the good ones are delivered, the bad ones are parked', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep', delivery: 'store' } })
  proxy.cloud.inject('isDown', { statusCode: 503 })
  const answer = await proxy.push(push(badRecord('a'), record('b'), badRecord('c')))
  t.equal(answer.statusCode, 202)
  t.equal(answer.headers['x-parked-records'], '2')
  const { requestId } = answer.json()
  t.match(await receiptOf(proxy, requestId), { records: 3, ...OUTCOMES, waiting: 1, parked: 2 })
  proxy.cloud.heal()
  await until(async () => (await receiptOf(proxy, requestId)).delivered === 1)
  t.match(await receiptOf(proxy, requestId), { records: 3, ...OUTCOMES, delivered: 1, parked: 2, reasons: [{ code: 'InvalidRecord', message: /^\/devices\/0\/data\/Ua must .*; the same in 1 more record\.$/ }] })
  t.strictSame(taken(proxy), ['b'])
})

t.test('when the cloud cannot take the good ones now, they wait and the bad ones are parked once, under one receipt', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' } })
  proxy.cloud.inject('isDown', { statusCode: 503 })
  const { requestId } = (await proxy.push(push(record('a'), badRecord('b')))).json()
  const file = queueOf(t, proxy)
  t.match(file.listParked(), [{ requestId, recordCount: 1 }])
  t.equal(file.listParked().length, 1)
  t.match(await receiptOf(proxy, requestId), { records: 2, ...OUTCOMES, waiting: 1, parked: 1 })
  t.match(file.verify(), { sound: true, waiting: 1, parked: 1, lost: [] })
  proxy.cloud.heal()
  await until(() => taken(proxy).length > 0)
  t.strictSame(taken(proxy), ['a'])
})

t.test('an answer that is an error keeps nothing, and does not say that anything was parked', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep', delivery: 'relay', relayTimeoutMs: 300 } })
  const file = queueOf(t, proxy)
  for (const [fault, status] of [['redirects', 502], ['refuses', 400], ['hangsUp', 504], ['neverAnswers', 504]] as const) {
    proxy.cloud.inject(fault, { code: 'InvalidParameter', statusCode: 400 })
    const answer = await proxy.push(push(record('a'), badRecord('b')))
    t.equal(answer.statusCode, status, fault)
    t.equal(answer.headers['x-parked-records'], undefined)
    t.equal(answer.headers['x-repairs'], undefined)
    await until(() => file.listParked().length === 0)
    t.strictSame(file.listParked(), [], fault)
    t.equal(file.usage().plants.reduce((sum, { parkedBytes }) => sum + parkedBytes, 0), 0)
  }
})

t.test('a push without a good record is parked whole and answered as stored, whatever the delivery', async t => {
  for (const [policy, status, data] of [[{ delivery: 'relay' }, 202, 'stored'], [{ storedAnswer: '200' }, 200, 'success'], [{ delivery: 'store' }, 202, 'stored']] as const) {
    const proxy = await startProxy(t, { policy: { invalid: 'keep', pointsPerMinute: 1, ...policy } })
    const answer = await proxy.push(push(badRecord('a'), null, [], 7, { deviceId: 'b', recordtime: 'x' }))
    t.equal(answer.statusCode, status)
    t.equal(answer.json().data, data)
    t.match(answer.headers, { 'x-delivery': 'stored', 'x-parked-records': '5' })
    t.match(await receiptOf(proxy, answer.json().requestId), { records: 5, ...OUTCOMES, parked: 5 })
    t.equal(proxy.cloud.received().length, 0)
  }
})

t.test('a fault of the push itself refuses the whole of it, and a plant that does not keep has its push refused for one record', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' } })
  const good = record('a')
  for (const body of [{ devices: [good, badRecord('b')] }, { deviceType: 1.5, devices: [good] }, { deviceType: '1', devices: {} }, { deviceType: '1', devices: [] }, { deviceType: '1', devices: [good, badRecord('b')], site: 'x' }, [good]]) {
    const answer = await proxy.push(body)
    t.equal(answer.statusCode, 400, JSON.stringify(body))
    t.equal(answer.json().code, 'InvalidPush')
  }
  const tooMany = await proxy.push(push(...Array.from({ length: 10_001 }, () => 0)))
  t.equal(tooMany.json().code, 'PushTooLarge')
  proxy.registry.setPlant('plant-1', { invalid: 'reject' })
  t.match((await proxy.push(push(good, badRecord('b')))).json(), { code: 'InvalidPush', errors: [{ path: '/devices/1/data/Ua' }] })
  t.equal(proxy.cloud.received().length, 0)
  t.strictSame(queueOf(t, proxy).listParked(), [])
})

t.test('of more bad records than faults are ever told, none slips through', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' } })
  const devices = Array.from({ length: 4_000 }, (_, n) => n % 2 === 0 ? record(`good-${n}`) : record(`bad-${n}`, { [`field-${n}`]: n, data: { Ua: null } }))
  const answer = await proxy.push(push(...devices))
  t.equal(answer.headers['x-parked-records'], '2000')
  t.equal(taken(proxy).length, 2_000)
  t.ok(taken(proxy).every(id => id.startsWith('good-')))
  const parked = queueOf(t, proxy).listParked()
  t.equal(parked.reduce((sum, { recordCount }) => sum + recordCount, 0), 2_000)
  t.ok(parked.length <= 17, 'and the parked list is not flooded')
  t.match(parked.at(-1)?.reason.message, /; with other faults 1983 more records\.$/)
})

t.test('a repeat parks nothing a second time, also after a restart; one with another bad record is no repeat', async t => {
  const dataDir = dataDirOf(t)
  for (const [name, policy, cloudIsUp] of [['relayed', { delivery: 'relay' }, true], ['stored', { delivery: 'store' }, false], ['deduped', { dedupe: 'on' }, true]] as const) {
    const place = join(dataDir, name)
    const proxy = await startProxy(t, { dataDir: place, policy: { invalid: 'keep', ...policy } })
    if (!cloudIsUp) proxy.cloud.inject('isDown', { statusCode: 503 })
    const headers: Record<string, string> = name === 'deduped' ? {} : { 'idempotency-key': 'one' }
    const body = push(record('a'), badRecord('b'))
    const first = await proxy.push(body, headers)
    const second = await proxy.push(body, headers)
    t.equal(second.statusCode, first.statusCode, name)
    t.match(second.headers, { 'x-original-request-id': first.json().requestId, 'x-parked-records': '1' })
    const other = await proxy.push(push(record('a'), badRecord('other')), headers)
    t.equal(other.json().code, name === 'deduped' ? undefined : 'IdempotencyKeyReused', 'the other bad record is not swallowed')
    const parkedFirst = name === 'deduped' ? 2 : 1
    t.equal(queueOf(t, proxy).listParked().length, parkedFirst)
    await proxy.close()
    const again = await startProxy(t, { dataDir: place, cloud: proxy.cloud })
    t.equal((await again.push(body, headers)).headers['x-original-request-id'], first.json().requestId)
    t.equal(queueOf(t, again).listParked().length, parkedFirst)
    await again.close()
  }
})

t.test('of two records of one device and time the later one is parked as a duplicate, and a replay sends it in a call of its own', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' } })
  const { requestId } = (await proxy.push(push(record('a'), record('a', { data: { Ua: 227.50 } }), record('a', { data: { Ua: '228' } }), record('b')))).json()
  t.strictSame(taken(proxy), ['a', 'b'])
  const { folder, env } = makeWorkplace(t)
  const queue = async (...args: string[]): Promise<Finished> => await (args[0] === 'replay' ? runCommand : runHere)(['queue', ...args], { folder, env: { ...env, DATA_DIR: proxy.dataDir } })
  const file = queueOf(t, proxy)
  const reason = { code: 'DuplicateRecord', message: '/devices/1 has the same device and time as /devices/0; send each record once.' }
  t.match(file.listParked(), [{ recordCount: 1, reason }, { recordCount: 1, reason: { code: 'DuplicateRecord' } }])
  const replayed = await queue('replay', requestId)
  t.equal(replayed.code, 0, replayed.stderr)
  t.match(replayed.stderr, /for 1 of 1 record the same device and time was delivered since/)
  await until(() => taken(proxy).length === 4)
  t.strictSame(proxy.cloud.received().map(({ body }) => JSON.parse(body).devices.map(({ data }: { data: object }) => data)), [[{ Ua: '226.0' }, { Ua: '226.0' }], [{ Ua: '227.5' }], [{ Ua: '228' }]])
  await until(async () => (await receiptOf(proxy, requestId)).delivered === 4)
  t.match(await receiptOf(proxy, requestId), { records: 4, ...OUTCOMES, delivered: 4 })
})

t.test('an operator sees bad records as they were written, cannot replay them, and gives them up', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' } })
  const { folder, env } = makeWorkplace(t)
  const queue = async (...args: string[]): Promise<Finished> => await (args[0] === 'replay' ? runCommand : runHere)(['queue', ...args], { folder, env: { ...env, DATA_DIR: proxy.dataDir } })
  const written = '{"deviceId":"b","recordTime":1631097600.50,"note":1e400,"data":{"Ua":"","Ep":329.0}}'
  const { requestId } = (await proxy.push(`{"deviceType":"1","devices":[${JSON.stringify(record('a'))},${written},{"deviceId":"a","recordTime":"2021-09-08 18:40:00","data":{"Ua":"1"}}]}`)).json()
  const [{ id } = { id: 0 }] = queueOf(t, proxy).listParked()
  t.match((await queue('list')).stdout, /InvalidRecord +.*\/devices\/1\/note is not a field of a device record; \/devices\/1\/data\/Ua must not be empty/)
  t.ok((await queue('show', requestId)).stdout.includes(written))
  t.equal(JSON.parse((await queue('show', requestId, '--json')).stdout).parked[0].bodyText, `{"deviceType":"1","devices":[${written}]}`)
  t.ok((await queue('export')).stdout.includes(`"body":{"deviceType":"1","devices":[${written}]}}`))
  const refused = await queue('replay', String(id))
  t.equal(refused.code, 1)
  t.equal(refused.stderr, `${id} breaks the contract and is never sent as it is; push its records again when they are mended, then give it up with "queue skip ${id}".\n`)
  const ofPush = await queue('replay', requestId)
  t.equal(ofPush.code, 0)
  t.match(ofPush.stderr, `${id} breaks the contract and stays parked.\n`)
  await until(() => taken(proxy).length === 2)
  t.equal((await queue('skip', String(id), '--yes')).code, 0)
  await until(async () => (await receiptOf(proxy, requestId)).delivered === 2)
  t.match(await receiptOf(proxy, requestId), { records: 3, ...OUTCOMES, delivered: 2, skipped: 1 })
  t.equal((await queue('verify')).code, 0)
})

t.test('a kill while the good records are under way loses no bad one, and the repeat of the unanswered push is sent', async t => {
  const cloud = await startCloud(t)
  const { folder, env } = makeWorkplace(t)
  const dataDir = env['DATA_DIR'] ?? ''
  const registry = openRegistry({ dataDir, clock: systemClock })
  registry.addPlant('north', { invalid: 'keep', delivery: 'relay' })
  const { key } = registry.createKey('north', {})
  registry.close()
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: cloud.origin, ALIBABA_CLOUD_ACCESS_KEY_ID: CREDENTIAL.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: CREDENTIAL.accessKeySecret }
  const body = JSON.stringify(push(record('a'), badRecord('b')))
  const start = async () => {
    const { child, says } = startCommand(t, ['serve'], { folder, env: settings })
    const [, origin = ''] = await says(/listens on (\S+)/)
    return { child, send: async () => await fetch(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key, 'idempotency-key': 'one' }, body }) }
  }
  cloud.inject('neverAnswers')
  const first = await start()
  const unanswered = first.send().then(() => 'answered', () => 'unanswered')
  await until(() => cloud.received().length > 0)
  first.child.kill('SIGKILL')
  t.equal(await unanswered, 'unanswered')
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  t.match(file.listParked(), [{ recordCount: 1, reason: { code: 'InvalidRecord' } }])

  cloud.heal()
  const second = await start()
  const answer = await second.send()
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('x-original-request-id'), null)
  t.equal(cloud.received().length, 2)
  t.match(file.verify(), { sound: true, lost: [] })
})

t.test('a key that is limited to devices may not have others parked either', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' }, key: { deviceIds: ['a'] } })
  const answer = await proxy.push(push(record('a'), badRecord('b')))
  t.equal(answer.statusCode, 403)
  t.match(answer.json().errors, [{ path: '/devices/1/deviceId' }])
  t.equal((await proxy.push(push(record('a'), {}))).statusCode, 200, 'a record without a readable id is nobody else\'s')
})

t.test('a dry run and explain show what would be parked and why, and park nothing', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' } })
  const body = push(record('a'), badRecord('b'), record('a'))
  const parked = [{ code: 'InvalidRecord', errors: [{ path: '/devices/1/data/Ua', message: String }] }, { code: 'DuplicateRecord', errors: [{ path: '/devices/2' }] }]
  const dry = await proxy.push(body, { 'x-dry-run': 'true' })
  t.equal(dry.headers['x-parked-records'], '2')
  t.match(dry.json(), { data: 'dry-run', push: push(record('a')), parked, repairs: { 'parked-record': 2 }, request: { method: 'POST' } })
  const nothing = (await proxy.push(push(badRecord('b')), { 'x-dry-run': 'true' })).json()
  t.strictSame(Object.keys(nothing), ['requestId', 'data', 'repairs', 'steps', 'parked'])
  t.strictSame(queueOf(t, proxy).listParked(), [])
  const { folder, env } = makeWorkplace(t)
  const explain = async (input: object, ...more: string[]): Promise<Finished> => await runHere(['explain', '--plant', 'plant-1', '-', ...more], { folder, env: { ...env, DATA_DIR: proxy.dataDir }, input: JSON.stringify(input) })
  t.match(JSON.parse((await explain(body, '--json')).stdout), { accepted: true, parked, repairs: { 'parked-record': 2 } })
  t.match((await explain(body)).stdout, /it would be sent\.\n[^]*Records that break the contract and are parked: 2; good ones of device type 1: 1\.\nParked would be, with what is wrong with each \(2\):\n +\/devices\/1\/data\/Ua +must/)
  t.match((await explain(push(badRecord('b')))).stdout, /it would be parked\.\n/)
})

t.test('points are taken for what is sent alone', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep', delivery: 'relay', pointsPerMinute: 2 } })
  const mostlyBad = (n: number): object => push(record(`a${n}`), record(`b${n}`, { data: { Ua: null, Ub: '1', Uc: '1' } }))
  t.equal((await proxy.push(mostlyBad(1))).statusCode, 200)
  t.equal((await proxy.push(mostlyBad(2))).statusCode, 200)
  t.equal((await proxy.push(mostlyBad(3))).statusCode, 429)
})

t.test('where the bad records cannot be kept the push hears 503 and nothing is sent', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep', queueMaxBytes: 65_536 } })
  const large = record('b', { data: Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`point-${n}-${'x'.repeat(100)}`, null])) })
  const answer = await proxy.push(push(record('a'), large))
  t.equal(answer.statusCode, 503)
  t.equal(answer.json().code, 'QueueFull')
  t.equal(proxy.cloud.received().length, 0)
  t.equal((await proxy.push(onePush)).statusCode, 200, 'what is right goes on')
})

t.test('on a full disk no plant has a push of which bad records would be lost taken', async t => {
  const dataDir = smallDisk(t, 8)
  if (dataDir === undefined) {
    t.pass('only root may mount a disk of its own')
    return
  }
  const proxy = await startProxy(t, { dataDir, policy: { invalid: 'keep', delivery: 'relay' } })
  t.equal((await proxy.push(push(record('a'), badRecord('b')))).statusCode, 200)
  fill(join(dataDir, 'filler'))
  // More than the space that the files of the queue have already.
  const refused = await proxy.push(push(record('c'), record('d', { data: { Ua: 'x'.repeat(3_000_000) } })))
  t.equal(refused.statusCode, 503)
  t.equal(refused.json().code, 'QueueFull')
  t.equal((await proxy.push(push(record('e')))).statusCode, 200)
  t.strictSame(taken(proxy), ['a', 'e'])
  rmSync(join(dataDir, 'filler'))
  await until(async () => (await proxy.push(push(record('f'), badRecord('g')))).statusCode === 200)
  t.strictSame(taken(proxy), ['a', 'e', 'f'])
  t.equal(queueOf(t, proxy).listParked().length, 2)
})
