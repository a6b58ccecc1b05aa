import t from 'tap'
import { fault, ok, Report, warning, type NamedFinding } from '../../src/doctor/report.js'
import { StoreError } from '../../src/store/store-error.js'
import { ManualClock } from '../support/manual-clock.js'

t.test('a check that never ends becomes a fault at its deadline, and the next one is run', async t => {
  const clock = new ManualClock()
  const told: NamedFinding[] = []
  const report = new Report(clock, finding => { told.push(finding) })
  const hanging = report.check('hangs', {}, async () => await new Promise<never>(() => {}), 5_000)
  await clock.advance(5_000)
  t.equal(await hanging, undefined)
  t.equal(await report.check('next', {}, () => ok('Well.', 7)), 7)
  t.match(told, [{ check: 'hangs', status: 'fault', message: 'There was no end within 5 s.' }, { check: 'next', status: 'ok' }])
  t.strictSame(report.findings, told)
  t.equal(clock.waiting, 0)
})

t.test('what builds upon a check that found nothing is skipped and names it; a warning is built upon', async t => {
  const report = new Report(new ManualClock(), () => {})
  const first = await report.check('first', {}, () => fault('Broken.', 'Mend it.'))
  const second = await report.check('second', {}, () => warning('Odd.', 'Look.', true))
  let asked = 0
  const third = await report.check('third', { first, second }, () => { asked += 1; return ok('Never.', 1) })
  const fourth = await report.check('fourth', { second }, () => ok('Reached.', 1))
  t.strictSame([third, fourth, asked], [undefined, 1, 0])
  t.strictSame(report.findings[2], { check: 'third', status: 'skipped', message: 'Needs what was not found: first.' })
})

t.test('of what is thrown only our own sentences are told', async t => {
  const report = new Report(new ManualClock(), () => {})
  await report.check('own', {}, () => { throw new StoreError('EACCES', '/data: This user may not write there.') })
  await report.check('foreign', {}, () => { throw Object.assign(new Error('the password is hunter2'), { code: 'EODD' }) })
  t.match(report.findings, [
    { status: 'fault', message: '/data: This user may not write there.' },
    { status: 'fault', message: 'The check itself failed (EODD).' }
  ])
})
