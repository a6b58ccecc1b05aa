import t from 'tap'
import type { Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { Ballast } from '../../src/queue/log-ballast.js'
import { QueueBounds } from '../../src/queue/log-bounds.js'
import { DiskRoom } from '../../src/queue/log-disk.js'
import type { Answer, WriteRequest } from '../../src/queue/log-messages.js'
import { paceLanes } from '../../src/queue/log-pace.js'
import { findReceipt, findStored, readEntries, readFailing, readLanes, readUsage } from '../../src/queue/log-reads.js'
import { replayParked, skipParked } from '../../src/queue/log-release.js'
import { verifyStore } from '../../src/queue/log-verify.js'
import { exportRows, showPush } from '../../src/queue/log-views.js'
import { QueueWriter } from '../../src/queue/log-writer.js'
import type { NewEntry, Settlement } from '../../src/queue/queue-log.js'
import { isBundleable } from '../../src/store/bundle-rows.js'
import { Database } from '../../src/store/database.js'
import { isIntact } from '../../src/store/digest.js'
import type { WaitingRow } from '../../src/store/queue-rows.js'
import type { QueueTable } from '../../src/store/queue-schema.js'
import { QueueStore } from '../../src/store/queue-store.js'
import { random } from '../support/queue-ledger.js'
import { dataDirOf, newEntry, parkedPart, pushBody } from '../support/queue.js'

t.setTimeout(120_000)

const AT_MS = 1_800_000_000_000

/** The queue's file with what writes it, in this thread. */
class OpenQueue {
  readonly dataDir: string
  store: QueueStore
  #retention = { receiptsMax: 1_000_000, receiptsAgeMsMax: 1_000_000_000 }

  constructor (t: Test) {
    this.dataDir = dataDirOf(t)
    this.store = new QueueStore({ dataDir: this.dataDir })
    t.teardown(() => { this.store.close() })
  }

  reopen (): void {
    this.store.close()
    this.store = new QueueStore({ dataDir: this.dataDir })
  }

  retain (receiptsMax: number, receiptsAgeMsMax: number): void {
    this.#retention = { receiptsMax, receiptsAgeMsMax }
  }

  /** In one commit. */
  write (requests: readonly WriteRequest[], atMs: number): Answer[] {
    const { store } = this
    const ballast = new Ballast(`${this.dataDir}/ballast`, 1000)
    const disk = new DiskRoom({ store, ballast, clock: systemClock, tryEveryMs: 1000, notify: () => {} })
    const writer = new QueueWriter({ store, bounds: new QueueBounds(2 ** 40, () => {}), disk, retention: this.#retention })
    return writer.write(requests.map((request, id) => ({ id, request })), atMs)
  }

  rows (table: QueueTable): number {
    const database = new Database({ dataDir: this.dataDir, fileName: 'queue.db' })
    const row = database.get(`SELECT COUNT(*) AS rows FROM ${table}`)
    database.close()
    return Number(row?.['rows'])
  }

  /** Everything that can be asked. */
  view (requestIds: readonly string[]): unknown {
    const { store } = this
    const lanes = readLanes(store)
    return {
      usage: readUsage(store, 0),
      lanes: paceLanes(store, lanes, AT_MS + 1000),
      failing: readFailing(store),
      heads: lanes.map(({ id }) => readEntries(store, id, { entriesMax: 1000, bytesMax: 2 ** 30 })),
      seqs: lanes.map(({ id }) => store.pushes.seqs(id).flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index)).sort((a, b) => a - b)),
      records: lanes.map(({ id }) => [...store.pushes.recordsByReceipt(id)].sort(([a], [b]) => a - b)),
      waiting: lanes.map(({ id }) => store.receipts.waitingOfLane(id).sort((a, b) => a.id - b.id)),
      receipts: requestIds.map(requestId => findReceipt(store, requestId)),
      stored: requestIds.map(requestId => findStored(store, { requestId, records: 2 })),
      shown: requestIds.slice(-3).map(requestId => showPush(store, requestId)),
      exported: [...exportRows(store)],
      finished: store.receipts.finished
    }
  }
}

/** A push in a bundle is verified when it is read, one in a row by who reads it. */
const checked = ({ digest, ...row }: WaitingRow): unknown => ({ ...row, isIntact: isIntact({ ...row, digest }) })
const appendOf = (overrides: Partial<NewEntry> = {}): WriteRequest => ({ kind: 'append', entry: newEntry({ receivedAtMs: AT_MS, ...overrides }) })
const deliver = ({ id, recordCount }: { id: number, recordCount: number }, call: string): Settlement => ({ id, deliveredRecords: recordCount, cloudRequestIds: [call], parked: [] })
const settle = (settlements: readonly Settlement[]): WriteRequest => ({ kind: 'settle', settlements })
const headOf = (store: QueueStore, laneId: number, entriesMax: number): Array<{ id: number, recordCount: number }> => readEntries(store, laneId, { entriesMax, bytesMax: 2 ** 30 }).entries

t.test('whatever happens, a queue with bundles tells what one with a row for each push tells', t => {
  const seed = Number(process.env['SEED'] ?? Date.now())
  const chance = random(seed)
  const pick = (count: number): number => Math.floor(chance() * count)
  const [bundled, single] = [new OpenQueue(t), new OpenQueue(t)]
  const both = [bundled, single]
  const requestIds: string[] = []
  let atMs = AT_MS
  let bundles = 0

  const steps: Record<string, () => void> = {
    append: () => {
      const requests = Array.from({ length: 1 + pick(30) }, (_, index): WriteRequest => appendOf({
        requestId: `R ${requestIds.length + index}`,
        plant: `plant ${pick(2)}`,
        deviceType: String(pick(8) === 0 ? 2 : pick(2)),
        recordCount: 2,
        receivedAtMs: atMs - pick(3),
        body: pick(40) === 0 ? Buffer.alloc(30_000, 1) : pushBody([`a${pick(9)}`, `b${index}`]),
        ...pick(20) === 0 ? { repairs: { bom: 1 } } : {},
        ...pick(20) === 0 ? { repeatKey: { key: `K${requestIds.length + index}`, body: 'B' } } : {},
        ...pick(30) === 0 ? { recordCount: 1, parked: [parkedPart({ body: pushBody(['c']) })] } : {}
      }))
      requestIds.push(...requests.map(request => request.kind === 'append' ? request.entry.requestId : ''))
      t.strictSame(bundled.write(requests, atMs), requests.map((request, id) => ({ ...single.write([request], atMs)[0], id })))
    },
    deliver: () => {
      const lane = readLanes(single.store).at(pick(4))
      if (lane === undefined) return
      const call = headOf(single.store, lane.id, 1 + pick(60)).map(entry => deliver(entry, `C-${atMs}`))
      for (const queue of both) queue.write([settle(call)], atMs)
    },
    deliverAll: () => {
      for (const lane of readLanes(single.store)) {
        const call = headOf(single.store, lane.id, 1000).map(entry => deliver(entry, `C-${atMs}`))
        for (const queue of both) queue.write([settle(call)], atMs)
      }
    },
    park: () => {
      const lane = readLanes(single.store).at(pick(4))
      if (lane === undefined || pick(3) > 0) return
      const call = headOf(single.store, lane.id, 1 + pick(10)).map((entry): Settlement => entry.recordCount < 2 || pick(3) > 0
        ? deliver(entry, `C-${atMs}`)
        : { id: entry.id, deliveredRecords: 1, cloudRequestIds: [`C-${atMs}`], parked: [parkedPart({ body: pushBody(['a1']) })] })
      for (const queue of both) queue.write([settle(call)], atMs)
    },
    fail: () => {
      const lane = readLanes(single.store).at(pick(4))
      if (lane === undefined) return
      const ids = headOf(single.store, lane.id, 1 + pick(20)).map(({ id }) => id)
      const request: WriteRequest = pick(2) === 0 ? { kind: 'noteFailure', ids: [...ids, 999_999], note: { atMs, inDoubt: pick(2) === 0 } } : { kind: 'noteBegun', ids, note: { atMs, begun: pick(3) > 0 } }
      for (const queue of both) queue.write([request], atMs)
    },
    release: () => {
      const parked = single.store.parked.heads('parked').at(pick(4))
      if (parked === undefined) return
      const release = pick(2) === 0 ? replayParked : skipParked
      for (const { store } of both) store.transaction(() => release(store, parked.id, atMs))
    },
    reopen: () => {
      for (const queue of both) queue.reopen()
    },
    verify: () => {
      for (const { store } of both) t.match(verifyStore(store, atMs), { sound: true, lost: [] })
    }
  }
  const kinds = ['append', 'append', 'append', 'deliver', 'deliver', 'deliver', 'deliverAll', 'park', 'fail', 'release', 'release', 'reopen', 'verify']
  for (let step = 0; step < 120; step++) {
    const kind = kinds[pick(kinds.length)] ?? ''
    atMs += pick(3)
    steps[kind]?.()
    bundles += bundled.rows('bundles')
    const asked = [...requestIds.slice(-40), ...requestIds.filter(() => pick(10) === 0)]
    t.strictSame(bundled.view(asked), single.view(asked), `step ${step} ${kind}, seed ${seed}`)
    t.equal(bundled.rows('failures'), single.rows('failures'), `failures at step ${step} ${kind}, seed ${seed}`)
    const [afterId, rowsMax, entriesMax, bytesMax] = [pick(requestIds.length + 2), 1 + pick(20), 1 + pick(20), pick(20_000)]
    const parts = both.map(({ store }) => [
      store.pushes.after(afterId, rowsMax).map(checked),
      readLanes(store).map(({ id }) => store.pushes.head(id, { afterId, entriesMax, bytesMax }).map(checked)),
      [store.pushes.get(afterId) ?? []].flat().map(checked),
      store.pushes.find(afterId)
    ])
    t.strictSame(parts[0], parts[1], `parts at step ${step} ${kind}, seed ${seed}`)
  }
  t.ok(bundles > 5, `${bundles} bundles`)
  t.equal(single.rows('bundles') + single.rows('bundle_receipts'), 0)
  t.end()
})

/** One commit with so many pushes, and what was answered. */
function appendMany (queue: OpenQueue, count: number, overrides: Partial<NewEntry> = {}): Array<{ id: number, recordCount: number }> {
  return queue.write(Array.from({ length: count }, () => appendOf(overrides)), AT_MS).map(answer => ({ id: 'result' in answer ? (answer.result as { id: number }).id : 0, recordCount: 1 }))
}

t.test('what is kept of receipts is never fewer than so many, and a bundle goes when all of it may', t => {
  const queue = new OpenQueue(t)
  queue.retain(50, 1_000_000)
  for (let round = 1; round <= 8; round++) {
    queue.write([settle(appendMany(queue, 20).map(push => deliver(push, 'C')))], AT_MS + round)
    t.ok(queue.store.receipts.finished >= Math.min(50, 20 * round) && queue.store.receipts.finished < 70, `${queue.store.receipts.finished} are kept`)
  }
  // Rows of their own among them.
  for (let round = 1; round <= 70; round++) {
    queue.write([settle(appendMany(queue, 1).map(push => deliver(push, 'C')))], AT_MS + 100 + round)
    t.ok(queue.store.receipts.finished >= 50 && queue.store.receipts.finished < 70, `${queue.store.receipts.finished} are kept`)
  }
  t.strictSame([queue.rows('bundle_receipts'), queue.rows('receipts')], [0, queue.store.receipts.finished])
  appendMany(queue, 20)
  queue.write([settle(appendMany(queue, 10).map(push => deliver(push, 'C')))], AT_MS + 200)
  queue.retain(50, 1000)
  queue.write([settle(appendMany(queue, 10).map(push => deliver(push, 'C')))], AT_MS + 10_000)
  t.equal(queue.store.receipts.finished, 10, 'those of an earlier day are gone, by rows and by bundles')
  t.match(readLanes(queue.store), [{ waiting: 20 }])
  const { finished } = queue.store.receipts
  queue.reopen()
  t.equal(queue.store.receipts.finished, finished)
  t.end()
})

t.test('a call may begin and end within bundles, come twice, or say what is not so', t => {
  const queue = new OpenQueue(t)
  const pushes = [10, 2, 12, 30].flatMap(count => appendMany(queue, count))
  const call = (from: number, to: number): Settlement[] => pushes.slice(from, to).map(push => deliver(push, 'C'))
  const waiting = (): number[] => {
    queue.store.refresh()
    return readLanes(queue.store).map(({ waiting }) => waiting)
  }
  queue.write([settle(call(4, 15))], AT_MS)
  t.strictSame([waiting(), queue.rows('pushes'), queue.rows('bundles')], [[43], 13, 1], 'from the middle of one into the middle of another')
  queue.write([settle(call(0, 30))], AT_MS)
  t.strictSame(waiting(), [24], 'those before are passed over')
  const wrong = call(40, 41).map(settlement => ({ ...settlement, deliveredRecords: 2 }))
  t.match(queue.write([settle([...call(30, 40), ...wrong, ...call(41, 54)])], AT_MS), [{ refusal: { kind: 'misuse' } }])
  t.strictSame(waiting(), [24], 'nothing of it is written')
  queue.write([settle(call(30, 54).reverse())], AT_MS)
  t.strictSame([waiting(), queue.store.receipts.finished, queue.rows('pushes') + queue.rows('bundles')], [[], 54, 0])
  const whole = appendMany(queue, 9).map((push, index) => ({ ...deliver(push, 'C'), deliveredRecords: index === 4 ? 2 : 1 }))
  t.match(queue.write([settle(whole)], AT_MS), [{ refusal: { kind: 'misuse' } }])
  t.strictSame([waiting(), queue.rows('bundles')], [[9], 1], 'nor where it speaks of a whole bundle')
  t.match(verifyStore(queue.store, AT_MS), { sound: true, lost: [] })
  t.end()
})

t.test('what came in a commit that is begun anew without one of its requests is written once', t => {
  const queue = new OpenQueue(t)
  const [known] = appendMany(queue, 1)
  const wrong = settle([{ ...deliver(known ?? { id: 0, recordCount: 1 }, 'C'), deliveredRecords: 7 }])
  const answers = queue.write([...Array.from({ length: 6 }, () => appendOf()), wrong, ...Array.from({ length: 6 }, () => appendOf())], AT_MS)
  t.equal(answers.filter(answer => 'refusal' in answer).length, 1)
  t.match(readLanes(queue.store), [{ waiting: 13 }])
  t.strictSame([queue.rows('pushes'), queue.rows('bundles')], [1, 1])
  t.match(verifyStore(queue.store, AT_MS), { sound: true, lost: [] })
  t.end()
})

t.test('pushes of lanes that came together are read in the order of their coming, a few at a time', t => {
  const queue = new OpenQueue(t)
  for (let commit = 0; commit < 3; commit++) queue.write(Array.from({ length: 24 }, (_, index) => appendOf({ deviceType: String(index % 3) })), AT_MS)
  t.equal(queue.rows('bundles'), 9)
  const all = queue.store.pushes.after(0, 1000).map(({ id }) => id)
  t.strictSame(all, all.toSorted((a, b) => a - b))
  for (const [place, id] of all.entries()) {
    t.strictSame(queue.store.pushes.after(id - 1, 3).map(({ id }) => id), all.slice(place, place + 3))
  }
  t.end()
})

t.test('a receipt is found however many came after it', t => {
  const queue = new OpenQueue(t)
  const requestIds = ['A', 'B', 'C'].map(letter => letter.repeat(32))
  for (const requestId of requestIds) {
    queue.write([appendOf({ requestId })], AT_MS)
    queue.store.close()
    const database = new Database({ dataDir: queue.dataDir, fileName: 'queue.db' })
    database.run('UPDATE lanes SET last_id = last_id + 5000')
    database.close()
    queue.store = new QueueStore({ dataDir: queue.dataDir })
  }
  t.strictSame(requestIds.map(requestId => findReceipt(queue.store, requestId)?.requestId), requestIds)
  t.end()
})

t.test('lanes whose pushes lie far apart in a commit are read, settled and made rows of whole', t => {
  const queue = new OpenQueue(t)
  const types = Array.from({ length: 1300 }, (_, index) => index % 260 === 0 ? 'far' : 'near')
  const stored = queue.write(types.map(deviceType => appendOf({ deviceType })), AT_MS).map(answer => 'result' in answer ? answer.result as { id: number, laneId: number } : { id: 0, laneId: 0 })
  t.strictSame(stored.filter(({ id }) => queue.store.pushes.find(id) === undefined), [])
  const far = stored.filter((_, index) => types[index] === 'far').map(({ id }) => ({ id, recordCount: 1 }))
  queue.write([settle(far.slice(4).map(push => deliver(push, 'C')))], AT_MS)
  t.match(readLanes(queue.store).map(({ deviceType, waiting }) => [deviceType, waiting]).sort(), [['far', 4], ['near', 1295]])
  t.match(verifyStore(queue.store, AT_MS), { sound: true, lost: [] })
  t.end()
})

t.test('a call that passes over a bundle whose receipts are gone settles nothing of it', t => {
  const queue = new OpenQueue(t)
  const [first, second, third] = [5, 6, 7].map(count => appendMany(queue, count))
  const database = new Database({ dataDir: queue.dataDir, fileName: 'queue.db' })
  t.teardown(() => { database.close() })
  database.run('DELETE FROM bundle_receipts WHERE id = ?', [second?.[0]?.id ?? 0])
  queue.write([settle([...first ?? [], ...third ?? []].map(push => deliver(push, 'C')))], AT_MS)
  t.match(readLanes(queue.store), [{ waiting: 6 }])
  queue.write([settle((second ?? []).map(push => deliver(push, 'C')))], AT_MS)
  t.strictSame([readLanes(queue.store), queue.rows('pushes'), queue.store.receipts.finished], [[], 0, 12])
  t.end()
})

t.test('a push may be settled in the commit that brings it', t => {
  const queue = new OpenQueue(t)
  const [before] = appendMany(queue, 1)
  const third = { id: (before?.id ?? 0) + 3, recordCount: 1 }
  const appends = Array.from({ length: 6 }, () => appendOf())
  const other = appendOf({ repairs: { bom: 1 } })
  t.strictSame(queue.write([...appends, other, settle([deliver(third, 'C')])], AT_MS).filter(answer => 'refusal' in answer), [])
  t.match(readLanes(queue.store), [{ waiting: 7 }])
  t.strictSame([queue.rows('pushes'), queue.rows('receipts'), queue.store.receipts.finished], [7, 8, 1])
  t.match(verifyStore(queue.store, AT_MS), { sound: true, lost: [] })
  t.end()
})

t.test('a bundle lies in a page, and what is too large for that lies in rows', t => {
  const queue = new OpenQueue(t)
  appendMany(queue, 6, { body: Buffer.alloc(4200) })
  t.strictSame([queue.rows('pushes'), queue.rows('bundles')], [6, 0])
  appendMany(queue, 12, { body: Buffer.alloc(3900) })
  t.strictSame([queue.rows('pushes'), queue.rows('bundles')], [6, 3])
  appendMany(queue, 31, { body: Buffer.alloc(434) })
  t.strictSame([queue.rows('pushes'), queue.rows('bundles')], [6, 4])
  appendMany(queue, 18, { body: Buffer.alloc(434) })
  t.strictSame([queue.rows('pushes'), queue.rows('bundles')], [6, 6], 'two halves, since one would leave half of its page empty')
  appendMany(queue, 600, { body: Buffer.alloc(2) })
  t.strictSame([queue.rows('pushes'), queue.rows('bundles')], [6, 16], 'of 64 pushes')
  appendMany(queue, 6, { requestId: 'with\na line' })
  t.equal(queue.rows('pushes'), 12)
  appendMany(queue, 6, { recordCount: 0 })
  t.equal(queue.rows('pushes'), 18)
  t.equal([...exportRows(queue.store)].filter(({ intact }) => intact).length, 679)
  const database = new Database({ dataDir: queue.dataDir, fileName: 'queue.db' })
  t.strictSame(database.all('SELECT id FROM bundles WHERE length(heads) + length(bodies) > 16250'), [])
  database.close()
  t.end()
})

t.test('what a damaged row of a lane says of ids and names costs no push', t => {
  const queue = new OpenQueue(t)
  const known = [12, 3, 9].flatMap(count => appendMany(queue, count))
  const database = new Database({ dataDir: queue.dataDir, fileName: 'queue.db' })
  t.teardown(() => { database.close() })
  database.run("UPDATE lanes SET last_id = 3, plant = 'alphb'")
  queue.reopen()
  const later = appendMany(queue, 8)
  t.ok(Math.min(...later.map(({ id }) => id)) > Math.max(...known.map(({ id }) => id)), 'no id is given out twice')
  queue.write([settle(known.slice(0, 1).map(push => deliver(push, 'C')))], AT_MS)
  t.equal(queue.rows('bundles'), 2)
  const rows = [...exportRows(queue.store)]
  t.strictSame([rows.length, rows.filter(({ intact }) => !intact).length], [31, 0])
  t.end()
})

t.test('only what a line of a bundle tells whole may lie in one', async t => {
  const push = { id: 7, receipt: 7, lane: 1, laneSeq: 1, plant: 'north', deviceType: '1', live: false, requestId: 'R-1', recordCount: 1, bytes: 600, receivedAtMs: AT_MS }
  t.ok(isBundleable(push))
  for (const odd of [{ receipt: 6 }, { requestId: '' }, { requestId: 'R\n1' }, { requestId: 'é' }, { recordCount: 0 }, { recordCount: 0.5 }, { bytes: -1 }, { bytes: 2 ** 53 }, { receivedAtMs: 0.5 }]) {
    t.notOk(isBundleable({ ...push, ...odd }), JSON.stringify(odd))
  }
})
