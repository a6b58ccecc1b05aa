import t from 'tap'
import { exchange, exchangeOne, parseAnswer, parseAnswers, type RawAnswer } from '../support/raw-socket.js'
import { onePush, startProxy, type TestProxy } from '../support/proxy.js'

const PATH = '/api/v1/data/increment/push'
const BODY = JSON.stringify(onePush)

interface Pieces { line?: string, headers?: readonly string[], length?: string, body?: string }

/** A push as it goes over the wire, with chosen pieces. */
function rawPush (proxy: TestProxy, { line = `POST ${PATH} HTTP/1.1`, headers = ['Host: proxy'], length = `Content-Length: ${BODY.length}`, body = BODY }: Pieces = {}): string {
  return [line, `X-API-Key: ${proxy.key}`, ...headers, ...(length === '' ? [] : [length]), '', body].join('\r\n')
}

/** Everything that comes back until so many answers are whole, or the proxy closes. */
async function answersTo (proxy: TestProxy, pieces: readonly string[], count: number): Promise<RawAnswer[]> {
  return parseAnswers(await exchange(proxy.port, pieces, received => parseAnswers(received).length === count))
}

const codeOf = (answer: RawAnswer | undefined): string => answer === undefined ? 'no answer' : String(answer.statusCode === 200 ? 200 : JSON.parse(answer.body).code)

t.test('a push is served without a Host, and with one that is not ours', async t => {
  const proxy = await startProxy(t)
  for (const headers of [[], ['Host: '], ['Host: elsewhere.example'], ['Host: a', 'Host: b']]) {
    t.equal((await exchangeOne(proxy.port, rawPush(proxy, { headers }))).statusCode, 200, String(headers))
  }
})

t.test('HTTP/1.0 is answered with a Content-Length, unchunked, and keeps its connection only when it asks to', async t => {
  const proxy = await startProxy(t)
  const line = `POST ${PATH} HTTP/1.0`
  const once = parseAnswer(await exchange(proxy.port, [rawPush(proxy, { line, headers: [] })], () => false))
  t.equal(once?.statusCode, 200)
  t.equal(once?.headers['connection'], 'close')
  t.equal(once?.headers['content-length'], String(once?.body.length))
  t.equal(once?.headers['transfer-encoding'], undefined)
  const kept = rawPush(proxy, { line, headers: ['Connection: keep-alive'] })
  const [first, second] = await answersTo(proxy, [kept, kept], 2)
  t.equal(first?.headers['connection'], 'keep-alive')
  t.equal(second?.statusCode, 200)
})

t.test('a target in absolute form is routed by its path', async t => {
  const proxy = await startProxy(t)
  for (const target of [`http://proxy:8080${PATH}`, `HTTPS://elsewhere.example${PATH}?a=b`, `http://[::1]${PATH}/`]) {
    t.equal((await exchangeOne(proxy.port, rawPush(proxy, { line: `POST ${target} HTTP/1.1` }))).statusCode, 200, target)
  }
  t.equal(codeOf(await exchangeOne(proxy.port, rawPush(proxy, { line: 'POST http://proxy HTTP/1.1' }))), 'MethodNotAllowed')
})

t.test('a path that cannot be read or does not end is an error in our own shape', async t => {
  const proxy = await startProxy(t)
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['/%', 'NotFound'], ['/%zz/api', 'NotFound'], [`/${'%2F'.repeat(20)}`, 'NotFound'], ['/../../etc/passwd', 'NotFound'], ['*', 'NotFound'],
    [`/${'a'.repeat(15_000)}`, 'NotFound'], [`/k/${'a'.repeat(15_000)}`, 'InvalidKey'], [`/${'a'.repeat(17_000)}`, 'HeadersTooLarge']
  ]
  for (const [target, code] of cases) {
    t.equal(codeOf(await exchangeOne(proxy.port, `POST ${target} HTTP/1.1\r\nHost: p\r\nContent-Length: 2\r\n\r\n{}`)), code, target.slice(0, 40))
  }
})

t.test('headers that are too long are a 431, many small ones are served', async t => {
  const proxy = await startProxy(t)
  const tooLong = await exchange(proxy.port, [rawPush(proxy, { headers: [`X-Long: ${'a'.repeat(17_000)}`] })], () => false)
  t.equal(codeOf(parseAnswer(tooLong)), 'HeadersTooLarge')
  t.equal(parseAnswer(tooLong)?.headers['connection'], 'close')
  t.equal((await exchangeOne(proxy.port, rawPush(proxy, { headers: Array.from({ length: 1500 }, (_, n) => `h${n}: 1`) }))).statusCode, 200)
})

// Each of these is read in two ways by two servers in a row, which lets one sender write into another's request.
t.test('what can be read in two ways is refused, and nothing of it reaches the cloud', async t => {
  const proxy = await startProxy(t)
  const chunked = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`
  const cases: Record<string, string> = {
    'two Content-Lengths': rawPush(proxy, { headers: ['Content-Length: 3'] }),
    'two equal Content-Lengths': rawPush(proxy, { headers: [`Content-Length: ${BODY.length}`] }),
    'a list of Content-Lengths': rawPush(proxy, { length: `Content-Length: ${BODY.length}, ${BODY.length}` }),
    'a signed Content-Length': rawPush(proxy, { length: `Content-Length: +${BODY.length}` }),
    'a hexadecimal Content-Length': rawPush(proxy, { length: `Content-Length: 0x${BODY.length.toString(16)}` }),
    'a Content-Length without end': rawPush(proxy, { length: `Content-Length: ${'9'.repeat(30)}` }),
    'Transfer-Encoding with Content-Length': rawPush(proxy, { headers: ['Transfer-Encoding: chunked'], body: chunked }),
    'Content-Length with Transfer-Encoding': rawPush(proxy, { length: `Content-Length: ${BODY.length}\r\nTransfer-Encoding: chunked`, body: chunked }),
    'an empty Transfer-Encoding before a Content-Length': rawPush(proxy, { headers: ['Transfer-Encoding:'] }),
    'an empty Transfer-Encoding behind a Content-Length': rawPush(proxy, { length: `Content-Length: ${BODY.length}\r\nTransfer-Encoding:` }),
    'an empty Transfer-Encoding and a chunked one': rawPush(proxy, { headers: ['Transfer-Encoding:', 'Transfer-Encoding: chunked'], length: '', body: chunked }),
    'an empty Transfer-Encoding, a chunked one and a Content-Length': rawPush(proxy, { headers: ['Transfer-Encoding:', 'Transfer-Encoding: chunked'], body: chunked }),
    'a comma for a Transfer-Encoding, with a Content-Length': rawPush(proxy, { headers: ['Transfer-Encoding: ,'] }),
    'identity and chunked in two headers': rawPush(proxy, { headers: ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], length: '', body: chunked }),
    'identity and chunked in one header': rawPush(proxy, { headers: ['Transfer-Encoding: identity, chunked'], length: '', body: chunked }),
    'chunked twice': rawPush(proxy, { headers: ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], length: '', body: chunked }),
    'identity with a Content-Length': rawPush(proxy, { headers: ['Transfer-Encoding: identity'] }),
    'chunked from HTTP/1.0': rawPush(proxy, { line: `POST ${PATH} HTTP/1.0`, headers: ['Connection: keep-alive', 'Transfer-Encoding: chunked'], length: '', body: chunked }).repeat(2),
    'identity and chunked in two headers, with another push behind it': rawPush(proxy, { headers: ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], length: '', body: chunked }) + rawPush(proxy),
    'an empty Transfer-Encoding with another push behind it': rawPush(proxy, { headers: ['Transfer-Encoding:'] }) + rawPush(proxy),
    'an unknown Transfer-Encoding': rawPush(proxy, { headers: ['Transfer-Encoding: xchunked'], length: '', body: chunked }),
    'chunked that is not the last coding': rawPush(proxy, { headers: ['Transfer-Encoding: chunked, gzip'], length: '', body: chunked }),
    'bare LF line ends': rawPush(proxy).replaceAll('\r\n', '\n'),
    'a bare LF before a header': rawPush(proxy, { headers: ['Host: p\nX-More: 1'] }),
    'a bare CR before a header': rawPush(proxy, { headers: ['Host: p\rX-More: 1'] }),
    'a header on two lines': rawPush(proxy, { headers: ['X-Folded: a\r\n b'] }),
    'a space before the colon': rawPush(proxy, { headers: ['Host : p'] }),
    'a space before the first header': rawPush(proxy, { line: `POST ${PATH} HTTP/1.1\r\n X: 1` }),
    'a NUL in a header': rawPush(proxy, { headers: ['X-Nul: a\0b'] }),
    'a NUL in the path': rawPush(proxy, { line: `POST ${PATH}\0 HTTP/1.1` }),
    'a chunk size that is no number': rawPush(proxy, { headers: ['Transfer-Encoding: chunked'], length: '', body: `xyz\r\n${BODY}\r\n0\r\n\r\n` }),
    'a chunk that is longer than it says': rawPush(proxy, { headers: ['Transfer-Encoding: chunked'], length: '', body: `2\r\n${BODY}\r\n0\r\n\r\n` }),
    'another HTTP': rawPush(proxy, { line: `POST ${PATH} HTTP/3.7` }),
    'no HTTP at all': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'
  }
  for (const [name, request] of Object.entries(cases)) {
    const answers = parseAnswers(await exchange(proxy.port, [request], () => false))
    t.equal(codeOf(answers[0]), 'InvalidRequest', name)
    t.equal(answers[0]?.headers['connection'], 'close', name)
    t.equal(answers.length, 1, `${name}: nothing behind it is taken for a request`)
  }
  t.equal(proxy.cloud.attempts(), 0)
})

t.test('chunked bodies are read whatever their chunks, extensions and trailers', async t => {
  const proxy = await startProxy(t)
  const bytewise = [...BODY].map(char => `1\r\n${char}\r\n`).join('')
  t.equal((await exchangeOne(proxy.port, rawPush(proxy, { headers: ['transfer-encoding:  Chunked '], length: '', body: `${bytewise}0\r\n\r\n` }))).statusCode, 200, 'in capitals')
  for (const body of [`${bytewise}0\r\n\r\n`, `${BODY.length.toString(16)};a=b;c="d"\r\n${BODY}\r\n0;last\r\n\r\n`, `000${BODY.length.toString(16).toUpperCase()}\r\n${BODY}\r\n0\r\nX-Trailer: 1\r\n\r\n`]) {
    t.equal((await exchangeOne(proxy.port, rawPush(proxy, { headers: ['Transfer-Encoding: chunked'], length: '', body }))).statusCode, 200, body.slice(0, 30))
  }
})

t.test('pipelined requests are answered in their order, each with its own answer', async t => {
  const proxy = await startProxy(t)
  const get = 'GET / HTTP/1.1\r\nHost: p\r\n\r\n'
  const unknown = 'POST /unknown HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n\r\n'
  const answers = await answersTo(proxy, [rawPush(proxy) + get + unknown + rawPush(proxy) + rawPush(proxy, { body: '{', length: 'Content-Length: 1' }) + get], 6)
  t.strictSame(answers.map(({ statusCode }) => statusCode), [200, 200, 404, 200, 400, 200])
  t.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, 6)
})

t.test('a push that shares its connection with nonsense behind it still gets its answer', async t => {
  const proxy = await startProxy(t)
  for (const nonsense of ['\0\0\0', 'GARBAGE\r\n\r\n', '}\r\n', 'POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n']) {
    const answers = parseAnswers(await exchange(proxy.port, [rawPush(proxy) + rawPush(proxy) + nonsense], () => false))
    t.strictSame(answers.map(codeOf), ['200', '200', 'InvalidRequest'], JSON.stringify(nonsense))
  }
  const keyless = 'POST / HTTP/1.1\r\n\r\n'
  t.strictSame(parseAnswers(await exchange(proxy.port, [`${keyless}Host: p\r\n\r\n`], () => false)).map(codeOf), ['MethodNotAllowed', 'InvalidRequest'], 'nor is a request without headers lost')
  const closing = rawPush(proxy, { headers: ['Connection: close'] })
  t.strictSame(parseAnswers(await exchange(proxy.port, [closing + rawPush(proxy)], () => false)).map(codeOf), ['200'], 'behind its own Connection: close nothing is served')
  t.equal((await exchangeOne(proxy.port, `\r\n\r\n${rawPush(proxy)}`)).statusCode, 200, 'empty lines in front are forgiven')
  t.equal(proxy.cloud.received().length, 10)
})

// Node throws away what came in one piece behind such a request: what was behind it must not look as if it were waited for.
t.test('a plain POST that offers h2c is served as HTTP/1.1, and its connection ends with the answer', async t => {
  const proxy = await startProxy(t)
  const offer = rawPush(proxy, { headers: ['Host: p', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] })
  const inPieces = [offer.slice(0, 100), offer.slice(100, -20), offer.slice(-20)]
  for (const pieces of [[offer], inPieces, [offer + rawPush(proxy)], [rawPush(proxy) + offer]]) {
    const answers = parseAnswers(await exchange(proxy.port, pieces, () => false))
    t.ok(answers.length > 0 && answers.every(({ statusCode }) => statusCode === 200))
    t.equal(answers.at(-1)?.headers['connection'], 'close')
  }
  t.equal(proxy.cloud.received().length, 5)
  const webSocket = 'GET / HTTP/1.1\r\nHost: p\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  t.strictSame(parseAnswers(await exchange(proxy.port, [webSocket], () => false)).map(codeOf), ['200'])
})

t.test('HTTP/2 and CONNECT are refused and the connection ends', async t => {
  const proxy = await startProxy(t)
  const tunnel = parseAnswer(await exchange(proxy.port, ['CONNECT energy.example:443 HTTP/1.1\r\nHost: energy.example:443\r\n\r\n'], () => false))
  t.equal(codeOf(tunnel), 'MethodNotAllowed')
  t.equal(tunnel?.headers['allow'], 'POST')
  const http2 = await exchange(proxy.port, ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], () => false)
  t.ok(http2 === '' || codeOf(parseAnswer(http2)) === 'InvalidRequest', http2)
})

t.test('pushes that share their connection with a CONNECT behind them still get their answers, before it', async t => {
  const proxy = await startProxy(t)
  const tunnel = 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'
  t.strictSame(parseAnswers(await exchange(proxy.port, [rawPush(proxy) + rawPush(proxy) + tunnel], () => false)).map(codeOf), ['200', '200', 'MethodNotAllowed'])
  t.strictSame(parseAnswers(await exchange(proxy.port, [rawPush(proxy) + tunnel + rawPush(proxy)], () => false)).map(codeOf), ['200', 'MethodNotAllowed'], 'what is in the tunnel is no request')
  t.equal(proxy.cloud.received().length, 3)
  const page = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: p\r\n\r\n'
  const received = await exchange(proxy.port, [page.repeat(8) + tunnel], () => false)
  t.strictSame(parseAnswers(received).map(({ statusCode }) => statusCode), [...Array<number>(8).fill(200), 405], 'nor is a long answer cut')
})

t.test('a method that nobody knows is refused like any other that the path does not take', async t => {
  const proxy = await startProxy(t)
  for (const method of ['M-SEARCH', 'QUERY', 'PROPFIND', 'SOURCE', 'TRACE', 'HEAD']) {
    const received = await exchange(proxy.port, [rawPush(proxy, { line: `${method} ${PATH} HTTP/1.1`, headers: ['Connection: close'] })], () => false)
    t.match(received, /^HTTP\/1\.1 405 [^]*allow: POST\r\n/, method)
  }
  t.equal(codeOf(await exchangeOne(proxy.port, rawPush(proxy, { line: `BREW ${PATH} HTTP/1.1` }))), 'InvalidRequest')
})

t.test('a wrong method on a spelling of the path that is served tells which method it takes', async t => {
  const proxy = await startProxy(t)
  for (const path of [`${PATH}/`, `/${PATH}`, PATH.replace('/data/', '//data///'), PATH.replace('push', 'pus%68'), `${PATH}//?a=b`]) {
    t.equal((await exchangeOne(proxy.port, rawPush(proxy, { line: `POST ${path} HTTP/1.1` }))).statusCode, 200, path)
    t.match(await exchangeOne(proxy.port, `GET ${path} HTTP/1.1\r\nHost: p\r\n\r\n`), { statusCode: 405, headers: { allow: 'POST' } }, path)
  }
  for (const path of [PATH.replace('/push', '%2Fpush'), PATH.replace('push', 'PUSH'), PATH.replace('push', 'pus%2568')]) t.equal(codeOf(await exchangeOne(proxy.port, `GET ${path} HTTP/1.1\r\nHost: p\r\n\r\n`)), 'NotFound', path)
})

t.test('HEAD / is answered like GET /, without the body, and is no failure of its address', async t => {
  const proxy = await startProxy(t, { front: { failuresPerMinuteMax: 2 } })
  for (let n = 0; n < 5; n++) {
    const received = await exchange(proxy.port, ['HEAD / HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n'], () => false)
    t.match(received, /^HTTP\/1\.1 200 [^]*content-length: 20\r\n[^]*\r\n\r\n$/)
  }
})

t.test('an expectation other than 100-continue is ignored', async t => {
  const proxy = await startProxy(t)
  for (const expect of ['200-ok', '100-Continue-Please', '']) {
    const received = await exchange(proxy.port, [rawPush(proxy, { headers: [`Expect: ${expect}`] })], received => parseAnswers(received).length > 0)
    t.equal(codeOf(parseAnswers(received)[0]), '200', expect)
  }
  t.equal((await exchangeOne(proxy.port, rawPush(proxy, { line: `POST ${PATH} HTTP/1.0`, headers: ['Expect: 100-continue'] }))).statusCode, 200, 'HTTP/1.0 knows no interim answers')
})
