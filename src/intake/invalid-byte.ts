/** The bytes that may follow a lead byte (Unicode, table 3-7): how many, and the range of the first of them. */
function followersOf (lead: number): { count: number, min: number, max: number } | undefined {
  if (lead <= 0x7f) return { count: 0, min: 0, max: 0 }
  if (lead >= 0xc2 && lead <= 0xdf) return { count: 1, min: 0x80, max: 0xbf }
  // Overlong forms, surrogates and code points beyond U+10FFFF are no UTF-8.
  if (lead >= 0xe0 && lead <= 0xef) return { count: 2, min: lead === 0xe0 ? 0xa0 : 0x80, max: lead === 0xed ? 0x9f : 0xbf }
  if (lead >= 0xf0 && lead <= 0xf4) return { count: 3, min: lead === 0xf0 ? 0x90 : 0x80, max: lead === 0xf4 ? 0x8f : 0xbf }
  return undefined
}

export interface InvalidByte {
  /** Counted from 0: the byte at fault, or the first byte of a character that the end cuts off. */
  readonly offset: number
  readonly cutOff: boolean
}

/** The first byte that makes the bytes no UTF-8. TextDecoder says that there is one, not where. */
export function findInvalidByte (bytes: Uint8Array): InvalidByte | undefined {
  for (let start = 0; start < bytes.length;) {
    const followers = followersOf(bytes[start] ?? 0)
    if (followers === undefined) return { offset: start, cutOff: false }
    for (let index = 1; index <= followers.count; index++) {
      const byte = bytes[start + index]
      if (byte === undefined) return { offset: start, cutOff: true }
      const [min, max] = index === 1 ? [followers.min, followers.max] : [0x80, 0xbf]
      if (byte < min || byte > max) return { offset: start + index, cutOff: false }
    }
    start += followers.count + 1
  }
  return undefined
}
