import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Database } from '../../src/store/database.js'
import { recoverStore } from '../../src/queue/log-recover.js'
import { finishRecovery } from '../../src/queue/log-swap.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import type { QueueLog } from '../../src/queue/queue-log.js'
import { everyPlaceOr } from '../support/crash-rounds.js'
import { countLost, damagedCopy, overwrite, PAGE_BYTES, prepareKnown, recover, recoverChanged } from '../support/damaged-queue.js'
import { dataDirOf, delivered, newEntry, readAll, startQueue, startThread } from '../support/queue.js'

// On a busy machine.
t.setTimeout(120_000)

/** Nearly all of it lies in bundles of ten. */
const known = await prepareKnown(t, index => `push ${index} `.repeat(40), 30)

function change (dataDir: string, sql: string): number {
  const database = new Database({ dataDir, fileName: 'queue.db' })
  const { changes } = database.run(sql)
  database.close()
  return changes
}

t.test('bundles are carried over whole, and what was delivered of them does not come again', t => {
  const dataDir = damagedCopy(t, known, () => {})
  t.ok(change(dataDir, 'UPDATE bundles SET id = id') >= 5, 'there are bundles')
  t.ok(change(dataDir, "UPDATE bundle_receipts SET id = id WHERE state = 'delivered'") >= 3, 'and some were delivered')
  t.strictSame(recover(t, known, dataDir), { recovered: known.waiting.size, lost: [] })
  const file = openQueueFile(dataDir)
  for (const requestId of known.finished) t.match(file.show(requestId), { receipt: { delivered: 1, waiting: 0, lost: 0 }, waiting: [] })
  t.equal([...file.exportRows()].filter(({ id }) => file.show(String(id))?.waiting[0]?.doubtfulCall !== undefined).length, 10, 'calls in doubt stay so')
  file.close()
  t.end()
})

t.test('whichever page is gone, the pushes of the others are recovered, and those of the page are named', t => {
  const pages = statSync(join(known.dataDir, 'queue.db')).size / PAGE_BYTES
  for (let page = 0; page < pages; page += everyPlaceOr(3)) {
    const { recovered, lost } = recover(t, known, damagedCopy(t, known, path => { overwrite(path, page * PAGE_BYTES, Buffer.alloc(PAGE_BYTES)) }))
    t.equal(recovered + countLost(lost), known.waiting.size, `page ${page}`)
    // Three bundles lie on a page.
    t.ok(countLost(lost) <= 30, `${countLost(lost)} lost with page ${page}`)
  }
  t.end()
})

t.test('whichever bytes have changed, nothing is recovered under another name or with other bytes', t => {
  recoverChanged(t, known, 30)
  t.end()
})

t.test('a body that has changed in a bundle is counted as lost, by name, and costs no other', async t => {
  const [requestId, body] = [...known.waiting][60] ?? ['', '']
  const flip = (path: string): void => { overwrite(path, readFileSync(path).indexOf(body.slice(0, 200)) + 100, Buffer.from('X')) }
  const { log, notices } = await startQueue(t, { dataDir: damagedCopy(t, known, flip), startThread })
  const entries = await readAll(log)
  t.equal(entries.length, known.waiting.size - 1)
  t.match(notices, [{ kind: 'lost', lost: [{ plant: 'alpha', requestIds: [requestId] }] }])
  t.match(await log.receipt(requestId), { waiting: 0, lost: 1 })
  await log.settle(entries.map(delivered))
  t.strictSame(await log.lanes(), [])
  t.strictSame(recover(t, known, damagedCopy(t, known, flip)).recovered, known.waiting.size - 1)
})

for (const wrong of ['last_id = last_id + 3', "state = 'delivered'"]) {
  t.test(`a bundle that waits is settled once, and has its receipts, though they say ${wrong}`, async t => {
    const dataDir = dataDirOf(t)
    const before = await startQueue(t, { dataDir, startThread })
    const entries = Array.from({ length: 10 }, () => newEntry())
    const stored = await Promise.all(entries.map(entry => before.log.append(entry)))
    await before.log.close()
    t.equal(change(dataDir, `UPDATE bundle_receipts SET ${wrong}`), 1)
    const { log } = await startQueue(t, { dataDir, startThread })
    await log.settle(stored.map(({ id }) => ({ id, deliveredRecords: 1, cloudRequestIds: [], parked: [] })))
    t.strictSame(await log.lanes(), [])
    for (const { requestId } of entries) t.match(await log.receipt(requestId), { records: 1, delivered: 1, waiting: 0, lost: 0 })
  })
}

for (const [what, sql] of [
  ['list of pushes', "UPDATE bundles SET heads = CAST('1' || heads AS BLOB) WHERE id = (SELECT MAX(id) FROM bundles)"],
  ['seal', 'UPDATE bundles SET seal = zeroblob(16) WHERE id = (SELECT MAX(id) FROM bundles)'],
  ['id', 'UPDATE bundles SET id = id + 1 WHERE id = (SELECT MAX(id) FROM bundles)']
] as const) {
  t.test(`a bundle whose own ${what} has changed is read by its receipts`, async t => {
    const broken = (dataDir: string): string => {
      t.equal(change(dataDir, sql), 1)
      return dataDir
    }
    const { log } = await startQueue(t, { dataDir: broken(damagedCopy(t, known, () => {})), startThread })
    const reopened = new Promise<void>(resolve => { log.onNotice(({ kind }) => { if (kind === 'reopened') resolve() }) })
    const lanes = await log.lanes()
    await Promise.all(lanes.map(async ({ id }) => await log.read(id, { entriesMax: 500, bytesMax: 2 ** 30 })))
    await reopened
    t.equal((await readAll(log)).length, known.waiting.size, 'all are there after the recovery')
    t.strictSame(recover(t, known, broken(damagedCopy(t, known, () => {}))), { recovered: known.waiting.size, lost: [] })
  })
}

t.test('a bundle that is gone leaves a gap, which is named once; without its receipts it is delivered all the same', async t => {
  const dataDir = damagedCopy(t, known, () => {})
  t.equal(change(dataDir, 'DELETE FROM bundles WHERE id = (SELECT MAX(id) FROM bundles)'), 1)
  const { log } = await startQueue(t, { dataDir, startThread })
  t.match(log.opened.lost, [{ plant: 'alpha', records: 10 }])
  t.equal(countLost(log.opened.lost), 10)
  const { requestIds } = log.opened.lost[0] ?? { requestIds: [] }
  t.ok(requestIds.length === 10 && requestIds.every(requestId => known.waiting.has(requestId)))
  for (const requestId of requestIds) t.match(await log.receipt(requestId), { waiting: 0, lost: 1 })
  await log.close()

  t.ok(change(dataDir, "DELETE FROM bundle_receipts WHERE state = 'waiting'") >= 4)
  const again = await startQueue(t, { dataDir, startThread })
  t.strictSame(again.log.opened.lost, [])
  const entries = await readAll(again.log)
  t.equal(entries.length, known.waiting.size - 10)
  await again.log.settle(entries.map(delivered))
  t.strictSame(await again.log.lanes(), [])
})

t.test('receipts of a bundle that cannot be made out, or rows that contradict each other, cost no push and hold nothing up', async t => {
  for (const [what, sql] of [
    ['a state that is none', "UPDATE bundle_receipts SET state = 'waitinf' WHERE state = 'waiting'"],
    ['another list', "UPDATE bundle_receipts SET heads = CAST('1' || heads AS BLOB) WHERE state = 'waiting'"],
    ['a push that is there twice', "INSERT INTO pushes SELECT last_id, 'push', lane, first_seq + entries - 1, last_id, 'R', plant, device_type, live, 1, 1, 1, seal, seal FROM bundles WHERE id = (SELECT MAX(id) FROM bundles)"]
  ] as const) {
    const dataDir = damagedCopy(t, known, () => {})
    t.ok(change(dataDir, sql) > 0, what)
    const { log } = await startQueue(t, { dataDir, startThread })
    t.match(await log.receipt([...known.waiting.keys()].at(-1) ?? ''), { waiting: 1, delivered: 0 }, `${what}: nothing is told that is not so`)
    // Calls end within bundles; what a damaged file does not answer comes again.
    const sent = await drain(log)
    t.strictSame([...known.waiting.keys()].filter(requestId => !sent.has(requestId)), [], `${what}: all were sent`)
    t.strictSame(await log.lanes(), [], `${what}: all is settled`)
    await log.close()
  }
})

t.test('bodies of another bundle are not taken for those of a bundle whose list is read from its receipts', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const bodies = new Map<string, string>()
  for (const plant of ['alpha', 'bravo']) {
    const entries = Array.from({ length: 10 }, (_, index) => newEntry({ plant, body: Buffer.from(`${plant} ${index}`) }))
    for (const { requestId, body } of entries) bodies.set(requestId, Buffer.from(body).toString())
    await Promise.all(entries.map(entry => log.append(entry)))
  }
  await log.close()
  const database = new Database({ dataDir, fileName: 'queue.db' })
  // As where a page is torn that held another bundle before: its head is new, what follows is of the former one.
  const { changes } = database.run("UPDATE bundles SET seal = x'00', bodies = b.bodies, bodies_seal = b.bodies_seal FROM (SELECT * FROM bundles WHERE plant = 'alpha') b WHERE bundles.plant = 'bravo'")
  database.close()
  t.ok(changes > 0)
  recoverStore(dataDir, 1)
  finishRecovery(dataDir)
  const file = openQueueFile(dataDir)
  const rows = [...file.exportRows()]
  t.strictSame(rows.filter(({ requestId, body }) => bodies.get(requestId) !== Buffer.from(body).toString()), [])
  t.match(file.verify().lost, [{ plant: 'bravo' }])
  file.close()
})

t.test('a bundle that an index names and that is not there is not passed over in silence', async t => {
  const dataDir = damagedCopy(t, known, () => {})
  const inFile = <Result>(work: (database: Database) => Result): Result => {
    const database = new Database({ dataDir, fileName: 'queue.db' })
    database.exec('PRAGMA writable_schema = ON')
    const result = work(database)
    database.close()
    return result
  }
  // While its index is not known, the row goes without it.
  const index = inFile(database => {
    const row = database.get("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'bundles_by_lane'")
    database.run("DELETE FROM sqlite_schema WHERE name = 'bundles_by_lane'")
    return Object.values(row ?? {})
  })
  t.equal(inFile(database => database.run('DELETE FROM bundles WHERE id = (SELECT MIN(id) FROM bundles)').changes), 1)
  inFile(database => database.run('INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)', index))
  const { log, notices } = await startQueue(t, { dataDir, startThread })
  t.equal((await drain(log)).size, known.waiting.size - 10)
  t.strictSame(await log.lanes(), [])
  t.match(notices.filter(({ kind }) => kind === 'reopened'), [{ report: { lost: [{ plant: 'alpha', records: 10 }] } }])
})

/** Sends and settles in calls of seven, whatever fails on the way, until nothing waits; the request ids that were sent. */
async function drain (log: QueueLog): Promise<Set<string>> {
  const sent = new Set<string>()
  for (let round = 0; round < 200; round++) {
    const lanes = await log.lanes().catch(() => undefined)
    if (lanes?.length === 0) break
    for (const { id } of lanes ?? []) {
      const entries = await log.read(id, { entriesMax: 7, bytesMax: 2 ** 24 }).catch(() => [])
      for (const { requestId } of entries) sent.add(requestId)
      await log.settle(entries.map(delivered)).catch(() => {})
    }
  }
  return sent
}
