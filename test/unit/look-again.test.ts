import t from 'tap'
import { lookAgain } from '../../src/look-again.js'
import { ManualClock } from '../support/manual-clock.js'

t.test('a problem is told once until it is another or has passed, and looking goes on', async t => {
  const clock = new ManualClock()
  const found = ['a', 'a', 'b', '', 'b', 'b']
  const told: string[] = []
  let looks = 0
  const stop = lookAgain({
    clock,
    everyMs: 1000,
    look: async () => {
      const problem = found[looks++] ?? ''
      if (problem !== '') throw new Error(problem)
    },
    onProblem: error => { told.push(String(error)) }
  })
  t.equal(looks, 0, 'what is there was looked at before')
  await clock.advance(6000)
  t.equal(looks, 6)
  t.strictSame(told, ['Error: a', 'Error: b', 'Error: b'])
  stop()
  await clock.advance(6000)
  t.equal(looks, 6)
  t.equal(clock.waiting, 0)
})

t.test('one that is stopped while it looks does not look again', async t => {
  const clock = new ManualClock()
  let looks = 0
  let end = (): void => {}
  const look = async (): Promise<void> => {
    looks += 1
    await new Promise<void>(resolve => { end = resolve })
  }
  const stop = lookAgain({ clock, everyMs: 1000, look, onProblem: () => {} })
  await clock.advance(1000)
  stop()
  end()
  await clock.advance(5000)
  t.equal(looks, 1)
})
