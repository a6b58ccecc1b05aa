import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { Gathering } from '../../src/queue/gathering.js'
import { openQueueLog } from '../../src/queue/queue-log.js'
import { Database } from '../../src/store/database.js'
import { ManualClock } from '../support/manual-clock.js'
import { dataDirOf, newEntry, startThread } from '../support/queue.js'

/** What came, and how much of it was sent when. */
class Line {
  atMs = 0
  readonly sent: number[] = []
  #count = 0
  readonly #bodyBytes: number
  readonly #gathering = new Gathering({
    clock: { monotonicMs: () => this.atMs },
    send: () => {
      this.sent.push(this.#count)
      this.#count = 0
    }
  })

  constructor (bodyBytes = 434) {
    this.#bodyBytes = bodyBytes
  }

  /** Each turn of the event loop brings as many as its number says. */
  async turns (counts: readonly number[]): Promise<void> {
    for (const count of counts) {
      for (let each = 0; each < count; each++) this.#gathering.add(this.#bodyBytes)
      this.#count += count
      await setImmediate()
    }
  }
}

t.test('what comes turn after turn goes together, at the end of the first turn that brings no more', async t => {
  const line = new Line()
  await line.turns([1, 2, 1])
  t.strictSame(line.sent, [])
  await line.turns([0])
  t.strictSame(line.sent, [4])
  await line.turns([3, 0, 0, 1, 0])
  t.strictSame(line.sent, [4, 3, 1])
})

t.test('requests that never end go by the hundreds', async t => {
  const line = new Line()
  await line.turns(Array.from({ length: 30 }, () => 20))
  t.strictSame(line.sent, [260, 260])
})

t.test('large bodies wait for few others', async t => {
  const line = new Line(40_000)
  await line.turns([1, 1, 1, 1, 1, 0])
  t.strictSame(line.sent, [4, 1])
})

t.test('a request waits 8 ms and no longer for those that come behind it', async t => {
  const line = new Line()
  for (; line.sent.length === 0 && line.atMs < 20; line.atMs++) await line.turns([1])
  t.strictSame([line.sent, line.atMs], [[9], 9])
})

t.test('pushes that come one turn after the other share a commit', async t => {
  const dataDir = dataDirOf(t)
  const log = await openQueueLog({ dataDir, queueBytesMax: 2 ** 30, clock: new ManualClock(), startThread })
  const appends: Array<Promise<unknown>> = []
  for (let turn = 0; turn < 8; turn++) {
    appends.push(log.append(newEntry()))
    await setImmediate()
  }
  await Promise.all(appends)
  await log.close()
  const database = new Database({ dataDir, fileName: 'queue.db' })
  t.teardown(() => { database.close() })
  t.strictSame(database.all('SELECT entries FROM bundles'), [{ entries: 8 }])
})
