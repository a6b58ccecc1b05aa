import t, { type Test } from 'tap'
import { appendEntry } from '../../src/queue/log-append.js'
import { QueueBounds } from '../../src/queue/log-bounds.js'
import { sweep } from '../../src/queue/log-retention.js'
import { settleEntries } from '../../src/queue/log-settle.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import type { Entry, NewEntry, QueueLog, Receipt } from '../../src/queue/queue-log.js'
import { Database } from '../../src/store/database.js'
import { QueueStore } from '../../src/store/queue-store.js'
import { dataDirOf, delivered, newEntry, parkedPart, pushBody, readAll, startQueue } from '../support/queue.js'
import { FAST_QUEUE } from '../support/queue-in-place.js'

async function receiptsOf (log: QueueLog, entries: readonly NewEntry[]): Promise<Array<Receipt | undefined>> {
  return await Promise.all(entries.map(async ({ requestId }) => await log.receipt(requestId)))
}

const WHOLE = { waiting: 0, delivered: 1, parked: 0, lost: 0, records: 1, cloudRequestIds: ['CLOUD-1'] }

t.test('a call of many is recorded with each push as if it had been alone, and other lanes are not touched', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), ...FAST_QUEUE })
  const entries = Array.from({ length: 12 }, (_, index) => newEntry({ deviceType: String(index % 2), repairs: { bom: index } }))
  const stored = await Promise.all(entries.map(async entry => await log.append(entry)))
  const laneId = stored[0]?.laneId ?? 0
  const head = await log.read(laneId, { entriesMax: 4, bytesMax: 2 ** 20 })
  await log.noteFailure(head.map(({ id }) => id), { atMs: 1, inDoubt: false })
  await log.settle(head.map(delivered))
  t.match(await receiptsOf(log, entries), entries.map((_, index) => index % 2 === 0 && index < 8 ? { ...WHOLE, repairs: { bom: index } } : { waiting: 1, delivered: 0, cloudRequestIds: [] }))
  await log.settle(head.map(delivered))
  t.match(await log.usage(), { plants: [{ waiting: 8, waitingRecords: 8 }] }, 'said twice it counts once')
  await log.settle((await readAll(log)).map(delivered))
  t.match(await receiptsOf(log, entries), entries.map(() => WHOLE))
  t.match(await log.usage(), { bytes: 0, plants: [{ waiting: 0, waitingRecords: 0, waitingBytes: 0 }] })
})

/** Two pushes and one between them of which a record was parked, as replayed; what waits in their lane, in its order. */
async function startReplayed (t: Test, parkedAs: { readonly deliveredRecords: number, readonly cloudRequestIds: readonly string[] }): Promise<{ log: QueueLog, entries: [NewEntry, NewEntry, NewEntry], waiting: Entry[] }> {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, ...FAST_QUEUE })
  const [first, parked, second] = [newEntry(), newEntry(), newEntry()]
  await log.append(first)
  await log.park({ ...parked, parts: [parkedPart()], ...parkedAs })
  await log.append(second)
  const changed = new Promise<void>(resolve => { log.onChange(resolve) })
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  file.replay(file.listParked()[0]?.id ?? 0)
  await changed
  return { log, entries: [first, parked, second], waiting: await readAll(log) }
}

t.test('a call that carries replayed records is added to the receipts that they have, and to no other', async t => {
  const { log, entries, waiting } = await startReplayed(t, { deliveredRecords: 2, cloudRequestIds: ['CLOUD-0'] })
  await log.settle(waiting.slice(0, 2).map(delivered))
  t.match(await receiptsOf(log, entries), [WHOLE, { waiting: 1, delivered: 2, parked: 0 }, WHOLE], 'the receipt between them waits on')
  await log.settle(waiting.slice(2).map(delivered))
  t.match(await log.receipt(entries[1].requestId), { records: 3, waiting: 0, delivered: 3, cloudRequestIds: ['CLOUD-0', 'CLOUD-1'] })
})

// Refused while its sender waited, so it never had a place in the lane; then replayed to the end of it.
t.test('a replayed push whose receipt lies between those of a call is not told as delivered with them', async t => {
  const { log, entries, waiting } = await startReplayed(t, { deliveredRecords: 0, cloudRequestIds: [] })
  await log.settle(waiting.slice(0, 2).map(delivered))
  t.match(await receiptsOf(log, entries), [WHOLE, { records: 1, waiting: 1, delivered: 0, cloudRequestIds: [] }, WHOLE], 'it waits on')
  await log.settle(waiting.slice(2).map(delivered))
  t.match(await log.receipt(entries[1].requestId), WHOLE)
})

t.test('records that do not add up are refused, in a call of many as well', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), ...FAST_QUEUE })
  for (const devices of [['a'], ['b', 'c']]) await log.append(newEntry({ body: pushBody(devices), recordCount: devices.length }))
  const [one, two] = await readAll(log) as [Entry, Entry]
  await t.rejects(log.settle([{ ...delivered(one), deliveredRecords: 2 }, { ...delivered(two), deliveredRecords: 1 }]))
  t.match(await log.usage(), { plants: [{ waiting: 2, waitingRecords: 3 }] })
  await log.settle([delivered(two)])
  await log.settle([delivered(one)])
  t.match(await log.usage(), { plants: [{ waiting: 0 }] })
})

t.test('receipts that are finished leave together, with all that belongs to them', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, ...FAST_QUEUE, receiptsMax: 2 })
  const entries = Array.from({ length: 6 }, (_, index) => newEntry({ repeatKey: { key: `key-${index}`, body: 'body' }, repairs: { bom: 1 } }))
  for (const entry of entries) await log.append(entry)
  await log.settle((await readAll(log)).map(delivered))
  t.equal((await receiptsOf(log, entries)).filter(receipt => receipt !== undefined).length, 2)
  t.equal((await log.remembered({ sinceMs: 0, pushesMax: 10 })).length, 2)
  const database = new Database({ dataDir, fileName: 'queue.db' })
  t.teardown(() => { database.close() })
  for (const table of ['receipts', 'repeat_keys', 'repairs']) t.match(database.get(`SELECT COUNT(*) AS rows FROM ${table}`), { rows: 2 }, table)
})

t.test('beyond their number, finished receipts leave by the 200th part of it, the oldest first', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), ...FAST_QUEUE, receiptsMax: 400 })
  const entries = Array.from({ length: 403 }, () => newEntry())
  for (const entry of entries) await log.append(entry)
  const waiting = await readAll(log)
  const isKnown = async (index: number): Promise<boolean> => entries[index] !== undefined && await log.receipt(entries[index].requestId) !== undefined
  await log.settle(waiting.slice(0, 402).map(delivered))
  t.ok(await isKnown(0))
  await log.settle(waiting.slice(402).map(delivered))
  t.strictSame(await Promise.all([0, 1, 2, 3, 402].map(isKnown)), [false, false, false, true, true])
})

t.test('what is too old leaves alone, however many may leave at once', t => {
  const store = new QueueStore({ dataDir: dataDirOf(t) })
  t.teardown(() => { store.close() })
  const ids = [10, 20, 30].map(atMs => {
    const { id } = store.transaction(() => appendEntry(store, new QueueBounds(2 ** 30, () => {}), newEntry(), atMs))
    store.transaction(() => { settleEntries(store, [{ id, deliveredRecords: 1, cloudRequestIds: [], parked: [] }], atMs) })
    return id
  })
  store.transaction(() => { sweep(store, { receiptsMax: 100, receiptsAgeMsMax: 15 }, 40, 10) })
  t.strictSame(ids.map(id => store.receipts.get(id)?.updatedAtMs), [undefined, undefined, 30])
  t.equal(store.receipts.finished, 1)
  t.end()
})
