import t from 'tap'
import { hashOf, NameSet } from '../../src/intake/name-set.js'
import { viewOf } from '../../src/intake/scan-words.js'

/** Where a name looks first in a table of 1024 places, and with its low bits in a smaller one. */
const placeOf = (name: string): number => hashOf(viewOf(Buffer.from(name)), 0, name.length) & 1023

function namesAt (place: number, count: number): string[] {
  const names: string[] = []
  for (let n = 0; n < 1_000_000 && names.length < count; n++) {
    const name = `n${n.toString(36)}.`
    if (placeOf(name) === place) names.push(name)
  }
  return names
}

function addAll (names: readonly string[]): boolean[] {
  const set = new NameSet()
  set.clear(viewOf(Buffer.from(` ${names.join('')}`)))
  let start = 1
  return names.map(name => {
    const isNew = set.add(start, start + name.length)
    start += name.length
    return isNew
  })
}

t.test('a name is new once, through every growth of the table', async t => {
  const names = Array.from({ length: 5_000 }, (_, n) => `meter-${n};`)
  t.ok(addAll(names).every(Boolean))
  t.strictSame(addAll([...names, ...names]).slice(names.length).filter(Boolean), [])
})

t.test('a name that finds no place when the table grows is not forgotten: nothing is surely new any more', async t => {
  // In 256 places the second group goes round the end, and comes first when they are put into 1024; then the first one lacks room.
  const [first, second, others] = [namesAt(200, 56), namesAt(250, 40), namesAt(100, 32)]
  t.strictSame([first.length, second.length, others.length], [56, 40, 32])
  const names = [...first, ...second, ...others]
  t.ok(addAll(names).every(Boolean), 'half of the places are taken')
  // With these it grows once more, and every name would have room again.
  const more = Array.from({ length: 500 }, (_, n) => `more-${n};`)
  t.strictSame(addAll([...names, ...more, ...first]).slice(names.length + more.length).filter(Boolean), [])
})
