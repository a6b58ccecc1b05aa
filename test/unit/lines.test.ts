import fc from 'fast-check'
import t from 'tap'
import { LinkedLine, Place } from '../../src/linked-line.js'
import { NumberedLine } from '../../src/queue/numbered-line.js'

t.test('what waits by number is found until it leaves, in whatever order that happens', async () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 1200 }), { maxLength: 1500 }), steps => {
    const line = new NumberedLine<{ readonly step: number }>()
    const model = new Map<number, { readonly step: number }>()
    for (const step of steps) {
      // Mostly the oldest leaves, as answers come.
      const leaving = step % 3 === 0 ? step : step % 3 === 1 ? [...model.keys()][0] : undefined
      if (leaving === undefined) {
        const value = { step }
        const number = line.add(value)
        if (model.has(number)) return false
        model.set(number, value)
      } else {
        line.delete(leaving)
        model.delete(leaving)
      }
      if (line.get(step) !== model.get(step)) return false
    }
    return JSON.stringify([...line.entries()]) === JSON.stringify([...model])
  }), { numRuns: 50 })
})

t.test('numbers go on growing when thousands have left', async t => {
  const line = new NumberedLine<{ readonly index: number }>()
  line.add({ index: 0 })
  for (let index = 1; index < 3000; index++) line.delete(line.add({ index }))
  t.strictSame([...line.entries()], [[1, { index: 0 }]])
  line.delete(1)
  t.equal(line.add({ index: 3000 }), 3001)
  t.strictSame([...line.entries()], [[3001, { index: 3000 }]])
  t.equal(line.get(1), undefined)
})

t.test('those that are reached may leave, and what comes meanwhile is not reached', async t => {
  const line = new NumberedLine<{ readonly name: string }>()
  for (const name of ['a', 'b', 'c']) line.add({ name })
  const reached: string[] = []
  for (const [number, { name }] of line.entries()) {
    reached.push(name)
    line.delete(number)
    line.add({ name: `${name} again` })
  }
  t.strictSame(reached, ['a', 'b', 'c'])
  t.strictSame([...line.entries()].map(([, { name }]) => name), ['a again', 'b again', 'c again'])
})

t.test('who idles stands in the order of coming, like in a Set', async () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 6 })), { maxLength: 100 }), steps => {
    const places = Array.from({ length: 7 }, (_, owner) => new Place(owner))
    const line = new LinkedLine<number>()
    const model = new Set<number>()
    for (const [comes, owner] of steps) {
      const place = places[owner]
      if (place === undefined) return false
      if (comes) {
        line.add(place)
        model.add(owner)
      } else {
        line.delete(place)
        model.delete(owner)
      }
      if (JSON.stringify([...line]) !== JSON.stringify([...model]) || line.first !== [...model][0]) return false
    }
    return true
  }))
})

t.test('all leave while the line is gone through', async t => {
  const places = ['a', 'b', 'c'].map(name => new Place(name))
  const line = new LinkedLine<string>()
  for (const place of places) line.add(place)
  const reached: string[] = []
  for (const name of line) {
    reached.push(name)
    for (const place of places) if (place.owner === name) line.delete(place)
  }
  t.strictSame(reached, ['a', 'b', 'c'])
  t.equal(line.first, undefined)
})
