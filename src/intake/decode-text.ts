import { ProxyError } from '../errors.js'
import { findInvalidByte } from './invalid-byte.js'
import type { RepairLog } from './repairs.js'
import { asWindows1252 } from './windows-1252.js'

const BYTE_ORDER_MARK = '\uFEFF'

// The mark is kept by the decoder and taken off here, so that it can be reported.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** In which encodings, besides UTF-8, a body may come. */
export interface Charsets {
  /** What the sender's Content-Type says, as it is written; may be no encoding at all. */
  readonly declared?: string | undefined
  /** What the plant's policy says. */
  readonly plant?: string | undefined
}

/**
 * The body's text: UTF-8 when it is valid, otherwise in the encoding of its byte order mark, its Content-Type or its plant.
 * Throws InvalidEncoding where a byte fits none of them: a replacement character never enters a push.
 */
export function decodeText (bytes: Uint8Array, charsets: Charsets, log: RepairLog): string {
  const utf8 = decodeUtf8(bytes)
  // UTF-16 without its mark passes for UTF-8 with a NUL in every character.
  const other = utf8 !== undefined && !hasNulWithin(utf8) ? undefined : decodeOther(bytes, charsets, log)
  const text = other?.text ?? utf8
  if (text === undefined) throw new ProxyError('InvalidEncoding', describeInvalidBytes(bytes, charsets))
  log.note('encoding', () => `The body is ${(other?.encoding ?? 'utf-8').toUpperCase()}.`)
  const withoutMark = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text
  if (withoutMark.length < text.length) log.add('bom')
  return withoutNuls(withoutMark, log)
}

/** Asked of every body, and no for nearly all: then the text is searched once, as memory is. */
function hasNulWithin (text: string): boolean {
  return text.includes('\0') && /\0[^\0]/.test(text)
}

function decodeUtf8 (bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

function decodeOther (bytes: Uint8Array, { declared, plant }: Charsets, log: RepairLog): { text: string, encoding: string } | undefined {
  for (const label of [markOf(bytes), declared, plant]) {
    if (label === undefined) continue
    try {
      const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true })
      if (decoder.encoding === 'utf-8') continue
      const decoded = decoder.decode(bytes)
      const text = decoder.encoding === 'windows-1252' ? asWindows1252(decoded) : asAssigned(decoded, decoder.encoding)
      if (text === undefined) continue
      log.add('charset')
      return { text, encoding: decoder.encoding }
    } catch {
      // A label that names no encoding, or bytes that are none of its characters.
    }
  }
  return undefined
}

/**
 * The text, if its bytes are characters of the encoding. Where they are none, TextDecoder may give a control that nobody sees or a
 * character of private use instead of an error: for Big5 of Hong Kong, or for Windows' Korean declared as EUC-KR.
 */
function asAssigned (text: string, encoding: string): string | undefined {
  // In GB 18030 and UTF-16 both may be meant.
  return /^(?:gb|utf-16)/.test(encoding) || !/[\x80-\x9f\uE000-\uF8FF]/.test(text) ? text : undefined
}

/** Some senders write the whole of their buffer. Within the text a NUL stays, and is a fault of the JSON. */
function withoutNuls (text: string, log: RepairLog): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1
  log.add('trailing-nul', text.length - end)
  return end === text.length ? text : text.slice(0, end)
}

function markOf ([first, second]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

function describeInvalidBytes (bytes: Uint8Array, charsets: Charsets): string {
  const tried = Object.values(charsets).filter(label => label !== undefined && !/^utf-?8$/i.test(label)).length
  const remedy = tried > 0
    ? 'It does not fit the other encoding either that its Content-Type or its plant names.'
    : 'The sender may use another encoding, such as GBK: set it to UTF-8, have it declare its charset in Content-Type, or set the plant to it (plants set NAME --charset gb18030).'
  const invalid = findInvalidByte(bytes)
  if (invalid === undefined) return `The body is not valid UTF-8. ${remedy}`
  if (invalid.cutOff) return `The body ends inside the UTF-8 character that begins at byte ${invalid.offset} (counted from 0), as if it was cut off. ${remedy}`
  return `The body is not valid UTF-8: byte ${invalid.offset} (counted from 0) fits no character. ${remedy}`
}
