import t from 'tap'
import { handingOver } from '../../src/queue/hand-over.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import type { Entry, QueueLog } from '../../src/queue/queue-log.js'
import { dataDirOf, delivered, newEntry, parkedPart, startQueue } from '../support/queue.js'
import { FAST_QUEUE } from '../support/queue-in-place.js'

const BOUNDS = { entriesMax: 500, bytesMax: 2 ** 24 }

interface Handing { readonly log: QueueLog, readonly disk: QueueLog, readonly dataDir: string, readonly reads: () => number }

async function startHanding (t: Tap): Promise<Handing> {
  const dataDir = dataDirOf(t)
  const { log: disk } = await startQueue(t, { dataDir, ...FAST_QUEUE })
  let reads = 0
  const log = handingOver({
    ...disk,
    read: async (laneId, bounds) => {
      reads += 1
      return await disk.read(laneId, bounds)
    }
  })
  return { log, disk, dataDir, reads: () => reads }
}

type Tap = Parameters<typeof dataDirOf>[0]

function comparable (entries: readonly Entry[]): unknown[] {
  return entries.map(({ body, ...rest }) => ({ ...rest, body: Buffer.from(body).toString() }))
}

t.test('what was just stored is delivered without reading it back, call after call', async t => {
  const { log, disk, reads } = await startHanding(t)
  for (let call = 0; call < 5; call++) {
    const stored = await Promise.all(Array.from({ length: 7 }, async () => await log.append(newEntry())))
    const laneId = stored[0]?.laneId ?? 0
    const head = await log.read(laneId, BOUNDS)
    t.strictSame(comparable(head), comparable(await disk.read(laneId, BOUNDS)))
    await log.settle(head.slice(0, 3).map(delivered))
    const rest = await log.read(laneId, BOUNDS)
    t.strictSame(comparable(rest), comparable(await disk.read(laneId, BOUNDS)))
    await log.settle(rest.map(delivered))
  }
  t.equal(reads(), 0)
})

t.test('the body that is handed over is the one that was stored, whatever becomes of the memory it came in', async t => {
  const { log, disk } = await startHanding(t)
  const body = Buffer.from('as it was stored')
  const { laneId } = await log.append(newEntry({ body }))
  body.fill(0)
  t.strictSame(comparable(await log.read(laneId, BOUNDS)), comparable(await disk.read(laneId, BOUNDS)))
})

t.test('more than the memory holds is read from disk, in order, to the last', async t => {
  const { log, reads } = await startHanding(t)
  const stored = await Promise.all(Array.from({ length: 30 }, async () => await log.append(newEntry({ body: Buffer.alloc(300_000, 97) }))))
  const laneId = stored[0]?.laneId ?? 0
  const seqs: number[] = []
  for (let head = await log.read(laneId, BOUNDS); head.length > 0; head = await log.read(laneId, BOUNDS)) {
    seqs.push(...head.map(({ laneSeq }) => laneSeq))
    await log.settle(head.map(delivered))
  }
  t.strictSame(seqs, stored.map(({ laneSeq }) => laneSeq))
  t.ok(reads() > 0)
})

t.test('a push with a failure, a mark or a doubt is read with it', async t => {
  const { log, disk } = await startHanding(t)
  const [first, second] = [await log.append(newEntry()), await log.append(newEntry())]
  const bounds = { ...BOUNDS }
  await log.read(first.laneId, bounds)
  await log.noteFailure([first.id, second.id], { atMs: 5, inDoubt: true })
  const failed = await log.read(first.laneId, bounds)
  t.match(failed, [{ failures: 1, doubtfulCall: first.id }, { failures: 1, doubtfulCall: first.id }])
  await log.settle(failed.map(delivered))
  const third = await log.append(newEntry())
  await log.noteFailure([third.id], { atMs: 6, inDoubt: true })
  t.match(await log.read(first.laneId, bounds), [{ id: third.id, failures: 1 }])
  await log.noteBegun([third.id], { atMs: 7, begun: true })
  t.strictSame(comparable(await log.read(first.laneId, bounds)), comparable(await disk.read(first.laneId, bounds)))
})

t.test('a settlement that was not written leaves its pushes where they are', async t => {
  const { log, disk } = await startHanding(t)
  const { laneId, id } = await log.append(newEntry())
  await log.read(laneId, BOUNDS)
  await t.rejects(log.settle([{ id, deliveredRecords: 9, cloudRequestIds: [], parked: [] }]))
  t.strictSame(comparable(await log.read(laneId, BOUNDS)), comparable(await disk.read(laneId, BOUNDS)))
  t.equal((await log.read(laneId, BOUNDS)).length, 1)
})

// By a fixed series of chances, so that a failure can be seen again.
t.test('whatever is stored, settled, failed and replayed, the head is always what the disk says', async t => {
  const { log, disk, dataDir, reads } = await startHanding(t)
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  let seed = 7
  const chance = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor(seed / 65_536) % below
  }
  const lanes = new Set<number>()
  let compared = 0
  for (let step = 0; step < 400; step++) {
    const laneIds = [...lanes]
    const laneId = laneIds[chance(Math.max(1, laneIds.length))]
    const what = chance(12)
    if (laneId === undefined || what < 6) lanes.add((await log.append(newEntry({ deviceType: String(chance(3)), body: Buffer.alloc(1 + chance(400_000), 98) }))).laneId)
    else if (what < 7) await log.park({ ...newEntry({ deviceType: String(chance(3)) }), parts: [parkedPart()], deliveredRecords: 0, cloudRequestIds: [] })
    else if (what < 8) {
      const parked = file.listParked()[0]
      if (parked === undefined) continue
      const changed = new Promise<void>(resolve => { disk.onChange(resolve) })
      file.replay(parked.id)
      await changed
    } else {
      const bounds = { entriesMax: 1 + chance(9), bytesMax: 1 + chance(2_000_000) }
      const head = await log.read(laneId, bounds)
      t.strictSame(comparable(head), comparable(await disk.read(laneId, bounds)), `step ${step}`)
      compared += 1
      const taken = head.slice(0, 1 + chance(9))
      if (taken.length === 0) continue
      if (what < 9) await log.noteFailure(taken.map(({ id }) => id), { atMs: step, inDoubt: false })
      else await log.settle(taken.map((entry, index) => index === 0 && what === 11 ? { ...delivered(entry), deliveredRecords: 0, parked: [parkedPart()] } : delivered(entry)))
    }
  }
  t.ok(reads() < compared, 'some of it from memory')
})
