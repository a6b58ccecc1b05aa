// What draining a backlog costs: `npm run bench:drain [PUSHES]`. A cloud that is down, then heals; calls, time and memory.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.js'
import { encodePush } from '../src/contract/encode-push.js'
import { PushQueue } from '../src/queue/push-queue.js'
import { openQueueLog } from '../src/queue/queue-log.js'
import { createCloudPool } from '../src/relay/pool.js'
import { createRelay } from '../src/relay/relay.js'
import { startSandbox } from '../src/sandbox/sandbox.js'

const pushes = Number(process.argv[2] ?? 100_000)
const PLANTS = 4
const POINTS = Object.fromEntries(Array.from({ length: 22 }, (_, n) => [`Ep_imp_${n}`, '329.0']))
const ACCOUNT = { accessKeyId: 'LTAI5tKeyIdOfTheBench0000', accessKeySecret: 'KeySecretOfTheBench00000000000' }
const dataDir = mkdtempSync(join(tmpdir(), 'bench-drain-'))
const memoryMb = (): number => Math.round(process.memoryUsage().rss / 1_048_576)

let records = 0
const sandbox = await startSandbox({ accounts: [ACCOUNT], receivedMax: 1, onReceived: ({ push }) => { records += push.devices.length } })
const signedHost = new URL(sandbox.origin).host
const relay = createRelay({
  pool: createCloudPool({ endpoint: sandbox.origin, signedHost }),
  credentials: { get: async () => ACCOUNT, refresh: async () => ACCOUNT },
  signedHost,
  clock: systemClock,
  random: Math.random
})
const log = await openQueueLog({ dataDir, queueBytesMax: 2 ** 40, clock: systemClock })
const queue = new PushQueue({ log, relayOf: () => relay, clock: systemClock, random: Math.random, policyOf: () => undefined, credentialOf: () => 'default' })

sandbox.inject('isDown', { statusCode: 503 })
await queue.start()
console.log(`at the start            ${memoryMb()} MB`)
let startMs = performance.now()
for (let n = 0; n < pushes; n += 64) {
  await Promise.all(Array.from({ length: Math.min(64, pushes - n) }, async (_, m) => {
    const body = encodePush({ deviceType: '1', devices: [{ deviceId: `meter-${n + m}`, recordTime: '2026-01-01 00:00:00', data: POINTS }] })
    await queue.store({ requestId: `R-${n + m}`, plant: `plant-${(n + m) % PLANTS}`, deviceType: '1', body, recordCount: 1, receivedAtMs: systemClock.now(), plantBytesMax: 2 ** 40 })
  }))
}
console.log(`${pushes} stored in ${Math.round(performance.now() - startMs)} ms, ${sandbox.attempts()} calls to a cloud that is down, ${memoryMb()} MB`)

const before = sandbox.attempts()
sandbox.heal()
startMs = performance.now()
let mostMb = memoryMb()
for (let waiting = pushes; waiting > 0;) {
  await new Promise(resolve => { setTimeout(resolve, 250) })
  mostMb = Math.max(mostMb, memoryMb())
  waiting = (await log.usage()).plants.reduce((sum, plant) => sum + plant.waiting, 0)
}
console.log(`${records} records drained in ${Math.round(performance.now() - startMs)} ms with ${sandbox.attempts() - before} calls, at most ${mostMb} MB`)

queue.stop()
await queue.ended(1000)
await relay.close()
await log.close()
await sandbox.close()
rmSync(dataDir, { recursive: true, force: true })
