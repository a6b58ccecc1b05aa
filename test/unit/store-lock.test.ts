import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { systemClock, type Clock } from '../../src/clock.js'
import { acquireServerLock } from '../../src/store/lock.js'

// Two real processes beside this one, since only the operating system can tell whether a kill frees a lock.
const [first, second] = [startProcess(), startProcess()]
const tryOnce = { waitMs: 0, clock: systemClock }

function startProcess (): ChildProcess {
  const child = fork(fileURLToPath(new URL('../support/hold-server-lock.js', import.meta.url)))
  t.teardown(() => { child.kill('SIGKILL') })
  return child
}

/** What a process answers next; an end without an answer fails the test, and does not hang it. */
async function answerOf (child: ChildProcess): Promise<unknown> {
  const [answer] = await Promise.race([once(child, 'message'), once(child, 'exit').then(([code]) => [`exit ${String(code)}`])])
  return answer
}

async function ask (child: ChildProcess, message: object | 'release'): Promise<unknown> {
  child.send(message)
  return await answerOf(child)
}

t.test('a second server is refused after its wait, in a sentence that names the directory', async t => {
  const dataDir = t.testdir()
  t.equal(await ask(first, { dataDir, waitMs: 0 }), 'locked')
  const refusal = { code: 'SERVER_RUNNING', message: `Another server uses DATA_DIR ${dataDir}; stop it, or give this one a directory of its own.` }
  await t.rejects(acquireServerLock(dataDir, tryOnce), refusal)

  let nowMs = 0
  const pausesMs: number[] = []
  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, callback) => {
      pausesMs.push(delayMs)
      nowMs += delayMs
      setImmediate(callback)
      return () => {}
    }
  }
  await t.rejects(acquireServerLock(dataDir, { waitMs: 250, clock }), refusal)
  t.same(pausesMs, [100, 100, 50], 'it waits as long as it was told, and no longer')
})

t.test('a killed server lets go at once: the one that waits takes over, and nothing has to be cleaned up', async t => {
  const dataDir = t.testdir()
  t.equal(await ask(first, { dataDir, waitMs: 0 }), 'locked')
  const takesOver = acquireServerLock(dataDir, { waitMs: 20_000, clock: systemClock, pollMs: 20 })
  first.kill('SIGKILL')
  const lock = await takesOver
  t.match(await ask(second, { dataDir, waitMs: 0 }), /Another server uses DATA_DIR/, 'and holds it against the next')
  lock.release()
})

t.test('a server that waits stays alive without any other work, and takes over when the lock is released', async t => {
  const dataDir = t.testdir()
  const lock = await acquireServerLock(dataDir, tryOnce)
  await t.rejects(acquireServerLock(dataDir, tryOnce), /Another server/, 'the lock also holds within one process')
  second.send({ dataDir, waitMs: 20_000 })
  t.equal(await ask(second, 'release'), 'released', 'what it answers now, it answers while it waits')
  const takesOver = answerOf(second)
  lock.release()
  lock.release()
  t.equal(await takesOver, 'locked')
  t.equal(await ask(second, 'release'), 'released')
  const again = await acquireServerLock(dataDir, tryOnce)
  again.release()
})

t.test('a directory that cannot be used is told at once, however long the wait', async t => {
  const parent = t.testdir({ file: '', foreign: { 'server.lock': 'a text that somebody else left here, longer than a header' }, odd: { 'server.lock': {} } })
  const patient = { waitMs: 60_000, clock: systemClock }
  await t.rejects(acquireServerLock(`${parent}/file`, patient), { name: 'StoreError', message: /file: This is a file/ })
  await t.rejects(acquireServerLock(`${parent}/foreign`, patient), { name: 'StoreError', code: 'SQLITE_NOTADB' })
  await t.rejects(acquireServerLock(`${parent}/odd`, patient), { name: 'StoreError', code: 'SQLITE_CANTOPEN' })
})
