import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { request } from 'undici'
import { AnswerReader } from '../../src/relay/answer-reader.js'

type Heard = readonly [statusCode: number, headers: Record<string, string | string[]>, body: string, keepsOpen: boolean]

/** What a reader makes of an answer in these pieces; `error`: it refuses it, `open`: it is not whole. */
function hear (pieces: readonly Buffer[], closes = false): Heard | 'error' | 'open' {
  let [statusCode, body, heard]: [number, string, Heard | 'open'] = [0, '', 'open']
  let told: Record<string, string | string[]> = {}
  const reader = new AnswerReader({
    onHead: (code, headers) => { [statusCode, told] = [code, { ...headers }] },
    onData: bytes => { body += bytes.toString('latin1') },
    onEnd: keepsOpen => { heard = [statusCode, told, body, keepsOpen] }
  })
  try {
    for (const piece of pieces) reader.read(piece)
    if (closes) reader.close()
    return heard
  } catch {
    return 'error'
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const read = (text: string, closes = false): ReturnType<typeof hear> => hear([bytes(text)], closes)
const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\nDate: now\r\n\r\n4\r\nabcd\r\nA;x=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n`

t.test('each way to say where an answer ends is understood', async t => {
  t.strictSame(read(`${OK}Server: x\r\nContent-Length: 2\r\n\r\n{}`), [200, { 'content-length': '2' }, '{}', true])
  t.strictSame(read(CHUNKED), [200, { 'transfer-encoding': 'chunked', date: 'now' }, 'abcd0123456789', true])
  t.strictSame(read(`${OK}\r\nabc`, true), [200, {}, 'abc', false])
  t.equal(read(`${OK}\r\nabc`), 'open')
  t.strictSame(read('HTTP/1.1 204 \r\n\r\n'), [204, {}, '', true])
  t.strictSame(read(`${OK}content-length: 0\r\n\r\n`), [200, { 'content-length': '0' }, '', true])
  t.strictSame(read(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\n${OK}content-length: 1\r\n\r\na`), [200, { 'content-length': '1' }, 'a', true])
  t.strictSame(read(`${OK}Connection: Close\r\ncontent-length: 1\r\n\r\na`), [200, { connection: 'Close', 'content-length': '1' }, 'a', false])
  t.strictSame(read('HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na'), [200, { 'content-length': '1' }, 'a', false])
  t.strictSame(read(`${OK}Retry-After: 1\r\nretry-after:  2 \r\ncontent-length: 1\r\n\r\na`), [200, { 'retry-after': ['1', '2'], 'content-length': '1' }, 'a', true])
})

t.test('what could be read in two ways is refused', async t => {
  const bad = [
    'HTTP/2 200 OK\r\n\r\n', 'HTTP/1.1 20 OK\r\n\r\n', 'HTTP/1.1 2000 OK\r\n\r\n', 'http/1.1 200 OK\r\n\r\n', ` ${OK}\r\n`, 'HTTP/1.1 101 Switching Protocols\r\n\r\n', '<html>\r\n\r\n',
    `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`, `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n`, `${OK}Content-Length: 2, 2\r\n\r\n`, `${OK}Content-Length: -1\r\n\r\n`, `${OK}Content-Length: +1\r\n\r\n`, `${OK}Content-Length: 0x1\r\n\r\n`, `${OK}Content-Length:\r\n\r\n`,
    'HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n',
    `${OK}Name : x\r\n\r\n`, `${OK}: x\r\n\r\n`, `${OK}no colon\r\n\r\n`, `${OK}a: b\r\n c: d\r\n\r\n`, `${OK}a: b\nContent-Length: 0\r\n\r\n`, `${OK}a: b\rc\r\n\r\n`, `${OK}a: \0\r\n\r\n`,
    `${OK}Content-Length: 1\r\n\r\nab`, CHUNKED.replace('4\r\n', '3\r\n'), CHUNKED.replace('4\r\n', '5\r\n'), CHUNKED.replace('4\r\n', 'x\r\n'), CHUNKED.replace('4\r\n', '\r\n'), CHUNKED.replace('4\r\n', '123456789\r\n'), `${CHUNKED}a`,
    `${OK}a: ${'b'.repeat(17_000)}\r\n\r\n`, `${OK}a: ${'b'.repeat(17_000)}`, `${OK}Transfer-Encoding: chunked\r\n\r\n${'0'.repeat(2_000)}`
  ]
  for (const text of bad) t.equal(read(text), 'error', JSON.stringify(text.slice(0, 70)))
})

t.test('in whatever pieces an answer comes, it is the same', async t => {
  for (const text of [CHUNKED, `HTTP/1.1 102 \r\n\r\n${OK}Content-Length: 5\r\n\r\nabcde`]) {
    const whole = bytes(text)
    for (const at of whole.keys()) {
      t.strictSame(hear([whole.subarray(0, at), whole.subarray(at)].filter(piece => piece.length > 0)), read(text), `cut at ${at}`)
      t.equal(hear([whole.subarray(0, at)].filter(piece => piece.length > 0)), 'open')
    }
    t.strictSame(hear([...whole].map(byte => Buffer.of(byte))), read(text), 'byte by byte')
  }
})

t.test('an answer that is taken is read as undici reads it', async t => {
  let answer = ''
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => { socket.end(answer, 'latin1') })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const { port } = server.address() as AddressInfo // It listens on TCP.
  const header = fc.constantFrom('Content-Length: 3', 'content-length: 5', 'Content-Length: 0', 'Transfer-Encoding: chunked', 'Transfer-Encoding: Chunked', 'Connection: close', 'Connection: keep-alive', 'Date: x', 'X-Acs-Request-Id:  ID', 'Retry-After: 5', 'Server: a b')
  const body = fc.constantFrom('', 'abc', 'abcde', '3\r\nabc\r\n0\r\n\r\n', '3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n', '0\r\n\r\n', '3\r\nab')
  const line = fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 200 ', 'HTTP/1.1 503 Service Unavailable', 'HTTP/1.0 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK')
  const text = fc.tuple(line, fc.array(header, { maxLength: 3 }), body).map(([line, headers, body]) => `${[line, ...headers].join('\r\n')}\r\n\r\n${body}`)
  let taken = 0
  await fc.assert(fc.asyncProperty(text, async text => {
    const heard = read(text, true)
    if (typeof heard === 'string') return
    taken += 1
    answer = text
    const response = await request(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x' })
    const [statusCode, headers, said] = heard
    t.strictSame({ statusCode: response.statusCode, body: await response.body.text(), headers: Object.keys(headers).map(name => response.headers[name]) }, { statusCode, body: said, headers: Object.values(headers) })
  }), { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 150) })
  t.ok(taken > 20, `${taken} were taken`)
})
