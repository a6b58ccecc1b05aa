import { randomFillSync } from 'node:crypto'

const DIGITS = Uint8Array.from(Buffer.from('0123456789ABCDEF'))
const NOTHING_BUT_DASHES = '00000000-0000-0000-0000-000000000000'
/** Where the two digits of each byte stand. */
const PLACES = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34)
/** Random bytes for 256 ids: to ask the system for each takes longer than all the rest. */
const random = Buffer.alloc(4_096)
let used = random.length
const text = Buffer.from(NOTHING_BUT_DASHES)

/**
 * A random UUID (RFC 9562, section 5.4) in capitals, as the cloud writes its own. Written by hand for the sake of each push:
 * Node's randomUUID() puts together thirty texts, which takes three times as long and 600 bytes.
 */
export function newRequestId (): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  for (let index = 0; index < PLACES.length; index++) {
    const byte = withMarks(random[used + index] ?? 0, index)
    const place = PLACES[index] ?? 0
    text[place] = DIGITS[byte >> 4] ?? 0
    text[place + 1] = DIGITS[byte & 0x0f] ?? 0
  }
  used += PLACES.length
  return text.toString('latin1')
}

/** Version and variant. */
function withMarks (byte: number, index: number): number {
  if (index === 6) return (byte & 0x0f) | 0x40
  return index === 8 ? (byte & 0x3f) | 0x80 : byte
}
