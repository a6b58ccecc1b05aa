import { createHash, createHmac } from 'node:crypto'
import type { HeaderFields } from './whole-request.js'

interface RequestToSign {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: HeaderFields
}

/** RFC 3986: everything but the unreserved characters is percent-encoded. */
function encodeStrictly (text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

// A sender may encode more or less than the specification asks for; both sides sign the one strict form.
function reencode (text: string): string {
  try {
    return encodeStrictly(decodeURIComponent(text))
  } catch {
    // A stray percent sign: there is no form to agree on, so what was sent stands.
    return text
  }
}

function canonicalQuery (query: string): string {
  if (query === '') return ''
  const pairs = query.split('&').filter(pair => pair !== '').map(pair => {
    const equals = pair.indexOf('=')
    const name = equals < 0 ? pair : pair.slice(0, equals)
    const value = equals < 0 ? '' : pair.slice(equals + 1)
    return { name: reencode(name), value: reencode(value) }
  })
  pairs.sort((a, b) => a.name === b.name ? compare(a.value, b.value) : compare(a.name, b.name))
  return pairs.map(({ name, value }) => `${name}=${value}`).join('&')
}

function compare (a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Signature version 3, stage one, from the request as it came over the wire. */
export function canonicalize (request: RequestToSign, signedHeaders: readonly string[], payloadHash: string): string {
  const headerLines = signedHeaders.map(name => {
    const values = (request.headers.get(name) ?? []).map(value => value.trim())
    return `${name}:${values.join(',')}\n`
  })
  return [
    request.method,
    request.path.split('/').map(reencode).join('/'),
    canonicalQuery(request.query),
    headerLines.join(''),
    signedHeaders.join(';'),
    payloadHash
  ].join('\n')
}

/** Stage two. Node hands header bytes over as Latin-1, so hashing them as Latin-1 hashes the bytes that were sent. */
export function toStringToSign (canonicalRequest: string): string {
  const hash = createHash('sha256').update(canonicalRequest, 'latin1').digest('hex')
  return `ACS3-HMAC-SHA256\n${hash}`
}

/** Stage three: the AccessKey secret is the HMAC key as it is, nothing is derived from it. */
export function toSignature (stringToSign: string, accessKeySecret: string): string {
  return createHmac('sha256', accessKeySecret).update(stringToSign, 'utf8').digest('hex')
}

/** Lower-case hex SHA-256 of a payload's exact bytes. */
export function toPayloadHash (body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex')
}
