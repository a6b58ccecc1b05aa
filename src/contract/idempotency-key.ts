import { ProxyError } from '../errors.js'

const VISIBLE = /^[\x21-\x7e]{1,255}$/
/** A string of RFC 8941, which escapes quotes and backslashes. */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/

/**
 * The sender's Idempotency-Key. The draft of the header wants it in quotes, and many senders write it bare: both are the
 * same key.
 * @throws {ProxyError} InvalidRequest for what is no key; taken for none, the push would be sent again in silence
 */
export function readIdempotencyKey (header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const text = String(header).trim()
  const key = text.startsWith('"') ? QUOTED.exec(text)?.[1]?.replace(/\\(.)/g, '$1') : text
  if (key === undefined || !VISIBLE.test(key)) {
    throw new ProxyError('InvalidRequest', 'The header Idempotency-Key takes 1 to 255 visible ASCII characters, bare or in quotes; nothing was sent.')
  }
  return key
}
