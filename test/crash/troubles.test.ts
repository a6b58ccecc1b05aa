import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ProxyError } from '../../src/errors.js'
import { startSandbox, type ReceivedPush, type Sandbox } from '../../src/sandbox/sandbox.js'
import { everyPlaceOr, SKIP_IN_SHORT } from '../support/crash-rounds.js'
import { ManualClock } from '../support/manual-clock.js'
import { PlantLedger } from '../support/plant-ledger.js'
import { CREDENTIAL, startProxy, type TestProxy } from '../support/proxy.js'
import { dataDirOf } from '../support/queue.js'

// On a busy machine.
t.setTimeout(120_000)

const MINUTE_MS = 60_000
const PUSHES = 24 / everyPlaceOr(2)

/** All that a trouble can touch. */
interface Scene {
  readonly clock: ManualClock
  /** The cloud of this moment: it may have been another before. */
  cloud: Sandbox
  readonly startCloud: () => Promise<Sandbox>
  readonly accounts: Array<typeof CREDENTIAL>
  readonly credentials: { failing: boolean }
  readonly dataDir: string
}

interface Trouble {
  readonly name: string
  readonly lastsMs: number
  readonly begin: (scene: Scene) => void | Promise<void>
  readonly end: (scene: Scene) => void | Promise<void>
  /** Answers that are neither a success nor stored may be given. */
  readonly mayRefuse?: boolean
  /** What may have arrived is sent again. */
  readonly mayRepeat?: boolean
  /** How large a push is beyond the usual, in values of 250 characters. */
  readonly padding?: number
}

const heal = ({ cloud }: Scene): void => { cloud.heal() }
const inject = (...fault: Parameters<Sandbox['inject']>) => ({ cloud }: Scene): void => { cloud.inject(...fault) }

const TROUBLES: readonly Trouble[] = [
  { name: 'a cloud that is down for an hour', lastsMs: 60 * MINUTE_MS, begin: async ({ cloud }) => { await cloud.close() }, end: async scene => { scene.cloud = await scene.startCloud() } },
  { name: 'a storm of throttling in answers of 400', lastsMs: 10 * MINUTE_MS, begin: inject('throttles', { retryAfterMs: 2000 }), end: heal },
  { name: 'a storm of 503', lastsMs: 10 * MINUTE_MS, begin: inject('isDown', { statusCode: 503 }), end: heal },
  { name: 'pages of HTML in place of answers', lastsMs: 10 * MINUTE_MS, begin: inject('isAnErrorPage'), end: heal },
  { name: 'pages of HTML that say 200', lastsMs: 10 * MINUTE_MS, begin: inject('isAnErrorPage', { statusCode: 200 }), end: heal, mayRepeat: true },
  { name: 'answers that are cut in half', lastsMs: 10 * MINUTE_MS, begin: inject('truncatesBody'), end: heal, mayRepeat: true },
  { name: 'a credential that has expired and cannot be renewed', lastsMs: 60 * MINUTE_MS, begin: ({ credentials }) => { credentials.failing = true }, end: ({ credentials }) => { credentials.failing = false } },
  { name: 'an access key that the cloud does not know', lastsMs: 10 * MINUTE_MS, begin: ({ accounts }) => { accounts.pop() }, end: ({ accounts }) => { accounts.push(CREDENTIAL) } },
  { name: 'ten minutes of 403', lastsMs: 10 * MINUTE_MS, begin: inject('refuses', { code: 'Forbidden.RAM', statusCode: 403 }), end: heal },
  { name: 'a clock that is wrong by a day', lastsMs: 10 * MINUTE_MS, begin: ({ clock }) => { clock.jump(24 * 60 * MINUTE_MS) }, end: ({ clock }) => { clock.jump(-24 * 60 * MINUTE_MS) } },
  { name: 'a disk that is full', lastsMs: 2 * MINUTE_MS, mayRefuse: true, padding: 400, begin: ({ cloud, dataDir }) => { cloud.inject('isDown'); fill(join(dataDir, 'full')) }, end: ({ cloud, dataDir }) => { rmSync(join(dataDir, 'full')); cloud.heal() } }
]

function fill (path: string): void {
  for (let bytes = 1_048_576; bytes >= 1; bytes = bytes / 2) {
    try {
      for (let times = 0; times < 1000; times++) appendFileSync(path, Buffer.alloc(bytes, 1))
    } catch {
      // Full to within these bytes; half of them may still go.
    }
  }
}

/** A file system of its own, which only root may have; `undefined` where that cannot be. */
function smallDisk (t: Test): string | undefined {
  const dataDir = dataDirOf(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', dataDir], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  t.teardown(() => { execFileSync('umount', ['-l', dataDir]) })
  return dataDir
}

/** Lets time pass until the work is done; a minute of a standing clock is no end. */
async function whileTimePasses<T> (clock: ManualClock, work: Promise<T>): Promise<T> {
  const state = { isOver: false }
  const over = work.finally(() => { state.isOver = true })
  over.catch(() => {})
  for (let steps = 0; steps < 20_000 && !state.isOver; steps++) {
    await clock.advance(20)
    await new Promise(resolve => { setImmediate(resolve) })
  }
  return await over
}

async function waitingIn ({ adminOrigin }: TestProxy): Promise<number> {
  // The shape of /readyz is a promise of its own tests.
  const { details } = await (await fetch(`${adminOrigin}/readyz`)).json() as { details: { queue: { waiting?: number } } }
  return details.queue.waiting ?? Infinity
}

/** A proxy whose clock is turned by the test, and a cloud whose clock is right; time passes for both. */
async function setUp (t: Test, dataDir: string): Promise<{ scene: Scene, proxy: TestProxy, received: ReceivedPush[] }> {
  const clock = new ManualClock()
  const startsAtMs = clock.now() - clock.monotonicMs()
  const received: ReceivedPush[] = []
  const accounts = [CREDENTIAL]
  const credentials = { failing: false }
  let port = 0
  const startCloud = async (): Promise<Sandbox> => {
    const cloud = await startSandbox({ accounts, port, now: () => startsAtMs + clock.monotonicMs(), onReceived: push => { received.push(push) } })
    port = cloud.port
    t.teardown(async () => { await cloud.close() })
    return cloud
  }
  const cloud = await startCloud()
  const get = async (): Promise<typeof CREDENTIAL> => {
    if (credentials.failing) throw new ProxyError('Credentials.Unavailable')
    return CREDENTIAL
  }
  const proxy = await startProxy(t, { clock, cloud, dataDir, credentials: { get, refresh: get } })
  return { scene: { clock, cloud, startCloud, accounts, credentials, dataDir }, proxy, received }
}

/** Those that differ most from one another; the others are part of npm run test:crash. */
const IN_SHORT = /down for an hour|cut in half|ten minutes of 403|wrong by a day|disk that is full/

for (const trouble of TROUBLES) {
  t.test(`${trouble.name}: everything that was answered as safe arrives`, { skip: IN_SHORT.test(trouble.name) ? false : SKIP_IN_SHORT }, async t => {
    const dataDir = smallDisk(t)
    if (dataDir === undefined && trouble.mayRefuse === true) return t.comment('no file system can be mounted here')
    const { scene, proxy, received } = await setUp(t, dataDir ?? dataDirOf(t))
    const { clock } = scene
    const [ledger, others] = [new PlantLedger('north'), new PlantLedger('south')]
    proxy.registry.addPlant('plant-2', { delivery: 'store' })
    const otherKey = proxy.registry.createKey('plant-2', {}).key
    const refusals = new Set<string>()
    async function pushAll (count: number, stepMs: number): Promise<void> {
      for (let n = 0; n < count; n++) {
        const [push, other] = [ledger.next(String(1 + n % 2), trouble.padding), others.next('1', trouble.padding)]
        const [answer, otherAnswer] = await whileTimePasses(clock, Promise.all([proxy.push(push), proxy.push(other, { 'x-api-key': otherKey })]))
        ledger.note(push, answer.json().data)
        others.note(other, otherAnswer.json().data)
        for (const { statusCode, text } of [answer, otherAnswer]) if (statusCode >= 300) refusals.add(text)
        await clock.advance(stepMs)
      }
    }
    await pushAll(4, 1000)
    await trouble.begin(scene)
    await pushAll(PUSHES, trouble.lastsMs / PUSHES)
    await trouble.end(scene)
    // The queue's thread looks for room by the machine's clock.
    for (let tries = 0; trouble.mayRefuse === true && tries < 500 && others.stored < 8; tries++) await pushAll(1, 20)
    await pushAll(4, 1000)
    const healedAtMs = clock.monotonicMs()
    for (let steps = 0; steps < 2000 && await waitingIn(proxy) > 0; steps++) await clock.advance(100)
    t.equal(await waitingIn(proxy), 0)
    t.ok(clock.monotonicMs() - healedAtMs < 2 * MINUTE_MS, 'it was noticed soon that all is well again')
    await proxy.close()
    for (const each of [ledger, others]) {
      const { missing, foreign, outOfOrder, repeats, parked } = each.report(received, scene.dataDir)
      t.strictSame({ missing, foreign, outOfOrder, parked }, { missing: [], foreign: [], outOfOrder: [], parked: 0 })
      if (trouble.mayRepeat !== true) t.equal(repeats, 0, 'nothing came twice')
      t.comment(`${each.stored} stored, ${repeats} records twice`)
    }
    t.ok(others.stored >= 8, `${others.stored} stored`)
    if (trouble.mayRefuse !== true) t.strictSame([...refusals], [], proxy.log.filter(line => line.includes('"level":50')).join('').slice(0, 2000))
    else t.ok(refusals.size > 0 && [...refusals].every(text => /"(QueueFull|Cloud\.MaybeArrived)"/.test(text)), [...refusals].join())
  })
}
