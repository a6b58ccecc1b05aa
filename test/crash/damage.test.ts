import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Database } from '../../src/store/database.js'
import { finishRecovery } from '../../src/queue/log-swap.js'
import { recoverStore } from '../../src/queue/log-recover.js'
import { openQueueFile } from '../../src/queue/queue-file.js'
import type { OpenReport } from '../../src/queue/queue-log.js'
import { checkRecovered, countLost, damagedCopy, overwrite, PAGE_BYTES, prepareKnown, recover, recoverChanged } from '../support/damaged-queue.js'
import { everyPlaceOr } from '../support/crash-rounds.js'
import { dataDirOf, delivered, newEntry, readAll, startQueue, startThread } from '../support/queue.js'

// On a busy machine.
t.setTimeout(120_000)

/** Small and large bodies. */
const known = await prepareKnown(t, index => `${index} `.repeat(index % 10 === 0 ? 12_000 : 300))

t.test('a sound store is carried over whole', t => {
  const dataDir = damagedCopy(t, known, () => {})
  recoverStore(dataDir, 0)
  t.match(finishRecovery(dataDir), /queue\.db\.damaged-19700101T000000000Z$/)
  t.strictSame(checkRecovered(t, known, dataDir), { recovered: known.waiting.size, lost: [] })
  const file = openQueueFile(dataDir)
  t.equal(file.listParked().length, known.parked.size)
  t.equal(file.show([...known.finished][0] ?? '')?.receipt?.delivered, 1)
  t.equal([...file.exportRows()].filter(({ id }) => file.show(String(id))?.waiting[0]?.doubtfulCall !== undefined).length, 10, 'calls in doubt stay so')
  file.close()
  t.end()
})

t.test('whichever page is gone, the pushes of the others are recovered, and those of the page are named', t => {
  const pages = statSync(join(known.dataDir, 'queue.db')).size / PAGE_BYTES
  let lostOfAll = 0
  for (let page = 0; page < pages; page += everyPlaceOr(8)) {
    const dataDir = damagedCopy(t, known, path => { overwrite(path, page * PAGE_BYTES, Buffer.alloc(PAGE_BYTES)) })
    const { recovered, lost } = recover(t, known, dataDir)
    t.equal(recovered + countLost(lost), known.waiting.size, `page ${page}`)
    lostOfAll += countLost(lost)
  }
  // A push of 2 KB lies on one page, the large ones on four.
  t.ok(lostOfAll < 200, `${lostOfAll} lost on ${pages} pages`)
  t.end()
})

t.test('a store that was cut, or whose header is gone, is set aside at the start and what is left is there', async t => {
  const size = statSync(join(known.dataDir, 'queue.db')).size
  for (const [what, damage] of [
    ['cut in half', (path: string) => { truncateSync(path, size / 2 + 100) }],
    ['cut to a few bytes', (path: string) => { truncateSync(path, 77) }],
    ['without its first page', (path: string) => { overwrite(path, 0, Buffer.alloc(PAGE_BYTES, 0xff)) }],
    ['not a database at all', (path: string) => { writeFileSync(path, 'x'.repeat(100_000)) }]
  ] as const) {
    const dataDir = damagedCopy(t, known, damage)
    const { log } = await startQueue(t, { dataDir, startThread })
    const { setAside, waiting, lost } = log.opened
    t.ok(setAside !== undefined && existsSync(setAside), `${what}: set aside`)
    t.match(await log.append(newEntry()), { id: Number }, `${what}: goes on`)
    const missing = known.waiting.size - waiting
    if (what.startsWith('without')) t.equal(missing, 0, `${what}: ${missing} lost`)
    if (what === 'cut in half') t.ok(countLost(lost) > 0 && countLost(lost) <= missing, `${what}: ${countLost(lost)} of ${missing} named`)
    const again = await reopen(t, dataDir, log)
    t.strictSame([again.lost, again.setAside], [[], undefined], `${what}: told once`)
  }
})

async function reopen (t: Test, dataDir: string, log: { close: () => Promise<void> }): Promise<OpenReport> {
  await log.close()
  return (await startQueue(t, { dataDir, startThread })).log.opened
}

t.test('a body that has changed on disk is never read: it is counted as lost, by name, once', async t => {
  const [requestId, body] = [...known.waiting][3] ?? ['', '']
  const flip = (path: string): void => {
    // In pages that are free now, too.
    const bytes = readFileSync(path)
    for (let at = bytes.indexOf(body.slice(0, 500)); at >= 0; at = bytes.indexOf(body.slice(0, 500), at + body.length)) overwrite(path, at + 100, Buffer.from('X'))
  }
  const { log, notices } = await startQueue(t, { dataDir: damagedCopy(t, known, flip), startThread })
  t.equal((await readAll(log)).length, known.waiting.size - 1)
  t.match(notices, [{ kind: 'lost', lost: [{ plant: 'alpha', requestIds: [requestId] }] }])
  t.match(await log.receipt(requestId), { waiting: 0, lost: 1 })
  t.equal((await readAll(log)).length, known.waiting.size - 1)
  t.equal(notices.length, 1)

  const file = openQueueFile(damagedCopy(t, known, flip))
  t.match(file.verify(), { sound: true, lost: [{ requestIds: [requestId] }], lostRecordsBefore: 0 })
  t.match(file.verify(), { sound: true, lost: [], lostRecordsBefore: 1 })
  file.close()
})

t.test('a row that is gone leaves a gap, which is named at the next start, once', async t => {
  const dataDir = damagedCopy(t, known, () => {})
  const database = new Database({ dataDir, fileName: 'queue.db' })
  const row = database.get('SELECT request_id, lane_seq FROM pushes ORDER BY id LIMIT 1')
  database.run('DELETE FROM pushes WHERE request_id = ?', [row?.['request_id'] ?? ''])
  database.run("DELETE FROM parked WHERE id = (SELECT MIN(id) FROM parked WHERE state = 'parked')")
  database.close()
  const { log, notices } = await startQueue(t, { dataDir, startThread })
  t.match(notices, [{ kind: 'lost', lost: log.opened.lost }])
  t.match(log.opened.lost, [{ plant: 'alpha', laneSeqs: [[row?.['lane_seq'], row?.['lane_seq']]] }])
  t.ok(log.opened.lost[0]?.requestIds.includes(String(row?.['request_id'])))
  t.match(await log.receipt(String(row?.['request_id'])), { waiting: 0, lost: 1 })
  t.strictSame((await reopen(t, dataDir, log)).lost, [])
})

t.test('whichever bytes have changed, nothing is recovered under another name or with other bytes', t => {
  recoverChanged(t, known, 60)
  t.end()
})

t.test('a kill in the middle of a recovery costs nothing', t => {
  const dataDir = damagedCopy(t, known, () => {})
  recoverStore(dataDir, 5)
  const names = readdirSync(dataDir)
  t.ok(names.includes('queue.db.recovered-19700101T000000005Z'), 'the new store waits under a name of its own')
  // As if the kill came after the damaged file was moved, and a command had made an empty one since.
  copyFileSync(join(dataDir, 'queue.db'), join(dataDir, 'queue.db.damaged-19700101T000000005Z'))
  writeFileSync(join(dataDir, 'queue.db'), '')
  writeFileSync(join(dataDir, 'queue.db.recovering'), 'half')
  writeFileSync(join(dataDir, 'queue.db.recovered-19700101T000000001Z'), 'an older one')
  finishRecovery(dataDir)
  t.strictSame(checkRecovered(t, known, dataDir), { recovered: known.waiting.size, lost: [] })
  t.strictSame(readdirSync(dataDir).filter(name => /recover/.test(name)), [])
  t.ok(statSync(join(dataDir, 'queue.db.damaged-19700101T000000005Z')).size > 0)
  t.equal(finishRecovery(dataDir), undefined)
  t.end()
})

t.test('a store that is damaged while it is used is recovered, and the proxy goes on', async t => {
  const dataDir = damagedCopy(t, known, () => {})
  const { log, notices } = await startQueue(t, { dataDir, startThread })
  const reopened = new Promise<void>(resolve => { log.onNotice(({ kind }) => { if (kind === 'reopened') resolve() }) })
  // A change by another connection makes the thread forget the pages that it holds in memory.
  const file = openQueueFile(dataDir)
  file.skip(file.listParked()[0]?.id ?? 0)
  file.close()
  const { size } = statSync(join(dataDir, 'queue.db'))
  overwrite(join(dataDir, 'queue.db'), size / 2, Buffer.alloc(size / 2, 1))
  const lanes = await log.lanes()
  const entries = await Promise.all(lanes.map(lane => log.read(lane.id, { entriesMax: 500, bytesMax: 2 ** 30 })))
  await reopened
  t.match(notices.slice(0, 2), [{ kind: 'failed', code: /^SQLITE_CORRUPT/ }, { kind: 'reopened', report: { setAside: String } }])
  t.ok(existsSync(notices[1]?.kind === 'reopened' ? notices[1].report.setAside ?? '' : ''))
  t.ok(entries.flat().every(({ requestId, body }) => known.waiting.get(requestId) === Buffer.from(body).toString()))
  t.ok(await log.append(newEntry()))
  const [entry] = await readAll(log)
  if (entry !== undefined) await log.settle([delivered(entry)])
})

t.test('a file that is removed while it is used is written again from what is still open', async t => {
  const dataDir = damagedCopy(t, known, () => {})
  const { log, notices } = await startQueue(t, { dataDir, startThread })
  const entry = newEntry()
  await log.append(entry)
  for (const names of [['queue.db-wal'], ['queue.db', 'queue.db-wal', 'queue.db-shm']]) {
    const reopened = new Promise<void>(resolve => { log.onChange(resolve) })
    for (const name of names) rmSync(join(dataDir, name))
    await reopened
    t.equal((await readAll(log)).length, known.waiting.size + 1, names.join())
    t.match(notices.splice(0), [{ kind: 'failed', code: 'FILE_REPLACED' }, { kind: 'reopened', report: { lost: [] } }])
  }
  t.match(await log.receipt(entry.requestId), { waiting: 1 })
})

t.test('a log whose file is gone is not thrown away, and a queue that has vanished is noticed', async t => {
  const dataDir = dataDirOf(t)
  const first = await startQueue(t, { dataDir, startThread })
  await first.log.append(newEntry())
  const copy = dataDirOf(t)
  execFileSync('cp', [join(dataDir, 'queue.db-wal'), join(dataDir, 'queue.ballast'), copy])
  const { log } = await startQueue(t, { dataDir: copy, startThread })
  t.match(log.opened, { setAside: String, waiting: 1 })
  t.equal(log.opened.vanished, undefined)
  await log.close()
  rmSync(join(copy, 'queue.db'))
  t.match((await startQueue(t, { dataDir: copy, startThread })).log.opened, { waiting: 0, vanished: true })
  t.equal(first.log.opened.vanished, undefined)
})
