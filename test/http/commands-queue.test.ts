import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { onePush, startProxy } from '../support/proxy.js'
import { dataDirOf } from '../support/queue.js'
import { PROGRAM, makeWorkplace, runCommand, type Finished } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

async function until (holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

t.test('an operator finds a parked push beside a running proxy, and replays it when the cloud takes it', async t => {
  const proxy = await startProxy(t, { policy: { onRefusal: 'park' } })
  const { folder, env } = makeWorkplace(t)
  const queue = async (...args: string[]): Promise<Finished> => await (args[0] === 'replay' ? runCommand : runHere)(['queue', ...args], { folder, env: { ...env, DATA_DIR: proxy.dataDir } })
  proxy.cloud.inject('refuses', { code: 'InvalidParameter.Data', statusCode: 400 })
  const { requestId } = (await proxy.push(onePush)).json()
  const listed = await queue('list')
  t.equal(listed.code, 0, listed.stderr)
  t.match(listed.stdout, /plant-1 +1 +1 +InvalidParameter\.Data/)
  t.match((await queue('show', requestId)).stdout, /meter-in-no-log +2021-09-08 18:40:00 +Ua=226\.0 Ep_imp=325\.0\n/)
  const unasked = await queue('skip', requestId)
  t.equal(unasked.code, 2)
  t.match(unasked.stderr, /^Skipping removes readings for good; say so with --yes\.\n$/)

  proxy.cloud.heal()
  t.match(await queue('replay', requestId), { code: 0, stderr: '', stdout: /waits again/ })
  await until(() => proxy.cloud.received().some(({ answered }) => answered))
  t.ok(proxy.cloud.received().at(-1)?.answered)
  t.match(JSON.parse(proxy.cloud.received().at(-1)?.body ?? ''), onePush)
  const file = openQueueFile(proxy.dataDir)
  t.teardown(() => { file.close() })
  await until(() => file.listLanes().length === 0)
  t.strictSame(file.listLanes(), [])
})

t.test('a replay warns of records that the plant has had delivered since: relayed at once, or from the queue', async t => {
  const proxy = await startProxy(t, { policy: { onRefusal: 'park' } })
  const { folder, env } = makeWorkplace(t)
  const queue = async (...args: string[]): Promise<Finished> => await (args[0] === 'replay' ? runCommand : runHere)(['queue', ...args], { folder, env: { ...env, DATA_DIR: proxy.dataDir } })
  const recordOf = (deviceId: string): object => ({ ...onePush.devices[0], deviceId })
  const parked = { ...onePush, devices: ['a', 'b', 'c'].map(recordOf) }
  proxy.cloud.inject('refuses', { times: 1, code: 'InvalidParameter', statusCode: 400 })
  const { requestId } = (await proxy.push(parked)).json()
  const file = openQueueFile(proxy.dataDir)
  t.teardown(() => { file.close() })
  const deliveredSince = (): number | undefined => file.show(requestId)?.parked[0]?.deliveredSince
  t.equal(deliveredSince(), 0)

  t.equal((await proxy.push({ ...onePush, devices: [recordOf('a'), recordOf('d')] })).headers['x-delivery'], 'relayed')
  await until(() => deliveredSince() === 1)
  proxy.registry.setPlant('plant-1', { delivery: 'store' })
  t.equal((await proxy.push({ ...onePush, devices: [recordOf('b')] })).statusCode, 202)
  await until(() => deliveredSince() === 2)
  t.match((await queue('show', requestId)).stdout, /\nFor 2 of 3 records the same device and time was delivered since\.\n/)
  const { code, stdout, stderr } = await queue('replay', requestId, '--json')
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { replayed: [{ records: 3, deliveredSince: 2 }] })
  t.match(stderr, /^\d+: for 2 of 3 records the same device and time was delivered since; Energy Expert may then have it twice\.\n$/)
})

t.test('a proxy that starts with something parked marks what it relays', async t => {
  const dataDir = dataDirOf(t)
  const first = await startProxy(t, { dataDir, policy: { onRefusal: 'park' } })
  first.cloud.inject('refuses', { times: 1, code: 'InvalidParameter', statusCode: 400 })
  const { requestId } = (await first.push(onePush)).json()
  await first.close()
  const second = await startProxy(t, { dataDir, cloud: first.cloud })
  t.equal((await second.push(onePush)).headers['x-delivery'], 'relayed')
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  await until(() => file.show(requestId)?.parked[0]?.deliveredSince === 1)
  t.equal(file.show(requestId)?.parked[0]?.deliveredSince, 1)
})

t.test('the queue is read, exported and copied while the proxy is stopped, and by a reader who has enough after one line', async t => {
  const dataDir = dataDirOf(t)
  const proxy = await startProxy(t, { dataDir, policy: { delivery: 'store' }, env: { SHUTDOWN_TIMEOUT_MS: '100' } })
  proxy.cloud.inject('isDown', { statusCode: 503 })
  const large = { ...onePush, devices: Array.from({ length: 1000 }, (_, n) => ({ ...onePush.devices[0], deviceId: `m-${n}` })) }
  for (let n = 0; n < 10; n++) t.equal((await proxy.push(large)).statusCode, 202)
  await proxy.close()
  const { folder, env } = makeWorkplace(t)
  const settings = { ...env, DATA_DIR: dataDir }
  t.match(await runHere(['queue', 'backup', 'copy.db'], { folder, env: settings }), { code: 0, stdout: /^copy\.db has the whole queue/ })
  const { stdout } = await runHere(['queue', 'export'], { folder, env: settings })
  t.strictSame(stdout.trimEnd().split('\n').map(line => JSON.parse(line).body), Array(10).fill(large))

  const reader = spawn(PROGRAM[0], [...PROGRAM.slice(1), 'queue', 'export'], { cwd: folder, env: settings })
  reader.stdout.once('data', () => { reader.stdout.destroy() })
  const [stderr, [code]] = await Promise.all([text(reader.stderr), once(reader, 'exit')])
  t.strictSame({ code, stderr }, { code: 0, stderr: '' })
})
