import t, { type Test } from 'tap'
import type { Device } from '../../src/contract/push.js'
import type { Verdict } from '../../src/relay/verdict.js'
import { MemoryQueueLog } from '../support/memory-queue-log.js'
import { after, DELIVERED, device, failure, setUpQueue, type Bench, type CloudCall } from '../support/queue-bench.js'

/** A generator of numbers from 0 to 1, the same in every run. */
function dice (seed: number): () => number {
  return () => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed / 2147483648
  }
}

const nameOf = ({ deviceId, recordTime }: Device): string => `${deviceId} ${recordTime}`

interface World {
  readonly log: MemoryQueueLog
  readonly roll: () => number
  /** Records by name, in the order of their commit, by lane. */
  readonly stored: Map<string, string[]>
  readonly arrived: Set<string>
  readonly guilty: Set<string>
  /** The first call that each record was in. */
  readonly firstSeen: Map<string, number>
  readonly inFlight: Set<string>
  calls: number
  healed: boolean
}

function laneOf ({ deviceType, devices }: CloudCall): string {
  return `${devices[0]?.deviceId?.split('-')[0]} ${deviceType}`
}

async function answerOf (t: Test, world: World, bench: Bench, call: CloudCall): Promise<Verdict> {
  const { roll, inFlight } = world
  const lane = laneOf(call)
  const names = call.devices.map(nameOf)
  if (new Set(names).size !== names.length) t.fail('one device and time twice in one call')
  if (inFlight.has(lane)) t.fail('two calls of one lane at once')
  inFlight.add(lane)
  world.calls += 1
  for (const name of names) if (!world.firstSeen.has(name)) world.firstSeen.set(name, world.calls)
  const verdict = await after(bench.clock, 5 + roll() * 500, verdictOn(world, names))
  inFlight.delete(lane)
  if (verdict.kind === 'delivered' || (verdict.kind === 'maybe-arrived' && roll() < 0.5)) for (const name of names) world.arrived.add(name)
  return verdict
}

function verdictOn ({ roll, guilty, healed }: World, names: readonly string[]): Verdict {
  const chance = roll()
  if (!healed) {
    if (chance < 0.1) return failure('maybe-arrived', { timedOut: roll() < 0.3 })
    if (chance < 0.2) return failure('throttled', roll() < 0.5 ? { retryAfterMs: 2_000 } : {})
    if (chance < 0.25) return failure('unsent')
    if (chance < 0.28) return failure('account-fault', { code: 'Forbidden.RAM' })
    if (chance < 0.3) return failure('unknown-refusal', { code: 'What.IsThis' })
    if (chance < 0.32) return failure('bad-answer')
  }
  return names.some(name => guilty.has(name)) ? failure('refused', { code: 'InvalidParameter' }) : DELIVERED
}

async function live (t: Test, world: World, stepsMax: number, from: number): Promise<void> {
  const bench = setUpQueue(t, { log: world.log, random: world.roll, bounds: { callRecordsMax: 20, callsInFlightMax: 4 } })
  bench.answer = async call => await answerOf(t, world, bench, call)
  await bench.queue.start()
  for (let step = from; step < from + stepsMax; step++) {
    const plant = `plant${Math.floor(world.roll() * 4)}`
    const deviceType = String(1 + Math.floor(world.roll() * 2))
    const devices = Array.from({ length: 1 + Math.floor(world.roll() * 6) }, (_, n) => device(`${plant}-${deviceType}-${n}`, step))
    for (const record of devices) if (world.roll() < 0.02) world.guilty.add(nameOf(record))
    const lane = `${plant} ${deviceType}`
    world.stored.set(lane, [...world.stored.get(lane) ?? [], ...devices.map(nameOf)])
    await bench.store(plant, devices, { deviceType })
    if (world.roll() < 0.05) world.log.failing.settle = new Error('disk full')
    else delete world.log.failing.settle
    await bench.clock.advance(world.roll() * 3_000)
  }
  delete world.log.failing.settle
  bench.queue.stop()
  const ended = bench.queue.ended(1_000)
  await bench.clock.advance(2_000)
  await ended
  world.inFlight.clear()
}

t.test('whatever the cloud does, every stored record arrives or is parked, in order, over restarts', async t => {
  for (let seed = 1; seed <= 8; seed++) {
    const world: World = { log: new MemoryQueueLog(), roll: dice(seed), stored: new Map(), arrived: new Set(), guilty: new Set(), firstSeen: new Map(), inFlight: new Set(), calls: 0, healed: false }
    for (let life = 0; life < 4; life++) await live(t, world, 40, life * 40)
    world.healed = true
    const bench = setUpQueue(t, { log: world.log, random: world.roll })
    bench.answer = async call => await answerOf(t, world, bench, call)
    await bench.queue.start()
    await bench.clock.advance(120_000)
    t.equal(world.log.waiting, 0, `seed ${seed}: nothing waits`)
    t.same(bench.queue.alarms(), [])
    const parked = new Set(world.log.parked.flatMap(({ body }) => JSON.parse(Buffer.from(body).toString()).devices.map(nameOf)))
    const lost = [...world.stored.values()].flat().filter(name => !world.arrived.has(name) && !parked.has(name))
    t.same(lost, [], `seed ${seed}: nothing is lost`)
    t.same([...parked].filter(name => !world.guilty.has(name)), [], 'no innocent is parked')
    t.ok([...world.guilty].every(name => parked.has(name)), 'every guilty one is parked')
    for (const [lane, names] of world.stored) {
      const seen = names.map(name => world.firstSeen.get(name) ?? 0)
      t.ok(seen.every((call, n) => n === 0 || call >= (seen[n - 1] ?? 0)), `seed ${seed}: ${lane} keeps its order`)
    }
  }
})
