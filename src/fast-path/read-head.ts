import { holdsBytes } from '../holds-bytes.js'

/** What is asked of the head of a plain push. */
export interface PlainHead {
  readonly apiKey: string
  /** As Content-Length says; at least 1. */
  readonly bodyBytes: number
  /** How many bytes the head has, the empty line included. */
  readonly headBytes: number
}

const REQUEST_LINE = Buffer.from('POST /api/v1/data/increment/push HTTP/1.1\r\n')
/** Far below what Node's parser takes, so that no head is taken here which it would refuse. */
const HEAD_BYTES_MAX = 4_096
const LINES_MAX = 32
const CR = 0x0d
const LF = 0x0a
const COLON = 0x3a
const SPACE = 0x20
const TILDE = 0x7e

/** Headers that change nothing of what becomes of a push. Whoever sends another one is served the general way. */
const IGNORED = [
  'host', 'user-agent', 'accept', 'accept-charset', 'accept-encoding', 'accept-language', 'content-type', 'cache-control', 'pragma',
  'from', 'origin', 'referer', 'dnt', 'sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-dest', 'priority',
  'x-request-id', 'x-correlation-id', 'traceparent', 'tracestate', 'postman-token', 'x-requested-with'
]

type Meaning = 'key' | 'length' | 'connection' | 'ignored' | 'unknown'
const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['x-api-key', 'key'], ['content-length', 'length'], ['connection', 'connection'],
  ...IGNORED.map(name => [name, 'ignored'] as const)
])

/** By line; none longer than those above. */
const namesBefore: Array<{ readonly bytes: Uint8Array, readonly meaning: Meaning } | undefined> = Array.from({ length: LINES_MAX })

/** By byte: the characters of a header's name that every server reads alike. */
const IS_NAME = Uint8Array.from({ length: 256 }, (_, byte) => Number(/[A-Za-z0-9-]/.test(String.fromCharCode(byte)) && byte < 0x80))

/**
 * Reads the head of a request, if it is that of a plain push: the one path, HTTP/1.1, one API key in X-API-Key, one Content-Length, a
 * connection that stays open, and nothing else that would mean anything. Much stricter than HTTP (RFC 9112): no line may be read in two
 * ways, and where a body ends is said once, in plain digits.
 *
 * @param bytes What came of the request so far.
 * @returns Undefined for whatever is not proven to be that; the general way is the judge of it.
 */
export function readPlainHead (bytes: Buffer): PlainHead | undefined {
  if (!holdsBytes(bytes, 0, REQUEST_LINE)) return undefined
  let apiKey = ''
  let bodyBytes = 0
  let at = REQUEST_LINE.length
  for (let line = 0; line < LINES_MAX; line++) {
    if (bytes[at] === CR) return isEnd(bytes, at, apiKey, bodyBytes) ? { apiKey, bodyBytes, headBytes: at + 2 } : undefined
    const colon = endOfName(bytes, at)
    if (bytes[colon] !== COLON || colon === at) return undefined
    const start = bytes[colon + 1] === SPACE ? colon + 2 : colon + 1
    const end = endOfValue(bytes, start)
    if (bytes[end] !== CR || bytes[end + 1] !== LF || end > HEAD_BYTES_MAX || isPadded(bytes, start, end)) return undefined
    switch (meaningOf(bytes, at, colon, line)) {
      case 'key':
        if (apiKey !== '') return undefined
        apiKey = bytes.toString('latin1', start, end)
        if (!isOneKey(apiKey)) return undefined
        break
      case 'length':
        if (bodyBytes !== 0) return undefined
        bodyBytes = lengthIn(bytes, start, end)
        if (bodyBytes === 0) return undefined
        break
      case 'connection':
        if (bytes.toString('latin1', start, end).toLowerCase() !== 'keep-alive') return undefined
        break
      case 'unknown':
        return undefined
    }
    at = end + 2
  }
  return undefined
}

/**
 * What the name of a header means. Senders write the same names in the same order, so that the one which stood in this line
 * of another head is compared first, byte by byte: no text is made of it. Names only: no value is kept.
 */
function meaningOf (bytes: Buffer, start: number, end: number, line: number): Meaning {
  const before = namesBefore[line]
  if (before?.bytes.length === end - start && holdsBytes(bytes, start, before.bytes)) return before.meaning
  const name = bytes.toString('latin1', start, end).toLowerCase()
  const meaning = MEANINGS.get(name) ?? 'unknown'
  if (meaning !== 'unknown') namesBefore[line] = { bytes: Uint8Array.from(bytes.subarray(start, end)), meaning }
  return meaning
}

/** @param at Where the empty line begins. */
function isEnd (bytes: Uint8Array, at: number, apiKey: string, bodyBytes: number): boolean {
  return bytes[at + 1] === LF && apiKey !== '' && bodyBytes > 0
}

function endOfName (bytes: Uint8Array, start: number): number {
  let at = start
  while (IS_NAME[bytes[at] ?? 0] === 1) at++
  return at
}

function endOfValue (bytes: Uint8Array, start: number): number {
  let at = start
  for (let byte = bytes[at] ?? 0; byte >= SPACE && byte <= TILDE; byte = bytes[at] ?? 0) at++
  return at
}

/** Blanks around a value are no part of it; where there are more than one, others may count them differently. */
function isPadded (bytes: Uint8Array, start: number, end: number): boolean {
  return end > start && (bytes[start] === SPACE || bytes[end - 1] === SPACE)
}

/** As sent-keys.ts asks of a key that stands alone. */
const isOneKey = (text: string): boolean => text !== '' && !text.includes(',') && !text.includes(' ')

/** Of at most 9 digits, the first of which is not 0; 0: it is not. */
function lengthIn (bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 9 || bytes[start] === 0x30) return 0
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return 0
    length = length * 10 + digit
  }
  return length
}
