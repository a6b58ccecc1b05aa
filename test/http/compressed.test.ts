import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { onePush, startProxy } from '../support/proxy.js'

const BODY = JSON.stringify(onePush)

t.test('a body that is compressed as gzip or deflate is read as if it were not', async t => {
  const proxy = await startProxy(t)
  for (const [encoding, body] of [['gzip', gzipSync(BODY)], ['X-GZIP', gzipSync(BODY)], ['deflate', deflateSync(BODY)], ['deflate', deflateRawSync(BODY)], [' identity ', Buffer.from(BODY)]] as const) {
    t.equal((await proxy.push(body, { 'content-encoding': encoding })).statusCode, 200, encoding)
  }
  t.strictSame(proxy.cloud.received().map(({ body }) => body), Array(5).fill(BODY))
  t.ok(proxy.cloud.received().every(({ headers }) => headers['content-encoding'] === undefined), 'nothing of the sender\'s headers travels on')
})

t.test('a small body that inflates beyond the limit is refused before it has grown', async t => {
  const proxy = await startProxy(t, { env: { BODY_MAX_BYTES: '65536' } })
  const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
  t.ok(bomb.length < 65_536)
  for (let n = 0; n < 20; n++) t.match((await proxy.push(bomb, { 'content-encoding': 'gzip' })).json(), { code: 'BodyTooLarge', message: /65536 bytes/ })
  t.equal((await proxy.push(onePush)).statusCode, 200, 'and what it held is given back')
})

t.test('what is not compressed as it says, or is cut off, is a 400; another way is a 415', async t => {
  const proxy = await startProxy(t)
  for (const [encoding, body] of [['gzip', Buffer.from(BODY)], ['gzip', gzipSync(BODY).subarray(0, -12)], ['deflate', Buffer.from([0xff, 0xff, 0xff])], ['deflate', deflateSync(BODY).subarray(0, 20)]] as const) {
    t.match(await proxy.push(body, { 'content-encoding': encoding }), { statusCode: 400 }, encoding)
  }
  t.equal((await proxy.push(BODY, { 'content-encoding': 'br' })).statusCode, 415)
  t.equal((await proxy.push(gzipSync(gzipSync(BODY)), { 'content-encoding': 'gzip, gzip' })).statusCode, 415)
  t.equal(proxy.cloud.attempts(), 0)
})
