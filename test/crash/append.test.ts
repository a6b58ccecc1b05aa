import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { CRASH_ROUNDS } from '../support/crash-rounds.js'
import { PLAIN_NODE, projectPath } from '../support/project.js'
import { missingOf, note, random, storedIn, type Ledger } from '../support/queue-ledger.js'
import { dataDirOf, newEntry, readAll, startQueue, startThread } from '../support/queue.js'
import { canTrace } from '../support/traced-disk.js'

// On a busy machine.
t.setTimeout(Math.max(120_000, CRASH_ROUNDS * 10_000))

const run = promisify(execFile)
const appender = projectPath('dist/test/support/queue-appender.js')

t.test(`${CRASH_ROUNDS} kills at random moments lose nothing that was answered as stored`, async t => {
  const dataDir = dataDirOf(t)
  const ledger: Ledger = new Map()
  const chance = random(Date.now())
  for (let round = 0; round < CRASH_ROUNDS; round++) {
    const child = spawn(PLAIN_NODE[0], [...PLAIN_NODE.slice(1), appender, dataDir, '100000', String(1 + Math.floor(chance() * 16)), `${round}-`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const killAfter = 1 + Math.floor(chance() * 60)
    let lines = 0
    for await (const line of createInterface({ input: child.stdout })) {
      note(ledger, line)
      if (++lines === killAfter) child.kill('SIGKILL')
    }
  }
  t.ok(ledger.size > CRASH_ROUNDS, `${ledger.size} stored`)
  t.equal(new Set(ledger.values()).size, ledger.size, 'no number was given out twice')
  const { log } = await startQueue(t, { dataDir, startThread })
  t.strictSame(log.opened.lost, [])
  t.ok(log.opened.waiting >= ledger.size)
  t.comment(`${log.opened.waiting - ledger.size} pushes were on disk whose answer the kill took`)
  t.strictSame(missingOf(storedIn(dataDir), ledger), [])
})

t.test('a sync that fails is never followed by an answer, and the proxy goes on after it', { skip: canTrace() ? false : 'strace is not here' }, async t => {
  const runs = await Promise.all([17, 18, 20].map(async sync => {
    const dataDir = dataDirOf(t)
    const { stdout } = await run('strace', ['-f', '-o', '/dev/null', '-e', 'trace=fsync', '-e', `inject=fsync:error=EIO:when=${sync}`, ...PLAIN_NODE, appender, dataDir, '20', '3']).catch(readKilled)
    return { dataDir, lines: stdout.trim().split('\n') }
  }))
  for (const { dataDir, lines } of runs) {
    const ledger: Ledger = new Map()
    for (const line of lines) note(ledger, line)
    const refused = lines.filter(line => line.startsWith('refused'))
    t.equal(lines.length, 21, 'every push was answered')
    t.ok(refused.length >= 1 && refused.length <= 3 && refused.every(line => line.endsWith('InternalError')), `${refused.length} refused`)
    t.strictSame(missingOf(storedIn(dataDir), ledger), [])
    t.equal([...ledger.values()].at(-1), ledger.size, 'the numbers have no gap')
  }
})

t.test('a disk that takes its time for a sync does not hold up the event loop', { skip: canTrace() ? false : 'strace is not here' }, async t => {
  const dataDir = dataDirOf(t)
  const { stdout } = await run('strace', ['-f', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:delay_exit=600000:when=15+', ...PLAIN_NODE, appender, dataDir, '40', '20']).catch(readKilled)
  const lines = stdout.trim().split('\n')
  t.equal(lines.filter(line => line.startsWith('stored')).length, 40)
  const lagMs = Number(lines.at(-1)?.split(' ')[1])
  t.ok(lagMs < 300, `${lagMs} ms at the most, while each sync took 600`)
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

// A sync that failed may have lost what a later read still finds in the system's memory.
t.test('a push that is found after a thread died, but not on a disk that was synced since, is not answered as stored', async t => {
  const dataDir = dataDirOf(t)
  let threads = 0
  const { log } = await startQueue(t, {
    dataDir,
    startThread: data => {
      const thread = startThread(data)
      const isFirst = ++threads === 1
      return {
        postMessage: (message, memory) => { thread.postMessage(message, memory) },
        on: (event, listener) => thread.on(event, (value: unknown) => {
          if (event !== 'message') listener(value)
          else if (isFirst && isAnswer(value)) thread.terminate().catch(t.error)
          else listener(isOpened(value) ? { ...value, synced: false } : value)
        })
      }
    }
  })
  await t.rejects(log.append(newEntry()), { code: 'InternalError' })
  t.equal(threads, 2)
})

function isOpened (value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'opened'
}

function isAnswer (value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'answers'
}
