import t from 'tap'
import { findStored } from '../../src/queue/log-reads.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import type { NewEntry } from '../../src/queue/queue-log.js'
import { QueueStore } from '../../src/store/queue-store.js'
import { dataDirOf, delivered, newEntry, parkedPart, pushBody, readAll, startQueue, startThread } from '../support/queue.js'

const repeatKey = { key: 'KEY', body: 'BODY' }
const entryOf = (more: Partial<NewEntry> = {}): NewEntry => newEntry({ body: pushBody(['a', 'b']), recordCount: 2, parked: [parkedPart()], repeatKey, ...more })

/** What is parked of a push while its good records are tried. */
const asideOf = ({ body, recordCount, parked = [], ...origin }: NewEntry) => ({ ...origin, repeatKey: undefined, parts: parked, deliveredRecords: 0, cloudRequestIds: [] })

t.test('a push that is stored after its try replaces what was set aside of it: one receipt, everything once', async t => {
  const [dataDir, plainDir] = [dataDirOf(t), dataDirOf(t)]
  const entry = entryOf()
  const { log } = await startQueue(t, { dataDir, startThread })
  await log.park(asideOf(entry))
  t.match(await log.receipt(entry.requestId), { records: 1, parked: 1, waiting: 0 })
  t.strictSame(await log.remembered({ sinceMs: 0, pushesMax: 9 }), [], 'a repeat must still be sent')
  await log.append({ ...entry, asideRecords: 1 })
  t.match(await log.receipt(entry.requestId), { records: 3, parked: 1, waiting: 2 })
  t.match(await log.remembered({ sinceMs: 0, pushesMax: 9 }), [{ repeatKey }])
  const plain = (await startQueue(t, { dataDir: plainDir, startThread })).log
  await plain.append(entry)
  t.strictSame((await log.usage()).plants, (await plain.usage()).plants)
  await log.takeBack(entry.requestId, 1)
  t.match(await log.receipt(entry.requestId), { records: 3, parked: 1, waiting: 2 }, 'it can no longer be taken back')
  await log.settle((await readAll(log)).map(delivered))
  await log.close()
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  t.match(file.verify(), { sound: true, parked: 1, waiting: 0, lost: [] })
})

t.test('a push that the cloud refuses is parked with what was set aside of it', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const entry = entryOf()
  const aside = asideOf(entry)
  await log.park(aside)
  await log.park({ ...aside, repeatKey, asideRecords: 1, parts: [...aside.parts, parkedPart({ body: entry.body, recordCount: 2 })] })
  t.match(await log.receipt(entry.requestId), { records: 3, parked: 3 })
  t.match((await log.usage()).plants, [{ parked: 2, parkedRecords: 3 }])
})

t.test('that the good records were relayed counts once, however often it is said, and makes the push known to its repeats', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const entry = entryOf()
  await log.park(asideOf(entry))
  const note = { requestId: entry.requestId, asideRecords: 1, deliveredRecords: 2, cloudRequestIds: ['C'], repeatKey }
  await log.noteRelayed(note)
  await log.noteRelayed(note)
  t.match(await log.receipt(entry.requestId), { records: 3, delivered: 2, parked: 1, cloudRequestIds: ['C'] })
  t.match(await log.remembered({ sinceMs: 0, pushesMax: 9 }), [{ repeatKey }])
  await log.takeBack(entry.requestId, 1)
  t.match(await log.receipt(entry.requestId), { parked: 1 })
})

t.test('what is taken back leaves nothing behind, and its place is free again', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const entry = entryOf({ parked: [parkedPart({ body: Buffer.alloc(50_000) })], plantBytesMax: 130_000 })
  for (let round = 0; round < 5; round++) {
    await log.park(asideOf(entry))
    await log.takeBack(entry.requestId, 1)
  }
  t.equal(await log.receipt(entry.requestId), undefined)
  t.equal((await log.usage()).bytes, 0)
  await log.close()
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  t.strictSame([...file.exportRows()], [])
})

t.test('what is set aside counts once against the bound, and stays when the whole push does not fit', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const parked = [parkedPart({ body: Buffer.alloc(50_000) })]
  const fits = entryOf({ parked, plantBytesMax: 100_000 })
  await log.park(asideOf(fits))
  await log.append({ ...fits, asideRecords: 1 })
  const tooMuch = entryOf({ parked, plantBytesMax: 100_000, plant: 'beta', body: Buffer.alloc(100_000) })
  await log.park(asideOf(tooMuch))
  await t.rejects(log.append({ ...tooMuch, asideRecords: 1 }), { code: 'QueueFull' })
  t.match(await log.receipt(tooMuch.requestId), { records: 1, parked: 1 })
})

t.test('what was set aside of a push is never taken for the whole of it', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const entry = entryOf()
  await log.park(asideOf(entry))
  await log.close()
  const store = new QueueStore({ dataDir })
  t.teardown(() => { store.close() })
  t.equal(findStored(store, { requestId: entry.requestId, records: 3 }), undefined)
  t.match(findStored(store, { requestId: entry.requestId, records: 1 }), { laneSeq: 0 })
})
