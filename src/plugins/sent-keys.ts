import type { IncomingHttpHeaders } from 'node:http'

/** Where a key stood; one in a URL needs a key that was made for it. */
export interface SentKey {
  readonly key: string
  readonly inUrl: boolean
}

/** What can carry a key, as it came. */
export interface KeyCarriers {
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, since Node keeps only the first of several Authorization headers in `headers`. */
  readonly rawHeaders: readonly string[]
  /** The path segment of `/k/{key}`. */
  readonly pathKey: string | undefined
  /** The values of `?api_key=`. */
  readonly queryKeys: readonly string[]
}

/**
 * Finds the one API key of a request. It may travel several times as long as it is the same; two different keys, or none,
 * give undefined. `Authorization: ACS3-…` is the signature of an official SDK, not a key, and is ignored.
 */
export function findSentKey ({ headers, rawHeaders, pathKey, queryKeys }: KeyCarriers): SentKey | undefined {
  const alone = headers['x-api-key']
  const isAlone = headers.authorization === undefined && headers['x-acs-bearer-token'] === undefined && pathKey === undefined && queryKeys.length === 0
  // As nearly all come; the same as below finds, without its lists.
  if (isAlone && typeof alone === 'string' && !/[\s,]/.test(alone) && alone !== '') return { key: alone, inUrl: false }
  const inHeaders = [...texts(headers['x-api-key']), ...texts(headers['x-acs-bearer-token']), ...authorizations(rawHeaders).flatMap(authorizationKeys)]
  const inUrl = [...(pathKey === undefined ? [] : [pathKey]), ...queryKeys].filter(key => key !== '')
  const [key, ...others] = new Set([...inHeaders, ...inUrl])
  if (key === undefined || others.length > 0) return undefined
  // Also beside a header: what stands in a URL stands in the logs of whatever passes it on.
  return { key, inUrl: inUrl.length > 0 }
}

/** Node joins a repeated header with ", ", which no key holds: two of the same count once, two others stay two. */
function texts (header: string | string[] | undefined): string[] {
  return header === undefined ? [] : String(header).split(',').map(part => part.trim()).filter(part => part !== '')
}

function authorizations (rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, n) => n % 2 === 1 && rawHeaders[n - 1]?.toLowerCase() === 'authorization')
}

function authorizationKeys (header: string): string[] {
  const [, scheme = '', rest = ''] = /^\s*([!-~]+)\s+(.*?)\s*$/s.exec(header) ?? []
  switch (scheme.toLowerCase()) {
    case 'bearer': return rest === '' ? [] : [rest]
    case 'basic': return basicKey(rest)
    default: return []
  }
}

/** The password, or the user name when the password is empty (a device that has one field for credentials). */
function basicKey (encoded: string): string[] {
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('latin1')) ?? []
  const key = password === '' ? user : password
  return key === '' ? [] : [key]
}
