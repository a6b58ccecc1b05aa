import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { digestOf } from '../../src/store/digest.js'
import type { PushRow } from '../../src/store/queue-rows.js'
import { QueueStore } from '../../src/store/queue-store.js'
import { dataDirOf } from '../support/queue.js'

const TYPES = ['1', '设备', 'a "quoted" \\ type', '']

function storeOf (t: Test): QueueStore {
  const store = new QueueStore({ dataDir: dataDirOf(t) })
  t.teardown(() => { store.close() })
  return store
}

function rowOf (store: QueueStore, { type, ...more }: Partial<PushRow> & { readonly type: number }): PushRow {
  const lane = store.lanes.open({ plant: `plant ${type % 2}`, deviceType: TYPES[type] ?? '', live: type === 3 })
  const id = store.lanes.takeId(lane)
  const { plant, deviceType, live } = lane
  const row = { id, lane: lane.id, laneSeq: store.lanes.takeSeq(lane), receipt: id, requestId: `R-${id}`, plant, deviceType, live, recordCount: 1, bytes: 700, receivedAtMs: 1_800_000_000_000, body: Buffer.from('{}'), ...more }
  return { ...row, digest: digestOf(row) }
}

function rowsAfter (store: QueueStore, afterId: number): PushRow[] {
  return store.pushes.after(afterId, 1000).map(({ failures, firstFailedAtMs, doubtfulCall, ...row }) => row)
}

t.test('pushes that are inserted together are what each would be alone, whatever they hold', t => {
  const store = storeOf(t)
  const pushes = fc.array(fc.record({
    type: fc.nat({ max: 3 }),
    requestId: fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes('\0') && text.isWellFormed()),
    recordCount: fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)),
    bytes: fc.nat({ max: 1e9 }),
    receivedAtMs: fc.oneof(fc.integer({ min: 1_800_000_000_000, max: 1_800_000_000_100 }), fc.maxSafeInteger()),
    body: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes))
  }), { maxLength: 20 })
  fc.assert(fc.property(pushes, pushes => {
    const rows = store.transaction(() => pushes.map(push => rowOf(store, push)))
    const written = (write: (row: PushRow) => void): PushRow[] => {
      store.transaction(() => { rows.forEach(write) })
      const found = rowsAfter(store, 0)
      store.transaction(() => { for (const { id } of rows) store.pushes.delete(id) })
      return found
    }
    t.strictSame(written(row => { store.pushes.insertNew(row) }), rows)
    t.strictSame(written(row => { store.pushes.insert(row) }), rows, 'alone')
  }), { numRuns: 60 })
  t.end()
})

// Lane ids and sequence numbers grow with every push: a lane that is new after 200 million pushes meets one of the first day.
t.test('numbers may lie apart as far as they will, and no push is lost or changed for it', t => {
  for (const apart of [99_999_999, 100_000_000, 250_000_000, 899_999_999, 900_000_000, 2 ** 31, 2 ** 40]) {
    const store = storeOf(t)
    store.transaction(() => {
      store.lanes.insert({ id: apart, plant: 'late', deviceType: '1', live: false, nextSeq: apart, lastId: apart, finished: `1-${apart - 1}` })
      store.lanes.insert({ id: 1, plant: 'early', deviceType: '1', live: false, nextSeq: 1, lastId: 1, finished: '' })
    })
    store.transaction(() => { store.lanes.load() })
    const rows = store.transaction(() => {
      const rows = ['early', 'late', 'early', 'late'].map((plant, index): PushRow => {
        const lane = store.lanes.open({ plant, deviceType: '1', live: false })
        const row = { id: store.lanes.takeId(lane), lane: lane.id, laneSeq: store.lanes.takeSeq(lane), plant, deviceType: '1', live: false, requestId: `${index}7`, recordCount: index === 2 ? apart : 1, bytes: index === 1 ? apart : 700, receivedAtMs: index * apart, body: Buffer.from('{}') }
        return { ...row, receipt: row.id, digest: digestOf(row) }
      })
      for (const row of rows) store.pushes.insertNew(row)
      return rows
    })
    t.strictSame(rowsAfter(store, 0), rows, String(apart))
  }
  t.end()
})

t.test('a push whose lane is not in the file is not dropped in silence', t => {
  const store = storeOf(t)
  const failing = (): void => {
    store.transaction(() => {
      const rows = Array.from({ length: 4 }, (_, index) => rowOf(store, { type: index % 2 }))
      for (const row of rows) store.pushes.insertNew({ ...row, lane: row.lane + 1000 * Number(row === rows[3]) })
    })
  }
  t.throws(failing, { code: 'SQLITE_CORRUPT' })
  t.strictSame(rowsAfter(store, 0), [])
  t.end()
})

t.test('a push is seen in its own transaction, and is gone when that is rolled back', t => {
  const store = storeOf(t)
  const failing = (): void => {
    store.transaction(() => {
      const rows = Array.from({ length: 8 }, () => rowOf(store, { type: 0 }))
      for (const row of rows) store.pushes.insertNew(row)
      t.strictSame(rowsAfter(store, 0), rows)
      store.pushes.insertNew(rowOf(store, { type: 0 }))
      throw new Error('rolled back')
    })
  }
  t.throws(failing, { message: 'rolled back' })
  const kept = store.transaction(() => {
    const row = rowOf(store, { type: 0 })
    store.pushes.insertNew(row)
    return row
  })
  t.strictSame(rowsAfter(store, 0), [kept])
  t.end()
})

// Receipts are made of the rows of their pushes. A commit that takes back what was set aside of one push looks for its receipt.
t.test('a look for a receipt in the middle of a commit takes no receipt from the pushes before it', t => {
  const store = storeOf(t)
  const [rows, seen] = store.transaction(() => {
    const rows = Array.from({ length: 6 }, (_, index) => {
      const row = rowOf(store, { type: index % 2 })
      store.pushes.insertNew(row)
      store.receipts.insertWaiting(row.id, 5)
      return row
    })
    return [rows, store.receipts.find('unknown') ?? store.receipts.get(rows[5]?.id ?? 0)]
  })
  t.match(seen, { requestId: rows[5]?.requestId, waiting: 1, updatedAtMs: 5 })
  t.strictSame(rows.map(({ id }) => store.receipts.get(id)?.requestId), rows.map(({ requestId }) => requestId))
  t.end()
})

t.test('what cannot be stored is refused where it comes, before the others are written', t => {
  const store = storeOf(t)
  for (const more of [{ requestId: 'a\0b' }, { requestId: '\ud800' }, { recordCount: NaN }, { recordCount: -1 }, { receivedAtMs: Infinity }]) {
    const row = store.transaction(() => ({ ...rowOf(store, { type: 0 }), ...more }))
    t.throws(() => { store.pushes.insertNew(row) }, TypeError, JSON.stringify(more))
  }
  t.strictSame(rowsAfter(store, 0), [])
  t.end()
})

t.test('names of plants and types that read alike when they are joined are lanes of their own', t => {
  const store = storeOf(t)
  const names = [['a', '1 a'], ['a 1', 'a'], ['1 a', 'a'], ['', '1 a 1'], ['a', '1']] as const
  const ids = store.transaction(() => names.map(([plant, deviceType]) => store.lanes.open({ plant, deviceType, live: false }).id))
  t.equal(new Set(ids).size, names.length)
  t.end()
})
