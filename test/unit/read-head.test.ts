import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { readPlainHead } from '../../src/fast-path/read-head.js'
import { holds } from '../support/property-runs.js'

const PATH = '/api/v1/data/increment/push'
const REQUEST_LINE = `POST ${PATH} HTTP/1.1`
const KEY = 'ee_0123abcd_0123456789abcdefghjkmnpqrstvwx'
const PLAIN = ['Host: proxy:8080', `X-API-Key: ${KEY}`, 'Content-Length: 12']

const headOf = (lines: readonly string[], line = REQUEST_LINE): string => [line, ...lines, '', ''].join('\r\n')
const read = (text: string): ReturnType<typeof readPlainHead> => readPlainHead(Buffer.from(text, 'latin1'))

interface NodesReading {
  readonly requests: IncomingMessage[]
  readonly keptAlive: boolean[]
  faults: number
}

let reading: NodesReading = { requests: [], keptAlive: [], faults: 0 }
// As the plants' port has it.
const server = createServer({ requireHostHeader: false, insecureHTTPParser: false }, (request, response) => {
  reading.requests.push(request)
  reading.keptAlive.push(response.shouldKeepAlive)
})
for (const event of ['clientError', 'connect', 'upgrade', 'checkContinue', 'checkExpectation']) server.on(event, () => { reading.faults++ })

/** What Node's own parser makes of bytes, at once: without a system in between. */
function readByNode (bytes: Buffer): NodesReading {
  reading = { requests: [], keptAlive: [], faults: 0 }
  const line = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => { done() } })
  server.emit('connection', line)
  line.emit('data', bytes)
  line.destroy()
  return reading
}

/** What Node reads otherwise than the fast path does, which takes the head for plain; undefined: nothing, or it is not taken. */
function findDifference (text: string): string | undefined {
  const head = read(text)
  if (head === undefined) return undefined
  const { apiKey, bodyBytes, headBytes } = head
  if (bodyBytes > 10_000) return undefined
  const { requests: [request, ...others], keptAlive, faults } = readByNode(Buffer.from(text.slice(0, headBytes) + 'x'.repeat(bodyBytes), 'latin1'))
  if (request === undefined || others.length > 0 || faults > 0) return `${others.length} more requests, ${faults} faults`
  const { method, url, httpVersion, headers, rawHeaders, complete } = request
  const count = (name: string): number => rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name).length
  const told = { method, url, httpVersion, key: headers['x-api-key'], keys: count('x-api-key'), length: headers['content-length'], lengths: count('content-length'), complete, keptAlive }
  const expected = { method: 'POST', url: PATH, httpVersion: '1.1', key: apiKey, keys: 1, length: String(bodyBytes), lengths: 1, complete: true, keptAlive: [true] }
  if (JSON.stringify(told) !== JSON.stringify(expected)) return JSON.stringify(told)
  return Object.keys(headers).find(name => MEANINGFUL.test(name))
}

/** Whatever decides on a request, where it ends, who sends it or how it is answered, besides what a plain push has. */
const MEANINGFUL = /^(transfer-encoding|te|trailer|upgrade|expect|authorization|x-acs-.*|forwarded|x-forwarded-.*|x-real-ip|content-encoding|idempotency-key|x-dry-run|accept-version|if-.*|range|cookie|proxy-.*|http2-settings)$/

const ODD_LINES = [
  'content-length: 12', 'Content-Length:12', 'Content-Length: 012', 'Content-Length: +12', 'Content-Length: 0x12', 'Content-Length: 0', 'Content-Length: -1', 'Content-Length: 12, 12', 'Content-Length: ', 'Content-Length: 99999999999999999999', 'Content-Length : 12',
  `x-api-key:${KEY}`, 'X-API-Key: ', 'X-API-Key: a,b', 'X-API-Key: a b', 'X-Api-Key: "q"', `X-API-Key:\t${KEY}`, `X-API-Key:  ${KEY} `,
  'Transfer-Encoding: chunked', 'Transfer-Encoding:', 'Connection: close', 'Connection: Keep-Alive', 'connection:keep-alive', 'Connection: keep-alive, upgrade', 'Upgrade: h2c', 'Expect: 100-continue', 'TE: trailers',
  'Accept: */*', 'User-Agent: a:b', 'Host:', 'Host: a\0b', 'Accept: a\tb', 'Accept: \xe9', 'Accept: a\r\n folded', 'Accept: a\nX-Dry-Run: true', 'Accept: a\rb', 'Accept\0: 1', ': 1', 'Accept', ' Accept: 1', 'X_API_Key: 1', 'Authorization: Bearer x', 'X-Dry-Run: true', 'Idempotency-Key: 1'
]
const ODD_BYTES = ['\r\n', '\n', '\r', '\0', ' ', '\t', ':', ',', '0', 'X', '\x7f', '\x80', '\xff', '\r\n\r\n', 'Content-Length: 1\r\n']

const lines = fc.tuple(fc.shuffledSubarray([...PLAIN, 'Accept: */*', 'connection: keep-alive'], { minLength: 3 }), fc.array(fc.constantFrom(...ODD_LINES), { maxLength: 2 }), fc.nat(4))
  .map(([plain, odd, at]) => [...plain.slice(0, at), ...odd, ...plain.slice(at)])
const requestLine = fc.oneof({ weight: 9, arbitrary: fc.constant(REQUEST_LINE) }, { weight: 1, arbitrary: fc.constantFrom(`POST ${PATH}/ HTTP/1.1`, `POST ${PATH}?a HTTP/1.1`, `POST ${PATH} HTTP/1.0`, `post ${PATH} HTTP/1.1`, `POST http://p${PATH} HTTP/1.1`, `POST  ${PATH} HTTP/1.1`) })
const mutation = fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), removed: fc.nat(3), added: fc.oneof(fc.constant(''), fc.constantFrom(...ODD_BYTES), fc.string({ maxLength: 2 })) })

function mutate (text: string, mutations: ReadonlyArray<{ place: number, removed: number, added: string }>): string {
  return mutations.reduce((mutated, { place, removed, added }) => {
    const at = Math.floor(place * mutated.length)
    return mutated.slice(0, at) + added + mutated.slice(at + removed)
  }, text)
}

t.test('whatever is taken for a plain head, Node\'s parser reads as the same, and nothing more', t => {
  holds(t, fc.property(requestLine, lines, (line, lines) => { const found = findDifference(headOf(lines, line)); if (found !== undefined) throw new Error(found) }))
  t.end()
})

t.test('so it does where bytes were lost, added or put in the place of others', t => {
  holds(t, fc.property(lines, fc.array(mutation, { minLength: 1, maxLength: 3 }), (lines, mutations) => { const found = findDifference(mutate(headOf(lines), mutations)); if (found !== undefined) throw new Error(found) }))
  t.end()
})

t.test('every byte in every place of a head is read as Node reads it', t => {
  const head = headOf(PLAIN)
  for (let at = 0; at < head.length; at++) {
    for (const byte of ODD_BYTES) {
      for (const text of [head.slice(0, at) + byte + head.slice(at), head.slice(0, at) + byte + head.slice(at + 1)]) {
        const found = findDifference(text)
        if (found !== undefined) t.fail(`${found}: ${JSON.stringify(text)}`)
      }
    }
  }
  t.end()
})

t.test('a head is taken in every order and case of its lines, and never before it is whole', t => {
  const expected = { apiKey: KEY, bodyBytes: 12 }
  for (const lines of [PLAIN, [...PLAIN].reverse(), PLAIN.map(line => line.replace(/^[^:]*/, name => name.toUpperCase())), PLAIN.map(line => line.replace(': ', ':')), [...PLAIN, 'Connection: Keep-Alive']]) {
    t.match(read(headOf(lines)), expected, lines.join(' | '))
  }
  const head = headOf(PLAIN)
  t.strictSame(read(`${head}{"a"`), { ...expected, headBytes: head.length }, 'what stands behind it is no part of it')
  for (let length = 0; length < head.length; length++) t.equal(read(head.slice(0, length)), undefined)
  t.end()
})

t.test('a head with any odd line in it is left to the general way, save what means the same', t => {
  const taken = ODD_LINES.filter(line => !/^(x-api-key|content-length)/i.test(line) && read(headOf([...PLAIN, line])) !== undefined)
  t.strictSame(taken, ['Connection: Keep-Alive', 'connection:keep-alive', 'Accept: */*', 'User-Agent: a:b', 'Host:'])
  for (const name of ['x-api-key', 'content-length']) {
    const others = PLAIN.filter(line => !line.toLowerCase().startsWith(name))
    t.equal(read(headOf(others)), undefined, `without ${name}`)
    const alone = ODD_LINES.filter(line => line.toLowerCase().startsWith(name) && read(headOf([...others, line])) !== undefined)
    t.strictSame(alone, name === 'x-api-key' ? [`x-api-key:${KEY}`, 'X-Api-Key: "q"'] : ['content-length: 12', 'Content-Length:12'])
    for (const line of ODD_LINES.filter(line => line.toLowerCase().startsWith(name))) t.equal(read(headOf([...PLAIN, line])), undefined, `${name} twice`)
  }
  t.equal(read(headOf([...PLAIN, `Accept: ${'a'.repeat(5_000)}`])), undefined, 'too long')
  t.equal(read(headOf([...PLAIN, ...Array.from({ length: 40 }, () => 'Accept: a')])), undefined, 'too many lines')
  t.end()
})
