import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { NotParked, openQueueFile } from '../../src/queue/queue-file.js'
import { openQueueLog } from '../../src/queue/queue-log.js'
import { systemClock } from '../../src/clock.js'
import { PLAIN_NODE, projectPath } from '../support/project.js'
import { ManualClock } from '../support/manual-clock.js'
import { dataDirOf, delivered, newEntry, parkedPart, readAll, startQueue, startThread } from '../support/queue.js'

// On a busy machine.
t.setTimeout(120_000)

t.test('a push that was appended is read back byte for byte, in the order of its lane', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const bodies = [Buffer.from('first'), Buffer.alloc(0), Buffer.alloc(70_000, 7), Buffer.from([0, 255, 0])]
  const stored = await Promise.all(bodies.map(body => log.append(newEntry({ body }))))
  t.strictSame(stored.map(({ laneSeq }) => laneSeq), [1, 2, 3, 4])
  t.strictSame((await readAll(log)).map(({ body }) => Buffer.from(body)), bodies)
})

t.test('each plant and device type has a lane of its own, and a live lane beside it', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const names = [['alpha', '1', false], ['alpha', '2', false], ['beta', '1', false], ['alpha', '1', true], ['alpha', '1', false]] as const
  const stored = await Promise.all(names.map(([plant, deviceType, live]) => log.append(newEntry({ plant, deviceType, live }))))
  t.strictSame(stored.map(({ laneSeq }) => laneSeq), [1, 1, 1, 1, 2])
  t.strictSame((await log.lanes()).map(({ plant, deviceType, live, waiting }) => [plant, deviceType, live, waiting]),
    [['alpha', '1', false, 2], ['alpha', '2', false, 1], ['beta', '1', false, 1], ['alpha', '1', true, 1]])
})

t.test('what was stored is there after a close and an open, and the numbers go on', async t => {
  const dataDir = dataDirOf(t)
  const before = await openQueueLog({ dataDir, queueBytesMax: 2 ** 30, clock: systemClock, startThread })
  const entry = newEntry()
  const first = await before.append(entry)
  await before.noteFailure([first.id], { atMs: 42, inDoubt: true })
  await before.noteFailure([first.id], { atMs: 43, inDoubt: false })
  await before.close()
  await t.rejects(before.append(newEntry()), { code: 'InternalError' })

  const { log } = await startQueue(t, { dataDir, startThread })
  t.strictSame(log.opened, { waiting: 1, parked: 0, lost: [], setAside: undefined })
  t.match(await log.append(newEntry()), { laneId: first.laneId, laneSeq: 2 })
  t.match(await readAll(log), [
    { requestId: entry.requestId, failures: 2, firstFailedAtMs: 42, doubtfulCall: first.id },
    { failures: 0, firstFailedAtMs: undefined, doubtfulCall: undefined }])
})

t.test('a lane is read within its bounds, but one push always comes', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const [first] = await Promise.all([1, 2, 3, 4].map(() => log.append(newEntry({ body: Buffer.alloc(5000) }))))
  const read = async (bounds: { entriesMax: number, bytesMax: number, afterId?: number }): Promise<number[]> =>
    (await log.read(first?.laneId ?? 0, bounds)).map(({ laneSeq }) => laneSeq)
  t.strictSame(await read({ entriesMax: 10, bytesMax: 1 }), [1])
  t.strictSame(await read({ entriesMax: 10, bytesMax: 13_000 }), [1, 2])
  t.strictSame(await read({ entriesMax: 3, bytesMax: 1e9 }), [1, 2, 3])
  t.strictSame(await read({ entriesMax: 3, bytesMax: 1e9, afterId: first?.id ?? 0 }), [2, 3, 4])
  t.strictSame(await log.read(999, { entriesMax: 1, bytesMax: 1 }), [])
})

t.test('a receipt counts every record once, whatever becomes of it', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread, clock: new ManualClock() })
  const entry = newEntry({ recordCount: 5, parked: [parkedPart({ recordCount: 2 })] })
  const { id } = await log.append(entry)
  t.match(await log.receipt(entry.requestId), { records: 7, waiting: 5, parked: 2, delivered: 0, plant: 'alpha', deviceType: '1' })
  await log.settle([{ id, deliveredRecords: 4, cloudRequestIds: ['A', 'B', 'A'], parked: [parkedPart({ reason: { code: 'GaveUp', message: '\0\ud800'.repeat(400), cloudRequestId: undefined } })] }])
  const receipt = await log.receipt(entry.requestId)
  t.match(receipt, { records: 7, waiting: 0, parked: 3, delivered: 4, skipped: 0, lost: 0, cloudRequestIds: ['A', 'B'] })
  t.strictSame(receipt?.reasons.map(({ code, message }) => [code, message.length]), [['InvalidParameter', 2], ['GaveUp', 500]])
  t.equal(await log.receipt('unknown'), undefined)
  t.strictSame(await log.lanes(), [])
})

t.test('a push of which nothing waits has a receipt too', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const { requestId, plant, deviceType, receivedAtMs, plantBytesMax } = newEntry()
  await log.park({ requestId, plant, deviceType, receivedAtMs, plantBytesMax, parts: [parkedPart()], deliveredRecords: 3, cloudRequestIds: ['A'] })
  t.match(await log.receipt(requestId), { records: 4, waiting: 0, delivered: 3, parked: 1 })
  t.match(await log.usage(), { plants: [{ plant: 'alpha', waiting: 0, parked: 1 }] })
})

t.test('the usage of a plant follows every push, and the age of what stands at the heads of its lanes', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const usage = async (): Promise<unknown> => (await log.usage()).plants
  const [first, second, third] = [
    await log.append(newEntry({ recordCount: 2, receivedAtMs: 100 })),
    await log.append(newEntry({ recordCount: 3, receivedAtMs: 300 })),
    await log.append(newEntry({ deviceType: '2', receivedAtMs: 200 }))
  ]
  t.match(await usage(), [{ plant: 'alpha', waiting: 3, waitingRecords: 6, oldestAtMs: 100 }])
  const settle = async (id: number, deliveredRecords: number, parked = 0): Promise<void> => {
    await log.settle([{ id, deliveredRecords, cloudRequestIds: [], parked: parked === 0 ? [] : [parkedPart({ recordCount: parked })] }])
  }
  await settle(first.id, 2)
  t.match(await usage(), [{ waiting: 2, waitingRecords: 4, parkedRecords: 0, oldestAtMs: 200 }])
  await settle(third.id, 1)
  t.match(await usage(), [{ waiting: 1, waitingRecords: 3, oldestAtMs: 300 }])
  await settle(second.id, 1, 2)
  const before = await usage()
  t.match(before, [{ waiting: 0, waitingRecords: 0, waitingBytes: 0, parked: 1, parkedRecords: 2, oldestAtMs: undefined }])
  await log.append(newEntry({ receivedAtMs: 50 }))
  t.match(await usage(), [{ waiting: 1, waitingRecords: 1, oldestAtMs: 50 }])
  await log.close()
  t.match((await (await startQueue(t, { dataDir, startThread })).log.usage()).plants, [{ waiting: 1, waitingRecords: 1, parked: 1, parkedRecords: 2, oldestAtMs: 50 }], 'the same is counted from the disk')
})

t.test('a settlement may be tried again, and one that does not add up changes nothing', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const entry = newEntry({ recordCount: 2 })
  const { id } = await log.append(entry)
  await log.append(newEntry())
  const [wrong, right] = await Promise.allSettled([
    log.settle([{ id, deliveredRecords: 1, cloudRequestIds: [], parked: [] }]),
    log.append(newEntry())
  ])
  t.match(wrong, { status: 'rejected', reason: { name: 'TypeError' } })
  t.match(right, { status: 'fulfilled', value: { laneSeq: 3 } })
  for (let times = 0; times < 2; times++) await log.settle([{ id, deliveredRecords: 2, cloudRequestIds: ['A'], parked: [] }])
  t.match(await log.receipt(entry.requestId), { waiting: 0, delivered: 2, cloudRequestIds: ['A'] })
  t.strictSame((await readAll(log)).map(({ laneSeq }) => laneSeq), [2, 3])
})

t.test('entries of a call in doubt keep its number, also when they fail again', async t => {
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread })
  const stored = await Promise.all([1, 2, 3].map(() => log.append(newEntry())))
  const [first, second, third] = stored.map(({ id }) => id)
  await log.noteFailure([second ?? 0, first ?? 0], { atMs: 1, inDoubt: true })
  await log.noteFailure([first ?? 0, second ?? 0, third ?? 0, 999_999], { atMs: 2, inDoubt: false })
  t.match(await readAll(log), [{ doubtfulCall: first, failures: 2, firstFailedAtMs: 1 }, { doubtfulCall: first }, { doubtfulCall: undefined, failures: 1, firstFailedAtMs: 2 }])
})

t.test('finished receipts are bounded in number and in age; those with parked records stay', async t => {
  const clock = new ManualClock()
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread, clock, receiptsMax: 3, receiptsAgeMsMax: 60_000 })
  const entries = Array.from({ length: 6 }, () => newEntry())
  for (const [index, entry] of entries.entries()) {
    const { id } = await log.append(entry)
    await log.settle([index === 0 ? { id, deliveredRecords: 0, cloudRequestIds: [], parked: [parkedPart()] } : { id, deliveredRecords: 1, cloudRequestIds: [], parked: [] }])
    clock.jump(10)
  }
  const known = async (): Promise<boolean[]> => await Promise.all(entries.map(async ({ requestId }) => await log.receipt(requestId) !== undefined))
  t.strictSame(await known(), [true, false, false, true, true, true])
  clock.jump(60_000)
  await log.settle([])
  t.strictSame(await known(), [true, false, false, false, false, false])
})

t.test('parked records are replayed and skipped from outside, and the proxy learns of it', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const entry = newEntry({ recordCount: 2 })
  const { id } = await log.append(entry)
  await log.settle([{ id, deliveredRecords: 0, cloudRequestIds: [], parked: [parkedPart({ body: Buffer.from('one') }), parkedPart({ body: Buffer.from('two') })] }])
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  const changed = new Promise<void>(resolve => { log.onChange(resolve) })
  const [one, two] = file.listParked()
  t.match([one, two], [{ requestId: entry.requestId, state: 'parked', reason: { code: 'InvalidParameter', cloudRequestId: 'C-1' } }, { recordCount: 1 }])

  t.match(file.replay(one?.id ?? 0), { laneSeq: 2 })
  file.skip(two?.id ?? 0)
  await changed
  t.match(await readAll(log), [{ requestId: entry.requestId, body: Buffer.from('one'), laneSeq: 2 }])
  t.match(await log.receipt(entry.requestId), { waiting: 1, parked: 0, skipped: 1 })
  t.match(await log.append(newEntry()), { laneSeq: 3 }, 'the number that the command gave out is not given out again')
  for (const again of [() => file.skip(one?.id ?? 0), () => file.replay(two?.id ?? 0), () => file.skip(7777), () => file.skip(Number(file.show(entry.requestId)?.waiting[0]?.id))]) t.throws(again, NotParked)
  t.match(file.show(String(one?.id)), { receipt: { requestId: entry.requestId }, parked: [{ state: 'replayed', body: undefined }, { state: 'skipped' }] })
  t.equal(file.show('nobody'), undefined)
})

t.test('the queue command sees what waits, exports it and copies it, while the proxy runs', async t => {
  const dataDir = dataDirOf(t)
  t.throws(() => openQueueFile(dataDir), { code: 'NO_QUEUE' })
  const { log } = await startQueue(t, { dataDir, startThread })
  const entries = Array.from({ length: 40 }, (_, index) => newEntry({ body: Buffer.from(`body ${index}`) }))
  for (const entry of entries) await log.append(entry)
  const [head] = await readAll(log)
  await log.settle([{ id: head?.id ?? 0, deliveredRecords: 0, cloudRequestIds: [], parked: [parkedPart()] }])
  const file = openQueueFile(dataDir)
  t.teardown(() => { file.close() })
  t.match(file.listLanes(), [{ waiting: 39 }])
  t.match(file.verify(), { sound: true, problems: [], waiting: 39, parked: 1, lost: [], lostRecordsBefore: 0 })
  const rows = [...file.exportRows()]
  t.strictSame(rows.map(({ body }) => Buffer.from(body).toString()), [...entries.slice(1).map((_, index) => `body ${index + 1}`), 'a refused record'])
  t.ok(rows.every(({ intact }) => intact))

  const copy = dataDirOf(t)
  t.ok(file.backupTo(`${copy}/queue.db`).bytes > 0)
  t.throws(() => file.backupTo(`${copy}/queue.db`), { code: 'EEXIST' })
  const restored = await startQueue(t, { dataDir: copy, startThread })
  t.match(restored.log.opened, { waiting: 39, parked: 1, lost: [] })
})

t.test('a command in another process and the proxy give out no number twice', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const first = await Promise.all(Array.from({ length: 40 }, () => log.append(newEntry())))
  await log.settle(first.map(({ id }) => ({ id, deliveredRecords: 0, cloudRequestIds: [], parked: [parkedPart()] })))
  const replayer = execFile(PLAIN_NODE[0], [...PLAIN_NODE.slice(1), projectPath('dist/test/support/queue-replayer.js'), dataDir])
  const replayed = text(replayer.stdout ?? Readable.from([]))
  const appended: number[] = []
  while (replayer.exitCode === null || appended.length === 0) appended.push((await log.append(newEntry())).laneSeq)
  const seqs = [...appended, ...(await replayed).trim().split('\n').map(Number)].sort((a, b) => a - b)
  t.strictSame(seqs, Array.from(seqs, (_, index) => 41 + index))
  t.equal(seqs.length, appended.length + 40)
  t.strictSame((await readAll(log)).map(({ laneSeq }) => laneSeq), seqs)
})

t.test('the log is copied into its file again and again, and does not grow', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const body = Buffer.alloc(100_000, 1)
  const sizes: number[] = []
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 10 }, () => log.append(newEntry({ body }))))
    sizes.push(statSync(join(dataDir, 'queue.db-wal')).size)
  }
  t.ok(Math.max(...sizes) < 9_000_000, `${Math.max(...sizes)} bytes at the most, for 20 MB`)
  const entries = await readAll(log)
  await log.settle(entries.map(delivered))
  const fileBytes = statSync(join(dataDir, 'queue.db')).size
  await Promise.all(Array.from({ length: 100 }, () => log.append(newEntry({ body }))))
  await log.close()
  t.ok(statSync(join(dataDir, 'queue.db')).size <= fileBytes, 'the space of what was delivered is used again')
})

t.test('while the store cannot be opened, pushes are refused and questions wait; it is tried again and again', async t => {
  const clock = new ManualClock()
  const threads: Array<ReturnType<typeof startThread>> = []
  let starts = 0
  const { log, notices } = await startQueue(t, {
    dataDir: dataDirOf(t),
    clock,
    startThread: data => {
      // The second to the fourth end before they have said a word.
      if (++starts > 1 && starts < 5) return { postMessage: () => {}, on: (event, listener) => { if (event === 'exit') setImmediate(listener, 1) } }
      const thread = startThread(data)
      threads.push(thread)
      return thread
    }
  })
  await log.append(newEntry())
  const failed = new Promise<void>(resolve => { log.onNotice(({ kind }) => { if (kind === 'failed') resolve() }) })
  await threads[0]?.terminate()
  await failed
  await t.rejects(log.append(newEntry()), { code: 'InternalError' })
  const lanes = log.lanes()
  for (const pauseMs of [1000, 2000, 4000]) {
    await clock.advance(pauseMs - 1)
    const before = starts
    await clock.advance(1)
    t.equal(starts, before + 1, `${pauseMs} ms`)
  }
  t.match(await lanes, [{ waiting: 1 }])
  t.match(notices, [{ kind: 'failed' }, { kind: 'failed' }, { kind: 'failed' }, { kind: 'failed' }, { kind: 'reopened' }])
  t.match(await log.append(newEntry()), { laneSeq: 2 })
})

t.test('a close while the store is down leaves nothing behind', async t => {
  const clock = new ManualClock()
  const threads: Array<ReturnType<typeof startThread>> = []
  const log = await openQueueLog({
    dataDir: dataDirOf(t),
    queueBytesMax: 2 ** 30,
    clock,
    startThread: data => {
      if (threads.length > 0) return { postMessage: () => {}, on: (event, listener) => { if (event === 'exit') setImmediate(listener, 1) } }
      const thread = startThread(data)
      threads.push(thread)
      return thread
    }
  })
  await threads[0]?.terminate()
  await clock.advance(0)
  const lanes = log.lanes()
  await Promise.all([log.close(), t.rejects(lanes, { code: 'InternalError' })])
  t.equal(clock.waiting, 0)
})

// Costs a second, which the tests' loader takes to start in a thread.
t.test('the thread starts from TypeScript as it does from what is built', async t => {
  const log = await openQueueLog({ dataDir: dataDirOf(t), queueBytesMax: 2 ** 30, clock: systemClock })
  t.match(await log.append(newEntry()), { laneSeq: 1 })
  const [entry] = await readAll(log)
  if (entry !== undefined) await log.settle([delivered(entry)])
  await log.close()
})
