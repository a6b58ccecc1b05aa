import t from 'tap'
import { freeMemory, freePiece } from '../../src/free-memory.js'

t.test('large pieces are gone at once, together with their views; small ones are left to the garbage collector', async t => {
  const [large, larger, small] = [new ArrayBuffer(65_536), new ArrayBuffer(20_000_000), new ArrayBuffer(100)]
  const view = new Uint8Array(larger, 10)
  freeMemory([large, small, larger])
  t.strictSame([large.byteLength, larger.byteLength, view.length, small.byteLength], [0, 0, 0, 100])
  freeMemory([])
  freeMemory([small])
  t.equal(small.byteLength, 100)
})

t.test('a piece is freed when it owns its memory, and left alone when something else may lie there', async t => {
  const large = Buffer.from(new ArrayBuffer(65_536))
  freePiece(large)
  t.equal(large.length, 0)
  for (const left of [Buffer.from(new ArrayBuffer(16_383)), Buffer.from(new ArrayBuffer(65_536), 1), Buffer.from(new ArrayBuffer(65_536), 0, 65_535), Buffer.from('pooled')]) {
    const { length } = left
    freePiece(left)
    t.equal(left.length, length)
  }
})

t.test('what is freed is gone at once, and waits neither for the garbage collector nor in a message', async t => {
  const before = process.memoryUsage().arrayBuffers
  const large = new ArrayBuffer(200_000_000)
  t.ok(process.memoryUsage().arrayBuffers - before > 100_000_000)
  freeMemory([large])
  t.ok(process.memoryUsage().arrayBuffers - before < 100_000_000)
})
