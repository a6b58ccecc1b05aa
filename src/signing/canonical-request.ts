import { hash } from 'node:crypto'

/** A request as the specification sees it. Header names in any case; one value a name. */
export interface RequestToSign {
  readonly method: string
  /** Absolute and already percent-encoded, e.g. `/api/v1/data/increment/push`. */
  readonly path: string
  /** Names and values as they are, not yet percent-encoded. */
  readonly query?: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

/** Lower-case hex SHA-256 of exactly the bytes that are sent; it travels as `x-acs-content-sha256` too. */
export function hashedRequestPayload (body: Uint8Array | string): string {
  return hash('sha256', body, 'hex')
}

/**
 * The request in the one form that both sides hash. Source: Alibaba Cloud, "Request syntax and signature method V3",
 * step 1: `Method \n CanonicalURI \n CanonicalQueryString \n CanonicalHeaders \n SignedHeaders \n HashedRequestPayload`.
 */
export function canonicalRequest (request: RequestToSign, hashedPayload: string): string {
  return [
    request.method,
    request.path,
    canonicalQueryString(request.query ?? {}),
    canonicalHeaders(request.headers),
    signedHeaders(request.headers),
    hashedPayload
  ].join('\n')
}

/** Names and values percent-encoded, sorted by name; an empty value keeps its equals sign. */
export function canonicalQueryString (query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .sort(byCodeUnit)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&')
}

/** `name:value\n` for each signed header, so it ends with a line break of its own. */
export function canonicalHeaders (headers: Readonly<Record<string, string>>): string {
  return sortedSigned(headers).map(([name, value]) => `${name}:${value}\n`).join('')
}

/** The names of the signed headers, `a;b;c`. */
export function signedHeaders (headers: Readonly<Record<string, string>>): string {
  return sortedSigned(headers).map(([name]) => name).join(';')
}

/** Signed are host, content-type and every x-acs-*: anything else may be changed on the way. */
function sortedSigned (headers: Readonly<Record<string, string>>): Array<[name: string, value: string]> {
  return Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim()])
    .filter(([name]) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'))
    .sort(byCodeUnit)
}

// Not localeCompare: its order depends on the machine and puts '-' elsewhere.
function byCodeUnit ([a]: readonly [string, string], [b]: readonly [string, string]): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

// RFC 3986 keeps only letters, digits and -._~ as they are; encodeURIComponent lets five more through.
function percentEncode (text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}
