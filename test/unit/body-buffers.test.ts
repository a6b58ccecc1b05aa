import t from 'tap'
import { BodyBuffers } from '../../src/fast-path/body-buffers.js'
import { PartialRequest } from '../../src/fast-path/partial-request.js'
import { ManualClock } from '../support/manual-clock.js'

const MEGABYTE = 1_048_576

t.test('a buffer that was given back is the next one of its size, and no other is', async t => {
  const buffers = new BodyBuffers(new ManualClock())
  const first = buffers.take(5_000)
  t.equal(first.length, 5_000)
  const second = buffers.take(5_000)
  t.not(second.buffer, first.buffer)
  buffers.giveBack(first)
  t.equal(buffers.freeBytes, 8_192)
  t.not(buffers.take(4_096).buffer, first.buffer)
  t.not(buffers.take(8_193).buffer, first.buffer)
  const third = buffers.take(8_192)
  t.equal(third.buffer, first.buffer)
  t.equal(third.length, 8_192)
  t.equal(buffers.freeBytes, 0)
})

t.test('of what is given back no more than 32 MB is kept, and what nobody wants for ten to twenty seconds is let go', async t => {
  const clock = new ManualClock()
  const buffers = new BodyBuffers(clock)
  const taken = Array.from({ length: 40 }, () => buffers.take(MEGABYTE))
  for (const buffer of taken) buffers.giveBack(buffer)
  t.equal(buffers.freeBytes, 32 * MEGABYTE)
  await clock.advance(10_000)
  t.equal(buffers.freeBytes, 32 * MEGABYTE, 'they may just have come')
  // Two at a time are enough for the next ten seconds.
  const used = [buffers.take(MEGABYTE), buffers.take(MEGABYTE)]
  for (const buffer of used) buffers.giveBack(buffer)
  await clock.advance(10_000)
  t.equal(buffers.freeBytes, 2 * MEGABYTE)
  await clock.advance(10_000)
  t.equal(buffers.freeBytes, 0)
  t.equal(clock.waiting, 0)
})

t.test('a request in any two pieces has the same body and the same bytes, also when more comes behind it', async t => {
  const [head, body] = ['head\r\n\r\n', 'x'.repeat(20_000) + 'y']
  const plain = { apiKey: 'k', headBytes: head.length, bodyBytes: body.length }
  const bytesOf = (text: string): Buffer => Buffer.from(new TextEncoder().encode(text).buffer)
  for (const rest of ['', 'POST /next']) {
    const text = head + body + rest
    for (const cut of [head.length, head.length + 1, 16_384 + head.length, text.length - 1 - rest.length, text.length - rest.length, text.length]) {
      const buffers = new BodyBuffers(new ManualClock())
      const [first, second] = [bytesOf(text.slice(0, cut)), bytesOf(text.slice(cut))]
      const request = new PartialRequest(first, plain, buffers)
      const isWholeAtOnce = cut >= head.length + body.length
      t.equal(request.isWhole, isWholeAtOnce)
      t.equal(first.length, !isWholeAtOnce && cut >= 16_384 ? 0 : cut, 'what was copied is freed, if it is large')
      if (!isWholeAtOnce) request.add(second)
      if (!isWholeAtOnce && rest === '') t.equal(second.length, text.length - cut >= 16_384 ? 0 : text.length - cut)
      t.ok(request.isWhole)
      t.equal(request.isFollowed, rest !== '' && (!isWholeAtOnce || cut === text.length))
      t.equal(String(request.body), body)
      t.equal(String(request.bytes), request.isFollowed ? text : head + body)
      request.release()
      request.release()
      if (isWholeAtOnce) t.equal(first.length, 0)
      t.equal(buffers.freeBytes, isWholeAtOnce ? 0 : 32_768)
    }
  }
})
