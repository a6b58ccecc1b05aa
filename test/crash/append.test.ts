import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { readLoggedPages } from '../../src/store/carve-log.js'
import { compileSource } from '../support/compiled-source.js'
import { bodyOf } from '../support/queue-bodies.js'
import { dataDirOf, fastThreads, newEntry, readAll, startQueue } from '../support/queue.js'
import { canTrace, TracedDisk, traceDisk } from '../support/traced-disk.js'

/** `npm run test:crash` asks for more. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 20)

const run = promisify(execFile)
const startThread = fastThreads(t)
const appender = fileURLToPath(compileSource(t, 'test/support/queue-appender.ts'))

/** What a client was told: request id to lane number. */
type Ledger = Map<string, number>

function note (ledger: Ledger, line: string): void {
  const [word, requestId = '', laneSeq] = line.split(' ')
  if (word === 'stored') ledger.set(requestId, Number(laneSeq))
}

/** Every push that was answered as stored is on the disk, under its number, with its bytes. */
function missingOf (dataDir: string, ledger: Ledger): string[] {
  const file = openQueueFile(dataDir)
  try {
    const found = new Map([...file.exportRows()].map(({ requestId, body, intact }) => [requestId, intact && Buffer.from(body).toString() === bodyOf(requestId)]))
    return [...ledger.keys()].filter(requestId => found.get(requestId) !== true)
  } finally {
    file.close()
  }
}

/** Reproducible: the seed is in the title of what fails. */
function random (seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

t.test(`${ROUNDS} kills at random moments lose nothing that was answered as stored`, async t => {
  const dataDir = dataDirOf(t)
  const ledger: Ledger = new Map()
  const chance = random(Date.now())
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn(process.execPath, [appender, dataDir, '100000', String(1 + Math.floor(chance() * 16)), `${round}-`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const killAfter = 1 + Math.floor(chance() * 120)
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      note(ledger, line)
      if (++lines === killAfter) child.kill('SIGKILL')
    }
  }
  t.ok(ledger.size > ROUNDS, `${ledger.size} stored`)
  t.equal(new Set(ledger.values()).size, ledger.size, 'no number was given out twice')
  const { log } = await startQueue(t, { dataDir, startThread })
  t.strictSame(log.opened.lost, [])
  t.ok(log.opened.waiting >= ledger.size)
  t.comment(`${log.opened.waiting - ledger.size} pushes were on disk whose answer the kill took`)
  t.strictSame(missingOf(dataDir, ledger), [])
})

t.test('wherever the power goes, what was answered as stored was synced before', { skip: canTrace() ? false : 'strace is not here' }, t => {
  const dataDir = dataDirOf(t)
  const events = traceDisk(appender, [dataDir, '120', '2'], dataDir)
  const disk = new TracedDisk()
  const ledger: Ledger = new Map()
  const cut = join(dataDirOf(t), 'cut')
  const chance = random(1)
  let cuts = 0
  for (const [index, event] of events.entries()) {
    disk.apply(event)
    if (event.kind === 'said') note(ledger, event.line)
    const isBoundary = event.kind === 'sync' || event.kind === 'said'
    if (ledger.size === 0 || (!isBoundary && index % 10 !== 0)) continue
    // Of what was not synced nothing came to the disk, or, in the middle of a transaction, some of it by chance.
    for (const share of isBoundary ? [0] : [0.5]) {
      const left = disk.afterPowerCut(() => chance() < share)
      const missing = whenOpened(cut, left, () => missingOf(cut, ledger))
      if (missing.length > 0) t.fail(`a cut after event ${index} of ${events.length} lost ${missing.length} of ${ledger.size}`)
      if (readLoggedPages(left.get('queue.db-wal') ?? Buffer.alloc(0)).damaged) t.fail(`a cut after event ${index} looks like damage`)
      cuts++
    }
  }
  t.equal(ledger.size, 120)
  t.ok(events.some((event, index) => index > events.length / 2 && event.kind === 'sync' && event.file === 'queue.db'), 'the log was copied into the file meanwhile')
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
  for (let size = 0; size <= log.length; size += 512) {
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

t.test('a sync that fails is never followed by an answer, and the proxy goes on after it', { skip: canTrace() ? false : 'strace is not here' }, async t => {
  const runs = await Promise.all([17, 18, 20].map(async sync => {
    const dataDir = dataDirOf(t)
    const { stdout } = await run('strace', ['-f', '-o', '/dev/null', '-e', 'trace=fsync', '-e', `inject=fsync:error=EIO:when=${sync}`, process.execPath, appender, dataDir, '20', '3']).catch(readKilled)
    return { dataDir, lines: stdout.trim().split('\n') }
  }))
  for (const { dataDir, lines } of runs) {
    const ledger: Ledger = new Map()
    for (const line of lines) note(ledger, line)
    const refused = lines.filter(line => line.startsWith('refused'))
    t.equal(lines.length, 20, 'every push was answered')
    t.ok(refused.length >= 1 && refused.length <= 3 && refused.every(line => line.endsWith('InternalError')), `${refused.length} refused`)
    t.strictSame(missingOf(dataDir, ledger), [])
    t.equal([...ledger.values()].at(-1), ledger.size, 'the numbers have no gap')
  }
})

/** The appender ends by killing itself. */
function readKilled (error: unknown): { stdout: string } {
  if (error instanceof Error && 'stdout' in error) return { stdout: String(error.stdout) }
  throw error
}

t.test('a thread that dies between the commit and the answer: the push is found and answered', async t => {
  const dataDir = dataDirOf(t)
  let deaths = 0
  const { log, notices } = await startQueue(t, {
    dataDir,
    startThread: data => {
      const thread = startThread(data)
      return {
        postMessage: (message, memory) => { thread.postMessage(message, memory) },
        on: (event, listener) => thread.on(event, (value: unknown) => {
          if (event !== 'message' || deaths > 0 || !isAnswer(value)) listener(value)
          else {
            deaths++
            thread.terminate().catch(t.error)
          }
        })
      }
    }
  })
  const entry = newEntry()
  t.match(await log.append(entry), { laneSeq: 1 })
  t.match(await readAll(log), [{ requestId: entry.requestId }])
  t.equal(deaths, 1)
  t.match(notices, [{ kind: 'failed' }, { kind: 'reopened', report: { waiting: 1 } }])
})

function isAnswer (value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'answers'
}
