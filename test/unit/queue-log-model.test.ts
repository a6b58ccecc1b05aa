import t from 'tap'
import { openQueueFile } from '../../src/queue/queue-file.js'
import type { NewEntry, QueueLog, Settlement } from '../../src/queue/queue-log.js'
import { random } from '../support/queue-ledger.js'
import { dataDirOf, newEntry, parkedPart, readAll, startQueue, startThread } from '../support/queue.js'

// On a busy machine.
t.setTimeout(120_000)

interface ModelPush {
  readonly entry: NewEntry
  /** Waiting parts of the push, in the order of their commit. */
  waiting: number
  delivered: number
  parked: number
  skipped: number
}

/** A queue as it should be, without a disk. */
class Model {
  readonly pushes = new Map<string, ModelPush>()
  /** Request ids by lane, in the order in which they must be sent; replays stand at the end. */
  readonly lanes = new Map<string, Array<{ requestId: string, records: number }>>()
  readonly seqs = new Map<string, number>()

  append (entry: NewEntry): number {
    this.pushes.set(entry.requestId, { entry, waiting: entry.recordCount, delivered: 0, parked: 0, skipped: 0 })
    return this.enqueue(entry, entry.recordCount)
  }

  enqueue ({ plant, deviceType, requestId }: NewEntry, records: number): number {
    const name = `${plant} ${deviceType}`
    this.lanes.set(name, [...this.lanes.get(name) ?? [], { requestId, records }])
    const seq = (this.seqs.get(name) ?? 0) + 1
    this.seqs.set(name, seq)
    return seq
  }
}

async function checkAgainst (model: Model, log: QueueLog): Promise<string[]> {
  const faults: string[] = []
  const expected = [...model.lanes.values()].flat().map(({ requestId }) => requestId).sort()
  const found = (await readAll(log)).map(({ requestId }) => requestId).sort()
  if (found.join() !== expected.join()) faults.push(`${found.length} wait instead of ${expected.length}`)
  for (const [requestId, { entry, waiting, delivered, parked, skipped }] of model.pushes) {
    const receipt = await log.receipt(requestId)
    const seen = [receipt?.records, receipt?.waiting, receipt?.delivered, receipt?.parked, receipt?.skipped, receipt?.lost]
    const right = [entry.recordCount, waiting, delivered, parked, skipped, 0]
    if (seen.join() !== right.join()) faults.push(`a receipt says ${seen.join()} instead of ${right.join()}`)
  }
  return faults
}

t.test('whatever happens in whatever order, the disk holds what a queue in memory would', async t => {
  const seed = Date.now()
  const chance = random(seed)
  const pick = (count: number): number => Math.floor(chance() * count)
  const dataDir = dataDirOf(t)
  const model = new Model()
  let { log } = await startQueue(t, { dataDir, startThread })

  const append = async (): Promise<void> => {
    const entries = Array.from({ length: 1 + pick(8) }, () => newEntry({ plant: `plant-${pick(2)}`, deviceType: String(pick(2)), recordCount: 1 + pick(5), body: Buffer.alloc(pick(30_000), 1) }))
    const stored = await Promise.all(entries.map(entry => log.append(entry)))
    t.strictSame(stored.map(({ laneSeq }) => laneSeq), entries.map(entry => model.append(entry)), `seed ${seed}`)
  }

  /** Some of the head of a lane, as a call would take them: in their order, delivered or parked, in parts or whole. */
  const settle = async (): Promise<void> => {
    const lane = (await log.lanes()).at(pick(4))
    if (lane === undefined) return
    const queue = model.lanes.get(`${lane.plant} ${lane.deviceType}`) ?? []
    const entries = await log.read(lane.id, { entriesMax: 1 + pick(6), bytesMax: 2 ** 24 })
    t.strictSame(entries.map(({ requestId }) => requestId), queue.slice(0, entries.length).map(({ requestId }) => requestId), `order, seed ${seed}`)
    await log.noteFailure(entries.map(({ id }) => id), { atMs: 1, inDoubt: pick(2) === 1 })
    await log.settle(entries.map(({ id, recordCount, requestId }): Settlement => {
      const parked = pick(3) === 0 ? 1 + pick(recordCount) : 0
      const push = model.pushes.get(requestId)
      if (push !== undefined) {
        push.waiting -= recordCount
        push.parked += parked
        push.delivered += recordCount - parked
      }
      return { id, deliveredRecords: recordCount - parked, cloudRequestIds: ['C'], parked: parked === 0 ? [] : [parkedPart({ recordCount: parked })] }
    }))
    queue.splice(0, entries.length)
  }

  /** The queue command at work. */
  const release = (): void => {
    const file = openQueueFile(dataDir)
    for (const { id, requestId, recordCount } of file.listParked().slice(0, 3)) {
      const push = model.pushes.get(requestId)
      if (push === undefined) throw new Error('Only what was stored is parked.')
      push.parked -= recordCount
      if (pick(2) === 0) {
        file.skip(id)
        push.skipped += recordCount
      } else {
        const { laneSeq } = file.replay(id)
        push.waiting += recordCount
        t.equal(laneSeq, model.enqueue(push.entry, recordCount), `replay, seed ${seed}`)
      }
    }
    file.close()
  }

  for (let step = 0; step < 120; step++) {
    const dice = pick(20)
    if (dice < 9) await append()
    else if (dice < 16) await settle()
    else if (dice < 19) release()
    else {
      await log.close()
      log = (await startQueue(t, { dataDir, startThread })).log
      t.strictSame(log.opened.lost, [], `seed ${seed}`)
    }
    if (step % 20 === 19) t.strictSame(await checkAgainst(model, log), [], `step ${step}, seed ${seed}`)
  }
  const file = openQueueFile(dataDir)
  t.match(file.verify(), { sound: true, lost: [] })
  file.close()
})
