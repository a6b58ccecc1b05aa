import t from 'tap'
import { newRequestId } from '../../src/request-id.js'

/** Many more than random bytes are drawn for at once. */
const ids = Array.from({ length: 20_000 }, newRequestId)

t.test('request ids are random UUIDs in capitals', async t => {
  const wrong = ids.filter(id => !/^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/.test(id))
  t.same(wrong, [])
  t.equal(new Set(ids).size, ids.length)
})

t.test('each digit that is not fixed has every value about as often', async t => {
  for (let place = 0; place < 36; place++) {
    const counts = new Map<string, number>()
    for (const id of ids) counts.set(id[place] ?? '', (counts.get(id[place] ?? '') ?? 0) + 1)
    if ([8, 13, 14, 18, 23].includes(place)) t.equal(counts.size, 1, `place ${place}`)
    else {
      t.equal(counts.size, place === 19 ? 4 : 16, `place ${place}`)
      const expected = ids.length / counts.size
      // Eight standard deviations.
      const slack = 8 * Math.sqrt(expected)
      t.ok([...counts.values()].every(count => Math.abs(count - expected) < slack), `place ${place}: ${[...counts.values()].join()}`)
    }
  }
})
