import { spawnSync } from 'node:child_process'
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ProxyError } from '../../src/errors.js'
import { QueueBoundReached } from '../../src/queue/log-bounds.js'
import type { NewEntry, QueueLog, QueueNotice } from '../../src/queue/queue-log.js'
import { parkedBytesOf, queueBytesOf } from '../../src/store/queue-bytes.js'
import { PLAIN_NODE, projectPath } from '../support/project.js'
import { dataDirOf, delivered, newEntry, parkedPart, pushBody, readAll, startQueue, startThread } from '../support/queue.js'
import { fill, smallDisk } from '../support/small-disk.js'

// On a busy machine.
t.setTimeout(120_000)

/** Which bound stood in the way; undefined when the push was stored. */
async function boundReached (log: QueueLog, overrides: Partial<NewEntry>): Promise<string | undefined> {
  try {
    await log.append(newEntry(overrides))
    return undefined
  } catch (error) {
    if (!(error instanceof ProxyError) || error.code !== 'QueueFull' || !(error.cause instanceof QueueBoundReached)) throw error
    if ((error.retryAfterMs ?? 0) < 1000) throw new Error('QueueFull says when to come again.')
    return error.cause.bound
  }
}

t.test('bytes are counted as the disk counts, for small bodies and for large ones', async t => {
  for (const bodyBytes of [60, 700, 2000, 5000, 9000, 20_000, 300_000]) {
    const ratio = await countedOfDisk(t, bodyBytes, 3)
    t.ok(ratio > 0.95 && ratio < 1.2, `${bodyBytes} bytes a body: ${ratio.toFixed(3)}`)
  }
})

// They may need the room of rows at any time.
t.test('pushes that lie in bundles take no more than what is counted', async t => {
  for (const [bodyBytes, pushesPerCommit] of [[2, 300], [60, 300], [434, 17], [434, 22], [434, 31], [434, 40], [700, 300], [1000, 9], [2000, 300], [2000, 5], [4000, 300]] as const) {
    const ratio = await countedOfDisk(t, bodyBytes, pushesPerCommit)
    t.ok(ratio > 0.9 && ratio < 2.5, `${pushesPerCommit} of ${bodyBytes} bytes: ${ratio.toFixed(3)}`)
  }
})

/** What is counted for 2 MB of bodies, of what the file grows by. */
async function countedOfDisk (t: Test, bodyBytes: number, pushesPerCommit: number): Promise<number> {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const count = Math.ceil(2_000_000 / Math.max(bodyBytes, 500))
  const before = statSync(join(dataDir, 'queue.db')).size
  for (let left = count; left > 0; left -= pushesPerCommit) {
    await Promise.all(Array.from({ length: Math.min(left, pushesPerCommit) }, () => log.append(newEntry({ body: Buffer.alloc(bodyBytes, 1) }))))
  }
  const { bytes } = await log.usage()
  await log.close()
  t.equal(bytes, count * queueBytesOf(bodyBytes))
  return bytes / (statSync(join(dataDir, 'queue.db')).size - before)
}

t.test('what a push is repeated by is counted as well', async t => {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const before = statSync(join(dataDir, 'queue.db')).size
  const repeatKey = { key: Buffer.alloc(32, 1).toString('base64url'), body: Buffer.alloc(32, 2).toString('base64url') }
  await Promise.all(Array.from({ length: 4000 }, () => log.append(newEntry({ body: Buffer.alloc(200, 1), repeatKey }))))
  const { bytes } = await log.usage()
  await log.close()
  const grown = statSync(join(dataDir, 'queue.db')).size - before
  t.ok(bytes / grown > 0.95 && bytes / grown < 1.2, `counted ${bytes}, on disk ${grown}, ${(bytes / grown).toFixed(3)}`)
})

t.test('what is kept of parked records is counted as the disk counts', async t => {
  for (const records of [1, 5, 50]) {
    const dataDir = dataDirOf(t)
    const { log } = await startQueue(t, { dataDir, startThread })
    const before = statSync(join(dataDir, 'queue.db')).size
    const bodies = Array.from({ length: Math.ceil(3_000 / records) }, (_, push) => pushBody(Array.from({ length: records }, (_, n) => `meter-${push}-${n}`)))
    await Promise.all(bodies.map(body => log.park({ ...newEntry(), parts: [parkedPart({ body, recordCount: records })], deliveredRecords: 0, cloudRequestIds: [] })))
    const { bytes } = await log.usage()
    await log.close()
    const grown = statSync(join(dataDir, 'queue.db')).size - before
    t.equal(bytes, bodies.reduce((sum, body) => sum + parkedBytesOf(body.length, records), 0))
    t.ok(bytes / grown > 0.9 && bytes / grown < 1.2, `${records} records a push: counted ${bytes}, on disk ${grown}, ${(bytes / grown).toFixed(3)}`)
  }
})

t.test('a plant that fills its share is refused alone, and the whole bound refuses all', async t => {
  const one = queueBytesOf(5000)
  const body = Buffer.alloc(5000)
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread, queueBytesMax: 4 * one + parkedBytesOf(5000, 1) })
  for (let count = 0; count < 3; count++) t.equal(await boundReached(log, { body, plantBytesMax: 3 * one }), undefined)
  t.equal(await boundReached(log, { body, plantBytesMax: 3 * one }), 'plant')
  t.equal(await boundReached(log, { body, plant: 'beta' }), undefined)
  t.equal(await boundReached(log, { body, plant: 'beta' }), undefined)
  t.equal(await boundReached(log, { body, plant: 'beta' }), 'queue')

  const [first, second] = await readAll(log)
  await log.settle([{ id: first?.id ?? 0, deliveredRecords: 0, cloudRequestIds: [], parked: [parkedPart({ body })] }])
  t.equal(await boundReached(log, { body, plant: 'beta' }), 'queue', 'what is parked counts')
  if (second !== undefined) await log.settle([delivered(second)])
  t.equal(await boundReached(log, { body, plant: 'beta' }), undefined)
})

t.test('pushes of one turn are bounded together', async t => {
  const one = queueBytesOf(100)
  const { log } = await startQueue(t, { dataDir: dataDirOf(t), startThread, queueBytesMax: 10 * one })
  const outcomes = await Promise.all(Array.from({ length: 30 }, () => boundReached(log, { body: Buffer.alloc(100) })))
  t.equal(outcomes.filter(outcome => outcome === undefined).length, 10)
})

t.test('a bound that comes near rings once, and is quiet again well below it', async t => {
  const one = queueBytesOf(100)
  const { log, notices } = await startQueue(t, { dataDir: dataDirOf(t), startThread, queueBytesMax: 1000 * one })
  const push = (): Promise<unknown> => log.append(newEntry({ body: Buffer.alloc(100), plantBytesMax: 10 * one }))
  for (let count = 0; count < 9; count++) await push()
  const entries = await readAll(log)
  for (const entry of entries.slice(0, 2)) await log.settle([delivered(entry)])
  await push()
  t.strictSame(notices, [{ kind: 'near-full', near: true, plant: 'alpha', bytes: 8 * one, bytesMax: 10 * one }])
  for (const entry of entries.slice(2, 5)) await log.settle([delivered(entry)])
  t.match(notices[1], { near: false, plant: 'alpha', bytes: 6 * one })
  t.equal(notices.length, 2)
})

async function until (condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await condition()) return
    await new Promise<void>(resolve => { setTimeout(resolve, 10) })
  }
  throw new Error('It did not come to that.')
}

function fullNotices (notices: readonly QueueNotice[]): boolean[] {
  return notices.flatMap(notice => notice.kind === 'disk-full' ? [notice.full] : [])
}

t.test('on a full disk pushes are refused, the books are kept, and all goes on when there is room', async t => {
  const dataDir = smallDisk(t, 8)
  if (dataDir === undefined) {
    t.pass('only root may mount a disk of its own')
    return
  }
  const { log, notices } = await startQueue(t, { dataDir, startThread, ballastBytes: 524_288 })
  const body = Buffer.alloc(3000, 1)
  const first = await Promise.all(Array.from({ length: 100 }, () => log.append(newEntry({ body }))))
  const filler = join(dataDir, 'filler')
  fill(filler)
  await until(async () => await boundReached(log, { body }) === 'disk')
  t.strictSame(fullNotices(notices), [true])

  const stored = await readAll(log)
  t.ok(stored.length >= first.length, 'all that was stored is there')
  await log.noteFailure(stored.map(({ id }) => id), { atMs: 1, inDoubt: false })
  await log.settle(stored.slice(0, 60).map(delivered))
  t.strictSame((await readAll(log)).map(({ id, failures }) => [id, failures]), stored.slice(60).map(({ id }) => [id, 1]))
  t.equal(await boundReached(log, { body }), 'disk')

  rmSync(filler)
  await until(async () => await boundReached(log, { body }) === undefined)
  t.strictSame(fullNotices(notices), [true, false])
  t.equal(statSync(join(dataDir, 'queue.ballast')).size, 524_288)
})

t.test('a queue that fills its disk by itself keeps what it stored, and drains', async t => {
  const dataDir = smallDisk(t, 16)
  if (dataDir === undefined) {
    t.pass('only root may mount a disk of its own')
    return
  }
  const { log } = await startQueue(t, { dataDir, startThread, ballastBytes: 7_000_000 })
  let stored = 0
  for (let bound: string | undefined; bound === undefined; stored += bound === undefined ? 1 : 0) bound = await boundReached(log, { body: Buffer.alloc(30_000, 1) })
  t.ok(stored > 50, `${stored} stored`)
  const entries = await readAll(log)
  t.equal(entries.length, stored)
  for (let at = 0; at < entries.length; at += 10) await log.settle(entries.slice(at, at + 10).map(delivered))
  t.strictSame(await log.lanes(), [])
  await until(async () => await boundReached(log, { body: Buffer.alloc(30_000, 1) }) === undefined)
})

t.test('a disk that is full at the start opens without its store, and the store comes with the room', async t => {
  const dataDir = smallDisk(t, 4)
  if (dataDir === undefined) {
    t.pass('only root may mount a disk of its own')
    return
  }
  const filler = join(dataDir, 'filler')
  fill(filler)
  const { log, notices } = await startQueue(t, { dataDir, startThread, ballastBytes: 65_536 })
  t.equal(await boundReached(log, {}), 'disk')
  const lanes = log.lanes()
  rmSync(filler)
  t.strictSame(await lanes, [])
  await until(async () => await boundReached(log, {}) === undefined)
  t.strictSame(fullNotices(notices), [true, false])
})

t.test('a limit on the size of files is met like a full disk, and costs nothing that was stored', async t => {
  const dataDir = dataDirOf(t)
  const appender = projectPath('dist/test/support/queue-appender.js')
  const { stdout } = spawnSync('bash', ['-c', `ulimit -f 3000 && exec ${PLAIN_NODE.join(' ')} "${appender}" "${dataDir}" 600 8`], { encoding: 'utf8' })
  const lines = stdout.trim().split('\n')
  const stored = lines.filter(line => line.startsWith('stored')).map(line => line.split(' ')[1])
  const refused = lines.filter(line => line.startsWith('refused'))
  t.ok(stored.length > 50 && refused.length > 10, `${stored.length} stored, ${refused.length} refused`)
  t.ok(refused.every(line => line.endsWith('QueueFull')))
  const { log } = await startQueue(t, { dataDir, startThread })
  t.strictSame(log.opened.lost, [])
  const found = new Set((await readAll(log)).map(({ requestId }) => requestId))
  t.strictSame(stored.filter(requestId => requestId !== undefined && !found.has(requestId)), [])
})
