import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { readLoggedPages } from '../../src/store/carve-log.js'
import { projectPath } from '../support/project.js'
import { everyPlaceOr } from '../support/crash-rounds.js'
import { bodyOf } from '../support/queue-bodies.js'
import { missingOf, note, random, storedIn, type Ledger } from '../support/queue-ledger.js'
import { dataDirOf, newEntry, readAll, startQueue, startThread } from '../support/queue.js'
import { canTrace, TracedDisk, traceDisk } from '../support/traced-disk.js'

// On a busy machine.
t.setTimeout(120_000)

const PUSHES = 120 / everyPlaceOr(2)
const appender = projectPath('dist/test/support/queue-appender.js')

t.test('wherever the power goes, what was answered as stored was synced before', { skip: canTrace() ? false : 'strace is not here' }, t => {
  const dataDir = dataDirOf(t)
  const events = traceDisk(appender, [dataDir, String(PUSHES), '2'], dataDir)
  const disk = new TracedDisk()
  const ledger: Ledger = new Map()
  const cut = join(dataDirOf(t), 'cut')
  const chance = random(1)
  let [cuts, surviving] = [0, new Set<string>()]
  for (const [index, event] of events.entries()) {
    disk.apply(event)
    if (event.kind === 'said') {
      // What would survive has not changed since the last sync.
      note(ledger, event.line)
      t.strictSame(missingOf(surviving, ledger), [], `answer ${ledger.size}`)
    } else if (event.kind === 'sync' || (ledger.size > 0 && index % everyPlaceOr(48) === 0)) {
      // Of what was not synced nothing came to the disk, or, in the middle of a transaction, some of it by chance.
      const left = disk.afterPowerCut(() => event.kind !== 'sync' && chance() < 0.5)
      const stored = left.has('queue.db') ? whenOpened(cut, left, () => storedIn(cut)) : new Set<string>()
      if (event.kind === 'sync') surviving = stored
      const missing = missingOf(stored, ledger)
      if (missing.length > 0) t.fail(`a cut after event ${index} of ${events.length} lost ${missing.length} of ${ledger.size}`)
      if (readLoggedPages(left.get('queue.db-wal') ?? Buffer.alloc(0)).damaged) t.fail(`a cut after event ${index} looks like damage`)
      cuts++
    }
  }
  t.equal(ledger.size, PUSHES)
  if (PUSHES > 100) t.ok(events.some((event, index) => index > events.length / 2 && event.kind === 'sync' && event.file === 'queue.db'), 'the log was copied into the file meanwhile')
  t.comment(`${cuts} cuts, ${events.length} system calls`)
  t.end()
})

/** Runs `work` while the files lie in a directory. */
function whenOpened<T> (directory: string, files: ReadonlyMap<string, Buffer>, work: () => T): T {
  mkdirSync(directory)
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes)
  try {
    return work()
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** Three pushes, one commit each, and the length of the log after each of them. */
async function smallLog (t: Test): Promise<{ database: Buffer, log: Buffer, commits: Array<{ requestId: string, logBytes: number }> }> {
  const dataDir = dataDirOf(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const commits: Array<{ requestId: string, logBytes: number }> = []
  for (let count = 0; count < 3; count++) {
    const entry = newEntry({ requestId: `${count}00` })
    await log.append({ ...entry, body: Buffer.from(bodyOf(entry.requestId)) })
    commits.push({ requestId: entry.requestId, logBytes: statSync(join(dataDir, 'queue.db-wal')).size })
  }
  // Copied by another process: closing a file here would take the locks of the thread that has it open.
  const copy = dataDirOf(t)
  execFileSync('cp', [join(dataDir, 'queue.db'), join(dataDir, 'queue.db-wal'), copy])
  return { database: readFileSync(join(copy, 'queue.db')), log: readFileSync(join(copy, 'queue.db-wal')), commits }
}

t.test('a log that was cut at any sector holds every push that was committed before the cut', async t => {
  const { database, log, commits } = await smallLog(t)
  const cut = join(dataDirOf(t), 'cut')
  for (let size = 0; size <= log.length; size += 512 * everyPlaceOr(16)) {
    const torn = log.subarray(0, size)
    const found = whenOpened(cut, new Map([['queue.db', database], ['queue.db-wal', torn]]), () => {
      const file = openQueueFile(cut)
      try {
        const { lost, sound } = file.verify()
        if (lost.length > 0 || !sound) t.fail(`cut at ${size}: ${lost.length} lost`)
        return [...file.exportRows()].map(({ requestId }) => requestId)
      } finally {
        file.close()
      }
    })
    const expected = commits.filter(({ logBytes }) => logBytes <= size).map(({ requestId }) => requestId)
    if (found.join() !== expected.join()) t.fail(`cut at ${size}: ${found.join()} instead of ${expected.join()}`)
    if (readLoggedPages(torn).damaged) t.fail(`cut at ${size} looks like damage`)
  }
  t.equal(commits.at(-1)?.logBytes, log.length)
})

t.test('a log in which a byte has changed is not taken for one that was cut: what lies behind it is recovered', async t => {
  const { database, log, commits } = await smallLog(t)
  const dataDir = dataDirOf(t)
  // In the first transaction; SQLite alone would go on without all three.
  const changed = Buffer.from(log)
  changed.writeUInt8(changed.readUInt8(5000) ^ 1, 5000)
  writeFileSync(join(dataDir, 'queue.db'), database)
  writeFileSync(join(dataDir, 'queue.db-wal'), changed)
  const opened = (await startQueue(t, { dataDir, startThread })).log
  t.ok(existsSync(opened.opened.setAside ?? ''))
  t.equal(opened.opened.waiting, 3)
  t.strictSame((await readAll(opened)).map(({ requestId }) => requestId), commits.map(({ requestId }) => requestId))
})
