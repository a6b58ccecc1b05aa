import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createMetrics } from '../../src/metrics.js'
import { onePush, startCloud, startProxy, type TestProxy } from '../support/proxy.js'
import { dataDirOf } from '../support/queue.js'
import { scrape, scrapeUntil } from '../support/scrape.js'

const pushOf = (...deviceIds: string[]): object => ({ deviceType: '1', devices: deviceIds.map(deviceId => ({ ...onePush.devices[0], deviceId })) })
const ofQueue = (samples: Map<string, number>): Record<string, number> => Object.fromEntries([...samples].filter(([name]) => name.startsWith('queue_')))

async function until (holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

t.test('what waits is told by plant, and what became of it when it is delivered', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'store' }, env: { QUEUE_MAX_BYTES: '104857600' } })
  t.strictSame(ofQueue(await scrape(proxy)), {
    queue_used_bytes: 0,
    queue_max_bytes: 104857600,
    queue_store_failures_total: 0,
    queue_retries_total: 0,
    ...Object.fromEntries([1, 2, 5, 10, 25, 50, 100, 250, 500, '+Inf'].map(le => [`queue_call_pushes_bucket{le="${le}"}`, 0])),
    queue_call_pushes_sum: 0,
    queue_call_pushes_count: 0
  })
  proxy.cloud.inject('isDown', { statusCode: 503 })
  for (const push of [pushOf('a'), pushOf('b', 'c'), pushOf('d')]) t.equal((await proxy.push(push)).statusCode, 202)
  const waiting = await scrapeUntil(proxy, samples => samples.has('queue_calls_total{verdict="maybe-arrived",purpose="first"}'))
  t.match(ofQueue(waiting), {
    'queue_waiting_pushes{plant="plant-1"}': 3,
    'queue_waiting_records{plant="plant-1"}': 4,
    'queue_parked_records{plant="plant-1"}': 0,
    'queue_parked_bytes{plant="plant-1"}': 0,
    'queue_stored_pushes_total{plant="plant-1"}': 3,
    'queue_calls_total{verdict="maybe-arrived",purpose="first"}': 1
  })
  const bytes = waiting.get('queue_waiting_bytes{plant="plant-1"}') ?? 0
  t.ok(bytes > 900)
  t.equal(waiting.get('queue_used_bytes'), bytes)
  const oldest = waiting.get('queue_oldest_waiting_seconds{plant="plant-1"}') ?? 0
  t.ok(oldest > 0 && oldest < 60, String(oldest))
  t.notOk(waiting.has('queue_drain_seconds{plant="plant-1"}'), 'nothing moves')

  proxy.cloud.heal()
  const drained = await scrapeUntil(proxy, samples => samples.get('queue_settled_records_total{plant="plant-1",outcome="delivered"}') === 4)
  t.match(ofQueue(drained), {
    'queue_waiting_pushes{plant="plant-1"}': 0,
    'queue_waiting_records{plant="plant-1"}': 0,
    'queue_waiting_bytes{plant="plant-1"}': 0,
    'queue_oldest_waiting_seconds{plant="plant-1"}': 0,
    'queue_drain_seconds{plant="plant-1"}': 0,
    'queue_settled_records_total{plant="plant-1",outcome="delivered"}': 4,
    queue_used_bytes: 0
  })
  t.ok((drained.get('queue_calls_total{verdict="delivered",purpose="probe"}') ?? 0) > 0)
  t.ok((drained.get('queue_call_pushes_sum') ?? 0) > 3, 'one call was tried before')
  t.equal(drained.get('queue_call_pushes_count'), [...drained].filter(([name]) => name.startsWith('queue_calls_total')).reduce((sum, [, value]) => sum + value, 0))
})

t.test('parked records are told by plant, and by a reason out of a fixed table', async t => {
  const proxy = await startProxy(t, { policy: { onRefusal: 'park' } })
  for (const code of ['InvalidParameter', 'InvalidParameter.Evil']) {
    proxy.cloud.inject('refuses', { times: 1, code, statusCode: 400 })
    t.equal((await proxy.push(pushOf(`a-${code}`, `b-${code}`))).statusCode, 202)
    proxy.cloud.heal()
    // Something is delivered in between, or the cloud would be taken for one that refuses all.
    t.equal((await proxy.push(pushOf('good'))).statusCode, 200)
  }
  const samples = await scrape(proxy)
  t.match(ofQueue(samples), {
    'queue_parked_records{plant="plant-1"}': 4,
    'queue_settled_records_total{plant="plant-1",outcome="parked"}': 4,
    'queue_stored_pushes_total{plant="plant-1"}': 2,
    'queue_parked_records_total{code="InvalidParameter"}': 2,
    'queue_parked_records_total{code="other"}': 2
  })
  t.equal(samples.get('queue_parked_bytes{plant="plant-1"}'), samples.get('queue_used_bytes'))
  t.notMatch([...samples.keys()].join(), /Evil/)
})

t.test('what the disk lost is counted, and named in the log', async t => {
  const cloud = await startCloud(t)
  const dataDir = dataDirOf(t)
  const first = await startProxy(t, { cloud, dataDir, policy: { delivery: 'store' } })
  cloud.inject('isDown')
  const { requestId } = (await first.push(pushOf('turned-by-the-disk', 'second'))).json()
  await first.close()
  const path = join(dataDir, 'queue.db')
  const bytes = readFileSync(path)
  bytes.write('TURNED', bytes.lastIndexOf('turned-by-the-disk'))
  writeFileSync(path, bytes)
  const second = await startProxy(t, { cloud, dataDir })
  const samples = await scrapeUntil(second, samples => samples.has('queue_settled_records_total{plant="plant-1",outcome="lost"}'))
  t.equal(samples.get('queue_settled_records_total{plant="plant-1",outcome="lost"}'), 2)
  t.match(JSON.parse(second.log.find(line => line.includes('lost on disk')) ?? '{}'), { level: 50, plant: 'plant-1', records: 2, requestIds: [requestId], requestIdCount: 1 })
})

const vanishedIn = ({ log }: TestProxy): string[] => log.filter(line => line.includes('The queue\'s file is gone'))

t.test('a queue whose file has vanished is an error in the log, at the start and while the proxy runs, and a new data directory is none', async t => {
  const cloud = await startCloud(t)
  const dataDir = dataDirOf(t)
  const first = await startProxy(t, { cloud, dataDir })
  t.strictSame(vanishedIn(first), [])
  await first.close()
  rmSync(join(dataDir, 'queue.db'))
  const second = await startProxy(t, { cloud, dataDir })
  t.match(vanishedIn(second).map(line => JSON.parse(line)), [{ level: 50, file: 'queue.db', msg: /what waited in it is lost.*backup/ }])
  await second.close()
  const third = await startProxy(t, { cloud, dataDir })
  t.strictSame(vanishedIn(third), [], 'told once')

  for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `queue.db${end}`), { force: true })
  await until(() => third.log.some(line => line.includes('store is open again')))
  t.strictSame(vanishedIn(third), [], 'what is still open is written again')
  t.equal((await scrape(third)).get('queue_store_failures_total'), 1)
})

t.test('a scrape asks the queue once, and tells nothing of it when it cannot be read', async t => {
  const { registry, queue } = createMetrics()
  let asked = 0
  const usage = { plant: 'north', waiting: 2, waitingRecords: 7, waitingBytes: 900, parked: 0, parkedRecords: 0, parkedBytes: 0, oldestAtMs: 1_000, drainsInMs: 90_000 }
  queue.watch(async () => {
    asked += 1
    return asked === 1 ? { bytes: 900, bytesMax: 1_000, plants: [usage], alarms: [] } : undefined
  }, () => 31_000)
  const text = await registry.metrics()
  t.equal(asked, 1)
  for (const line of ['queue_waiting_pushes{plant="north"} 2', 'queue_waiting_records{plant="north"} 7', 'queue_oldest_waiting_seconds{plant="north"} 30', 'queue_drain_seconds{plant="north"} 90', 'queue_used_bytes 900', 'queue_max_bytes 1000']) {
    t.match(text, `energy_expert_proxy_${line}\n`)
  }
  const unreadable = await registry.metrics()
  t.equal(asked, 2)
  t.notMatch(unreadable, /north|queue_(used|max)_bytes \d/)
})
