import { spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { TimerLists } from '../../src/timer-lists.js'

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

t.test('a timer that is cancelled calls nobody, and the others come in their order, never early', async t => {
  const lists = new TimerLists(() => performance.now())
  const told: string[] = []
  const startMs = performance.now()
  const cancels = ['a', 'b', 'c', 'd'].map(name => lists.after(DELAY_MS, () => {
    told.push(name)
    // One that is due in the same moment.
    if (name === 'b') cancels[2]?.()
  }))
  cancels[0]?.()
  cancels[0]?.()
  await until(() => told.includes('d'))
  t.ok(performance.now() - startMs >= DELAY_MS)
  t.strictSame(told, ['b', 'd'])
  cancels[1]?.()
  lists.after(DELAY_MS, () => { told.push('later') })
  await until(() => told.includes('later'))
  t.strictSame(told, ['b', 'd', 'later'], 'a list that was empty begins anew')
})
