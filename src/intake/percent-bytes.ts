import { ProxyError } from '../errors.js'

const PERCENT = 0x25
const PLUS = 0x2b
const BLANK = 0x20
const NUL = 0x00
const ESCAPE = 0x1b

/** What separates and escapes the fields of a form: these stay escaped until the fields are apart. */
const MARK_BYTES = new Set([0x25, 0x26, 0x3d])

/**
 * Decodes what a form's encoding escaped, byte by byte, since the bytes may be of any charset: `%E7` is a byte and `+` a blank.
 * With `keepsMarks` the escaped `%`, `&` and `=` stay as they are. `firstOffset` is where the bytes begin in the body.
 * @throws ProxyError InvalidEncoding where a % begins no byte
 */
export function decodePercent (bytes: Uint8Array, { keepsMarks = false, firstOffset = 0 } = {}): Uint8Array {
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  for (let offset = 0; offset < bytes.length; offset++) {
    const byte = bytes[offset] ?? 0
    if (byte !== PERCENT) {
      decoded[length++] = byte === PLUS ? BLANK : byte
      continue
    }
    const value = digitOf(bytes[offset + 1]) * 16 + digitOf(bytes[offset + 2])
    if (Number.isNaN(value)) {
      throw new ProxyError('InvalidEncoding', `The body is percent-encoded, and the % at byte ${firstOffset + offset} (counted from 0) is not followed by two hexadecimal digits. The sender must write a % as %25.`)
    }
    if (keepsMarks && MARK_BYTES.has(value)) decoded.set(bytes.subarray(offset, offset + 3), length)
    else decoded[length] = value
    length += keepsMarks && MARK_BYTES.has(value) ? 3 : 1
    offset += 2
  }
  return decoded.subarray(0, length)
}

/**
 * A form in an encoding that does not contain ASCII cannot be decoded byte by byte: in UTF-16 a plus may be half of a character, in
 * ISO-2022-JP so may every mark. Both show in bytes that no encoded form has.
 * @throws ProxyError InvalidEncoding
 */
export function refuseWideForm (bytes: Uint8Array): void {
  const offset = bytes.findIndex(byte => byte === NUL || byte === ESCAPE)
  if (offset === -1) return
  throw new ProxyError('InvalidEncoding', `The form holds the byte ${bytes[offset] === NUL ? '0, as UTF-16 does' : '27, as ISO-2022-JP does'}, at byte ${offset} (counted from 0). The sender must encode its fields in UTF-8, or in the charset that Content-Type or its plant names, such as GBK.`)
}

/** The end of what decodePercent began with `keepsMarks`. */
export function unescapeMarks (text: string): string {
  // Every % begins one of the three, so none is made of parts of two; that of the % itself comes last.
  return text.includes('%') ? text.replaceAll('%26', '&').replaceAll(/%3d/gi, '=').replaceAll('%25', '%') : text
}

function digitOf (byte: number | undefined): number {
  const lower = (byte ?? 0) | 0x20
  if (byte !== undefined && byte >= 0x30 && byte <= 0x39) return byte - 0x30
  return lower >= 0x61 && lower <= 0x66 && byte !== undefined ? lower - 0x57 : NaN
}
