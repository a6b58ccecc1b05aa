import { once } from 'node:events'
import { statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Agent, request } from 'undici'
import { systemClock } from '../../src/clock.js'
import { openRegistry } from '../../src/plants/registry.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { StoreError } from '../../src/store/store-error.js'
import { startSandbox, type ReceivedPush, type Sandbox } from '../../src/sandbox/sandbox.js'
import { CRASH_ROUNDS, everyPlaceOr, SKIP_IN_SHORT } from '../support/crash-rounds.js'
import { PlantLedger } from '../support/plant-ledger.js'
import { CREDENTIAL } from '../support/proxy.js'
import { random } from '../support/queue-ledger.js'
import { makeWorkplace, startCommand } from '../support/run-command.js'
import { canTrace } from '../support/traced-disk.js'

const ROUNDS = Math.ceil(CRASH_ROUNDS / everyPlaceOr(3))
// A round takes about two seconds, more on a busy machine.
t.setTimeout(Math.max(120_000, ROUNDS * 15_000))

/** One plant's client, which never repeats a push by itself. */
interface Client {
  readonly ledger: PlantLedger
  readonly key: string
}

interface Plants {
  readonly cloud: Sandbox
  readonly received: readonly ReceivedPush[]
  readonly clients: readonly Client[]
  readonly dataDir: string
  /** Starts the program on what the one before it left. */
  readonly start: (through?: readonly string[]) => Promise<{ program: ReturnType<typeof startCommand>, origin: string }>
}

async function setUp (t: Test, policy: { whenUnsure?: 'park' } = {}): Promise<Plants> {
  const received: ReceivedPush[] = []
  const cloud = await startSandbox({ accounts: [CREDENTIAL], onReceived: push => { received.push(push) } })
  t.teardown(async () => { await cloud.close() })
  const { folder, env } = makeWorkplace(t)
  const dataDir = env['DATA_DIR'] ?? ''
  const registry = openRegistry({ dataDir, clock: systemClock })
  const clients = (['store', 'relay-or-store'] as const).map(delivery => {
    registry.addPlant(delivery, { delivery, relayTimeoutMs: 300, requestsPerMinute: 0, ...policy })
    return { ledger: new PlantLedger(delivery), key: registry.createKey(delivery, {}).key }
  })
  registry.close()
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: cloud.origin, ALIBABA_CLOUD_ACCESS_KEY_ID: CREDENTIAL.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: CREDENTIAL.accessKeySecret }
  return {
    cloud,
    received,
    clients,
    dataDir,
    start: async (through = []) => {
      const program = startCommand(t, ['serve'], { folder, env: settings, through })
      const [, origin = ''] = await program.says(/listens on (\S+)/)
      return { program, origin }
    }
  }
}

/** Pushes until the proxy is gone; notes every answer that came. */
async function pushUntilItEnds (origin: string, { ledger, key }: Client, dispatcher: Agent, onAnswer: () => void): Promise<void> {
  for (let n = 0; n < 10_000; n++) {
    const push = ledger.next(String(1 + n % 3))
    try {
      const { body } = await request(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(push), dispatcher })
      const answer = await body.json() as { data?: unknown }
      ledger.note(push, answer.data)
    } catch {
      return
    }
    onAnswer()
  }
}

async function until (holds: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 1500; tries++) {
    if (holds()) return true
    await new Promise(resolve => { setTimeout(resolve, 10) })
  }
  return false
}

/** One life of the program: it is pushed to, and meets its end after so many answers. */
async function liveUntil (plants: Plants, signal: 'SIGKILL' | 'SIGTERM', answersMax: number, through: readonly string[] = []): Promise<void> {
  const { program, origin } = await plants.start(through)
  const dispatcher = new Agent({ pipelining: 1 })
  let answers = 0
  await Promise.all(plants.clients.map(async client => {
    await pushUntilItEnds(origin, client, dispatcher, () => { if (++answers === answersMax) program.child.kill(signal) })
  }))
  if (program.child.exitCode === null && program.child.signalCode === null) await once(program.child, 'exit')
  if (signal === 'SIGTERM') t.equal(program.child.exitCode, 0)
  await dispatcher.destroy()
}

/** Undefined while a program that starts holds the queue for itself. */
function waitingIn (dataDir: string): number | undefined {
  try {
    const file = openQueueFile(dataDir)
    try {
      return [...file.exportRows()].filter(({ state }) => state === 'waiting').length
    } finally {
      file.close()
    }
  } catch (error) {
    if (error instanceof StoreError && error.code.startsWith('SQLITE_BUSY')) return undefined
    throw error
  }
}

async function checkLedgers (t: Test, { clients, received, dataDir }: Plants): Promise<void> {
  t.ok(await until(() => waitingIn(dataDir) === 0), 'nothing waits any more')
  for (const { ledger } of clients) {
    const { missing, foreign, outOfOrder, repeats, parked } = ledger.report(received, dataDir)
    t.strictSame({ missing, foreign, outOfOrder }, { missing: [], foreign: [], outOfOrder: [] })
    t.comment(`${ledger.stored} stored, ${repeats} records twice, ${parked} parked`)
  }
}

t.test(`${ROUNDS} kills of the program at random moments, beside a cloud with faults, lose nothing that was answered as stored`, async t => {
  const plants = await setUp(t)
  const seed = Date.now()
  const chance = random(seed)
  const faults = ['isDown', 'throttles', 'truncatesBody', 'hangsUp', 'isAnErrorPage'] as const
  for (let round = 0; round < ROUNDS; round++) {
    const fault = faults[Math.floor(chance() * 2 * faults.length)]
    if (fault === undefined) plants.cloud.heal()
    else plants.cloud.inject(fault, { retryAfterMs: 100 })
    await liveUntil(plants, 'SIGKILL', 1 + Math.floor(chance() * 80))
  }
  plants.cloud.heal()
  await plants.start()
  await checkLedgers(t, plants)
  t.comment(`seed ${seed}`)
})

t.test('a plant that wants nothing sent twice has what was in flight at a kill parked, and the rest delivered', async t => {
  const plants = await setUp(t, { whenUnsure: 'park' })
  const { program, origin } = await plants.start()
  const [client] = plants.clients
  if (client === undefined) throw new Error('there are plants')
  const pushOne = async (): Promise<void> => {
    const push = client.ledger.next()
    const { body } = await request(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': client.key }, body: JSON.stringify(push) })
    client.ledger.note(push, (await body.json() as { data?: unknown }).data)
  }
  plants.cloud.inject('neverAnswers')
  await pushOne()
  t.ok(await until(() => plants.received.length === 1))
  for (let n = 0; n < 5; n++) await pushOne()
  program.child.kill('SIGKILL')
  await once(program.child, 'exit')
  plants.cloud.heal()
  await plants.start()
  t.ok(await until(() => waitingIn(plants.dataDir) === 0))
  const { missing, repeats, parked } = client.ledger.report(plants.received, plants.dataDir)
  t.strictSame({ missing, repeats, parked }, { missing: [], repeats: 0, parked: 1 })
})

t.test('SIGTERM in the middle loses nothing', { skip: SKIP_IN_SHORT }, async t => {
  const plants = await setUp(t)
  plants.cloud.inject('throttles', { retryAfterMs: 100 })
  await liveUntil(plants, 'SIGTERM', 40)
  plants.cloud.heal()
  await plants.start()
  await checkLedgers(t, plants)
})

t.test('a disk on which every tenth sync fails: nothing is answered as stored that is not, and the rest goes on', { skip: canTrace() ? SKIP_IN_SHORT : 'strace is not here' }, async t => {
  const plants = await setUp(t)
  plants.cloud.inject('throttles', { retryAfterMs: 100 })
  await liveUntil(plants, 'SIGTERM', 60, ['strace', '-D', '-f', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=25+10'])
  plants.cloud.heal()
  await plants.start()
  await checkLedgers(t, plants)
  const refused = plants.clients.reduce((sum, { ledger }) => sum + ledger.refused, 0)
  t.ok(refused > 0, 'some syncs failed')
  t.comment(`${refused} pushes were answered with an error`)
})

t.test('after the store was cut off everything readable is delivered, and what is gone is named', { skip: SKIP_IN_SHORT }, async t => {
  const plants = await setUp(t)
  plants.cloud.inject('isDown')
  await liveUntil(plants, 'SIGTERM', 200)
  const path = join(plants.dataDir, 'queue.db')
  truncateSync(path, statSync(path).size * 7 / 8)
  plants.cloud.heal()
  const { program } = await plants.start()
  t.match(program.stderr(), /The queue was damaged; it was set aside/)
  t.ok(await until(() => waitingIn(plants.dataDir) === 0))
  const reports = plants.clients.map(({ ledger }) => ledger.report(plants.received, plants.dataDir))
  const missing = reports.flatMap(report => report.missing)
  t.strictSame(reports.flatMap(({ foreign, outOfOrder }) => [...foreign, ...outOfOrder]), [])
  const stored = plants.clients.reduce((sum, { ledger }) => sum + ledger.stored, 0)
  t.ok(missing.length > 0 && missing.length < stored * 0.7, `${missing.length} of ${stored} are gone`)
  const gaps = program.stderr().split('\n').filter(line => line.includes('laneSeqs')).flatMap(line => JSON.parse(line).laneSeqs as Array<[number, number]>)
  t.equal(gaps.reduce((sum, [from, to]) => sum + to - from + 1, 0), missing.length, 'the log names every number that is missing')
})
