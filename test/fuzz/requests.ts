import type { Random } from './random.js'

/** What one connection sends, and whether every request of it is a right push. */
export interface Conversation {
  /** latin1: a character a byte. */
  readonly pieces: readonly string[]
  readonly isRight: boolean
  readonly requestCount: number
  readonly hasHead: boolean
}

export interface Keys {
  readonly key: string
  readonly inUrl: string
}

const PATH = '/api/v1/data/increment/push'

/** A few requests in a row, built by the grammar of HTTP with wrong pieces here and there, then perhaps mangled byte by byte. */
export function makeConversation (random: Random, keys: Keys): Conversation {
  const isRight = random.chance(0.15)
  const requestCount = random.chance(0.6) ? 1 : 1 + random.below(6)
  const requests = Array.from({ length: requestCount }, () => isRight || random.chance(0.2) ? rightPush(random, keys) : oddRequest(random, keys))
  let text = requests.join('')
  if (!isRight && random.chance(0.5)) text = mangle(random, text)
  if (!isRight && random.chance(0.1)) text += random.pick(['\r\n', '\n', '\0', 'GET', random.bytes(20), '0\r\n\r\n', '}'])
  return { pieces: cut(random, text), isRight, requestCount, hasHead: /HEAD/i.test(text) }
}

function pushBody (random: Random): string {
  const devices = Array.from({ length: 1 + random.below(3) }, (_, n) => ({ deviceId: `meter-${n}`, recordTime: '2021-09-08 18:40:00', data: { Ua: '226.0', Ep_imp: String(random.below(1e6)) } }))
  return JSON.stringify({ deviceType: '1', devices })
}

function rightPush (random: Random, { key }: Keys): string {
  const body = pushBody(random)
  if (random.chance(0.5)) return plainPush(random, key, body)
  const [framing, framed] = random.chance(0.7) ? [`Content-Length: ${body.length}`, body] : ['Transfer-Encoding: chunked', chunk(random, body)]
  const key1 = random.pick([`X-API-Key: ${key}`, `Authorization: Bearer ${key}`, `x-acs-bearer-token: ${key}`, `authorization: Basic ${Buffer.from(`:${key}`).toString('base64')}`])
  return [`POST ${random.pick([PATH, `${PATH}/`, `http://proxy${PATH}`])} HTTP/1.1`, 'Host: p', key1, framing, '', framed].join('\r\n')
}

/** As the fast path takes it, or nearly so. */
function plainPush (random: Random, key: string, body: string): string {
  const headers = ['Host: p', `X-API-Key: ${key}`, `Content-Length: ${body.length}`, random.pick(['Accept: */*', 'User-Agent: fuzz', 'Connection: keep-alive', 'content-type:application/json', 'X-Other: 1'])]
  const at = random.below(headers.length)
  return [`POST ${PATH} HTTP/1.1`, ...headers.slice(at), ...headers.slice(0, at), '', body].join('\r\n')
}

function chunk (random: Random, body: string): string {
  let text = ''
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + random.below(40))
    text += `${size.toString(16)}${random.chance(0.1) ? ';x=y' : ''}\r\n${body.slice(at, at + size)}\r\n`
    at += size
  }
  return `${text}0\r\n${random.chance(0.1) ? 'X-Trailer: 1\r\n' : ''}\r\n`
}

function oddRequest (random: Random, keys: Keys): string {
  const body = random.pick([pushBody(random), pushBody(random), '', '{', '[]', 'null', random.bytes(30), '{"deviceType":1,"devices":[{}]}', '\ufeff{}', ' '.repeat(random.below(70_000)), `${'['.repeat(5_000)}`])
  const method = random.pick(['POST', 'POST', 'POST', 'GET', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE', 'CONNECT', 'PRI', 'post', 'M-SEARCH', 'QUERY', 'X', ''])
  const target = random.pick([PATH, PATH, '/', `/k/${keys.inUrl}`, `/k/${keys.key}`, `${PATH}?api_key=${keys.inUrl}`, '/openapi.json', '/docs', '/docs/', '/unknown', '*', 'p:443', '/%', '/%ff%00', '//', `/../..${PATH}`, `http://${random.bytes(3)}${PATH}`, `/${'a'.repeat(random.below(20_000))}`, `/k/${random.bytes(40)}`, ''])
  const version = random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.10', 'http/1.1', 'HTTPS/1.1', ''])
  const headers = Array.from({ length: random.below(8) }, () => oddHeader(random, keys, body))
  const eol = random.chance(0.9) ? '\r\n' : random.pick(['\n', '\r', '\r\r\n', '\n\r'])
  const sent = headers.some(header => /^transfer-encoding: chunked$/i.test(header)) && random.chance(0.8) ? chunk(random, body) : body
  return [`${method} ${target} ${version}`, 'Host: p', ...headers, ...(random.chance(0.7) ? [`Content-Length: ${body.length}`] : []), '', sent].join(eol)
}

function oddHeader (random: Random, { key, inUrl }: Keys, body: string): string {
  return random.pick([
    `X-API-Key: ${key}`, `X-API-Key: ${key}`, `X-API-Key: ${key}`, `X-API-Key: ${inUrl}`, 'X-API-Key: nonsense', `X-API-Key: ${random.bytes(10)}`,
    `Authorization: ${random.pick(['Bearer', 'Basic', 'ACS3-HMAC-SHA256', 'Digest', ''])} ${random.pick([key, 'x', random.bytes(8)])}`,
    `Content-Length: ${random.pick([String(body.length), String(body.length + 5), String(Math.max(0, body.length - 5)), '-1', '+1', '0x10', '1e3', '99999999999999999999', '', ' 5 ', '5,5', '4194305'])}`,
    `Transfer-Encoding: ${random.pick(['chunked', 'chunked', 'Chunked', 'gzip, chunked', 'chunked, gzip', 'identity', 'xchunked', ' chunked', 'chunked\t'])}`,
    `Connection: ${random.pick(['close', 'keep-alive', 'Upgrade', 'Upgrade, HTTP2-Settings', 'close, keep-alive', 'x-api-key', random.bytes(4)])}`,
    `Upgrade: ${random.pick(['h2c', 'websocket', 'TLS/1.0'])}`, `Expect: ${random.pick(['100-continue', '100-Continue', '200-ok', 'x', ''])}`,
    `Content-Type: ${random.pick(['application/json', 'text/plain', 'json', '', 'multipart/form-data; boundary=x', random.bytes(10), 'application/x-www-form-urlencoded'])}`,
    `Content-Encoding: ${random.pick(['gzip', 'identity', 'br', 'x'])}`, `X-Dry-Run: ${random.pick(['true', 'false', 'TRUE'])}`, `Accept-Version: ${random.pick(['1.x', '2.0.0', random.bytes(3)])}`,
    `X-Forwarded-For: ${random.pick(['1.2.3.4', '::1, 1.2.3.4', random.bytes(20)])}`, `Cookie: ${random.bytes(random.below(200))}`, 'Host: q', 'Host: [::1', `Range: bytes=${random.below(9)}-`,
    `X-Long: ${'a'.repeat(random.below(20_000))}`, `X-Folded: a\r\n ${random.bytes(3)}`, `${random.bytes(5)}: 1`, `X${random.bytes(2)}`, ' X: 1', ': empty', 'X : 1', '__proto__: 1', 'constructor: 1',
    Array.from({ length: random.below(1_500) }, (_, n) => `h${n}: 1`).join('\r\n') || 'x: y'
  ])
}

function mangle (random: Random, text: string): string {
  for (let rounds = 1 + random.below(5); rounds > 0; rounds--) {
    const at = random.below(text.length + 1)
    const count = random.below(12)
    switch (random.below(6)) {
      case 0: text = text.slice(0, at) + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << random.below(8))) + text.slice(at + 1); break
      case 1: text = text.slice(0, at) + random.pick([random.bytes(count), '\r\n', '\n', '\r', '\0', ' ', ':', '\r\n\r\n', 'Content-Length: 1\r\n']) + text.slice(at); break
      case 2: text = text.slice(0, at) + text.slice(at + count); break
      case 3: text = text.slice(0, at) + text.slice(Math.max(0, at - count)); break
      case 4: text = text.slice(0, at); break
      default: text = text.slice(0, at) + text.slice(random.below(text.length + 1))
    }
  }
  return text
}

/** Splits what is sent at chosen places: a parser is weakest at the end of its input. */
function cut (random: Random, text: string): string[] {
  const cuts = random.chance(0.5) ? 0 : random.below(8)
  const places = Array.from({ length: cuts }, () => random.below(text.length + 1)).sort((a, b) => a - b)
  return [...places, text.length].map((place, n) => text.slice(places[n - 1] ?? 0, place)).filter(piece => piece !== '')
}
