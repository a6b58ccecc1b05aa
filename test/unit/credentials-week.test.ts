import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { createCredentialSource } from '../../src/credentials/credential-source.js'
import { toFailure } from '../../src/queue/to-failure.js'
import { DELIVERED, device, setUpQueue } from '../support/queue-bench.js'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const STEP_MS = 120 * SECOND_MS

/** The outages of one day: hours in which the token service fails, in one way and in two that take turns. */
const isDown = (hour: number): boolean => (hour >= 2 && hour < 4) || (hour >= 6 && hour < 14) || hour === 20

t.test('a week in which the token service is down half of the time costs no more lines, timers or memory at its end than at its beginning', async t => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const heapBytes = (): number => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const bench = setUpQueue(t)
  const { clock } = bench
  const startedAtMs = clock.now()
  let asked = 0
  const lines: string[] = []
  const source = createCredentialSource({
    clock,
    random: () => 0.5,
    onProblem: ({ kind }) => { lines.push(kind) },
    makeClient: () => ({
      async getCredential () {
        asked += 1
        const hour = Math.floor((clock.now() - startedAtMs) / HOUR_MS) % 24
        if (!isDown(hour)) return { accessKeyId: `id-${asked}-of-the-week`, accessKeySecret: `secret-${asked}-of-the-week`, securityToken: `token-${asked}-of-the-week`, expiresAtMs: clock.now() + HOUR_MS }
        if (asked % 2 === 0) throw new Error('unable to get credentials from any of the providers')
        throw new Error('get sts token failed, httpStatus: 503')
      }
    })
  })
  bench.answer = async () => await source.get().then(() => DELIVERED, toFailure)

  const days: Array<{ asked: number, lines: number, timers: number, alarms: number, bytes: number }> = []
  let stored = 0
  for (let day = 0; day < 7; day++) {
    const before = { asked, lines: lines.length, alarms: bench.alarms.length }
    let timers = 0
    for (let ms = 0; ms < DAY_MS; ms += STEP_MS) {
      // A live push each time, and one that is stored every ten minutes.
      await source.get().catch(() => {})
      if (ms % (5 * STEP_MS) === 0) await bench.store('north', [device(`d${stored++ % 50}`, Math.floor(ms / 60_000))])
      await clock.advance(STEP_MS)
      timers = Math.max(timers, clock.waiting)
    }
    // What the bench itself remembers is no memory of the parts.
    for (const kept of [bench.calls, bench.events, bench.delivered, bench.log.settled]) kept.length = 0
    days.push({ asked: asked - before.asked, lines: lines.length - before.lines, alarms: bench.alarms.length - before.alarms, timers, bytes: heapBytes() })
  }
  t.equal(bench.log.waiting, 0, 'all that was stored is delivered')
  t.same(bench.queue.alarms(), [])
  for (const day of days) {
    t.ok(day.lines <= 2 * 11 * 6 + 12, `${day.lines} lines in a day: two kinds of problem, every ten minutes while they last`)
    t.ok(day.alarms <= 6, `${day.alarms} alarms in a day: one for each outage that the sessions did not bridge`)
    t.ok(day.timers <= 3, `${day.timers} timers`)
    t.ok(day.asked <= 11 * 360 + 30, `${day.asked} questions in a day: one every ten seconds at most while it is down`)
  }
  const grownBytes = (days.at(-1)?.bytes ?? 0) - (days[1]?.bytes ?? 0)
  t.ok(grownBytes < 2_000_000, `the heap grew by ${grownBytes} bytes in five days`)
})
