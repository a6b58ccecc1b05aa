import { spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { systemClock } from '../../src/clock.js'
import { TimerLists } from '../../src/timer-lists.js'

const now = (): number => performance.now()
/** Keeps the process alive until a timer that does not has called back, or for 10 s. */
async function called (begin: (callback: () => void) => void): Promise<number> {
  const startedAtMs = now()
  const guard = setTimeout(() => {}, 10_000)
  await new Promise<void>(begin)
  clearTimeout(guard)
  return now() - startedAtMs
}

t.test('a timer calls back once, after its time and not before', async t => {
  const lists = new TimerLists(now)
  let calls = 0
  const tookMs = await called(resolve => {
    lists.after(30, () => {
      calls++
      resolve()
    })
  })
  t.ok(tookMs >= 30, `${tookMs}`)
  await called(resolve => { lists.after(30, resolve) })
  t.equal(calls, 1)
})

t.test('those of one length call back in the order in which they were set, without those that were cancelled', async t => {
  const lists = new TimerLists(now)
  const heard: number[] = []
  await called(resolve => {
    const cancels = Array.from({ length: 10 }, (_, n) => lists.after(20, () => {
      heard.push(n)
      if (n === 8) resolve()
    }))
    // The first, the last, two neighbours, and one of them twice.
    for (const n of [0, 9, 4, 5, 4]) cancels[n]?.()
  })
  t.strictSame(heard, [1, 2, 3, 6, 7, 8])
})

t.test('a later one is called though all before it were cancelled, and though it is set by one that is called', async t => {
  const lists = new TimerLists(now)
  const cancel = lists.after(20, () => { t.fail('was cancelled') })
  cancel()
  let laterAfterMs = 0
  const tookMs = await called(resolve => {
    const beganAtMs = now()
    lists.after(20, () => {
      lists.after(20, () => {
        laterAfterMs = now() - beganAtMs
        resolve()
      })
    })
  })
  t.ok(tookMs >= 40 && laterAfterMs >= 40)
})

t.test('cancelling one that is over, or one of a list that was emptied, disturbs no other', async t => {
  const lists = new TimerLists(now)
  let cancelFirst = (): void => {}
  await called(resolve => { cancelFirst = lists.after(10, resolve) })
  const heard: string[] = []
  await called(resolve => {
    lists.after(10, () => { heard.push('second') })
    cancelFirst()
    lists.after(10, resolve)
  })
  t.strictSame(heard, ['second'])
})

t.test('one that is called may cancel those behind it', async t => {
  const lists = new TimerLists(now)
  const heard: string[] = []
  let cancelThird = (): void => {}
  await called(resolve => {
    lists.after(10, () => {
      heard.push('first')
      cancelThird()
    })
    lists.after(10, () => { heard.push('second') })
    cancelThird = lists.after(10, () => { heard.push('third') })
    lists.after(10, resolve)
  })
  t.strictSame(heard, ['first', 'second'])
})

t.test('the clock of the system calls back after long and short times alike, and cancels both', async t => {
  for (const delayMs of [20, 1_000, 1_000.5]) {
    const cancel = systemClock.after(delayMs, () => { t.fail('was cancelled') })
    cancel()
    const tookMs = await called(resolve => { systemClock.after(delayMs, resolve) })
    t.ok(tookMs >= delayMs - 1 && tookMs < delayMs + 5_000, `${delayMs}: ${tookMs}`)
  }
})

/** The order is judged, not the time, so that a busy machine makes nothing fail. */
const DELAY_MS = 400
const WAIT_MS_MAX = 10_000

/** Until it holds, or for ever: then the test says so. */
async function until (holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; !holds() && waitedMs < WAIT_MS_MAX; waitedMs += 10) await wait(10)
}

t.test('a callback that sets a timer of the same length makes none of those behind it late', async t => {
  const lists = new TimerLists(() => performance.now())
  const told: string[] = []
  lists.after(DELAY_MS, () => {
    told.push('first')
    lists.after(DELAY_MS, () => { told.push('again') })
  })
  await wait(DELAY_MS / 2)
  lists.after(DELAY_MS, () => { told.push('second') })
  // One of the system's own, which falls due between the two.
  setTimeout(() => { told.push('between') }, DELAY_MS * 1.25)
  await until(() => told.length === 4)
  t.strictSame(told, ['first', 'second', 'between', 'again'])
})

t.test('a callback that throws takes none of the others with it', async t => {
  // In a process of its own: tap takes what is thrown here for a failure.
  const code = `
    import { TimerLists } from ${JSON.stringify(new URL('../../src/timer-lists.js', import.meta.url).href)}
    const lists = new TimerLists(() => performance.now())
    process.on('uncaughtException', () => { console.log('thrown') })
    lists.after(20, () => { throw new Error() })
    lists.after(20, () => { console.log('next') })
    setTimeout(() => {}, 1_000)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8', timeout: WAIT_MS_MAX })
  t.equal(stdout, 'thrown\nnext\n')
})
