import t from 'tap'
import { freeMemory } from '../../src/free-memory.js'

t.test('large pieces are gone at once, together with their views; small ones are left to the garbage collector', async t => {
  const [large, larger, small] = [new ArrayBuffer(65_536), new ArrayBuffer(20_000_000), new ArrayBuffer(100)]
  const view = new Uint8Array(larger, 10)
  freeMemory([large, small, larger])
  t.strictSame([large.byteLength, larger.byteLength, view.length, small.byteLength], [0, 0, 0, 100])
  freeMemory([])
  freeMemory([small])
  t.equal(small.byteLength, 100)
})
