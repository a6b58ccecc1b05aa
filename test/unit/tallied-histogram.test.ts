import { Histogram, Registry } from 'prom-client'
import t from 'tap'
import { TalliedHistogram } from '../../src/metrics-histogram.js'

const NAMED = { name: 'request_duration_seconds', help: 'How long a request took.', buckets: [0.005, 0.1, 2.5] }

t.test('a histogram that counts by itself is told as prom-client tells its own', async t => {
  const [ours, theirs] = [new Registry(), new Registry()]
  const tallied = new TalliedHistogram({ ...NAMED, registers: [ours] })
  const known = new Histogram({ ...NAMED, registers: [theirs] })
  t.equal(await ours.metrics(), await theirs.metrics(), 'before the first value')
  for (const value of [0, 0.004, 0.005, 0.0051, 0.1, 1, 2.5, 2.500001, 40]) {
    tallied.note(value)
    known.observe(value)
    t.equal(await ours.metrics(), await theirs.metrics(), `after ${value}`)
  }
  for (const value of [NaN, Infinity, -Infinity]) {
    t.throws(() => { tallied.note(value) }, TypeError)
    t.throws(() => { known.observe(value) }, TypeError)
  }
  t.strictSame(await ours.getMetricsAsJSON(), await theirs.getMetricsAsJSON(), 'as JSON too')
})
