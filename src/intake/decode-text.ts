import { ProxyError } from '../errors.js'
import { findInvalidByte } from './invalid-byte.js'
import type { RepairLog } from './repairs.js'

const BYTE_ORDER_MARK = '\uFEFF'

// The mark is kept by the decoder and taken off here, so that it can be reported.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The body's text. Throws InvalidEncoding where a byte is no UTF-8: a replacement character never enters a push. */
export function decodeText (bytes: Uint8Array, log: RepairLog): string {
  let text: string
  try {
    text = strictUtf8.decode(bytes)
  } catch (cause) {
    throw new ProxyError('InvalidEncoding', describeInvalidBytes(bytes), { cause })
  }
  if (!text.startsWith(BYTE_ORDER_MARK)) return text
  log.add('bom')
  return text.slice(BYTE_ORDER_MARK.length)
}

function describeInvalidBytes (bytes: Uint8Array): string {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return 'The body is UTF-16, not UTF-8: set the sender to UTF-8.'
  }
  const invalid = findInvalidByte(bytes)
  if (invalid === undefined) return 'The body is not valid UTF-8.'
  if (invalid.cutOff) {
    return `The body ends inside the UTF-8 character that begins at byte ${invalid.offset} (counted from 0): ` +
      'it was cut off, or the sender uses another encoding, such as GBK; set it to UTF-8.'
  }
  return `The body is not valid UTF-8: byte ${invalid.offset} (counted from 0) fits no character. ` +
    'The sender may use another encoding, such as GBK; set it to UTF-8.'
}
