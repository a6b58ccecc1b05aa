import { RECORD_TIME_PATTERN } from '../contract/push.js'
import { isCalendarTime } from '../contract/record-time.js'

const RECORD_TIME = new RegExp(RECORD_TIME_PATTERN)

/** A character that a text may hold and that means nothing there. */
export const PLAIN = 0
/** One byte of a character beyond ASCII. */
export const IS_HIGH = 1
/** What ends a text, or makes it one that only the general way can judge. */
const IS_STOP = 2

const QUOTE = 0x22
/** By byte. Controls and backslashes need judgement; a number sign stands in what C's printf writes for no number. */
export const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === 0x7f || byte === QUOTE || byte === 0x5c || byte === 0x23) return IS_STOP
  return byte >= 0x80 ? IS_HIGH : PLAIN
})

/**
 * Where the text that begins at `start` ends, doubled, plus 1 when it holds more than ASCII; -1 when it is longer than so many bytes,
 * or holds what only the general way can judge.
 */
export function endOfText (bytes: Uint8Array, start: number, bytesMax: number): number {
  let at = start
  // Nearly all of a body is read here: nothing else is asked in this loop.
  while (CLASSES[bytes[at] ?? QUOTE] === PLAIN) at++
  if (at - start > bytesMax) return -1
  if (bytes[at] === QUOTE) return at * 2
  return CLASSES[bytes[at] ?? QUOTE] === IS_HIGH ? endOfHighText(bytes, at, start + bytesMax) : -1
}

/** @param start Where the first byte stands that is beyond ASCII. */
function endOfHighText (bytes: Uint8Array, start: number, last: number): number {
  for (let at = start; at <= last; at++) {
    const byte = bytes[at] ?? 0
    const found = CLASSES[byte]
    if (byte === QUOTE) return at * 2 + IS_HIGH
    // U+0080 to U+009F are controls that nobody sees.
    if (found === IS_STOP || (byte === 0xc2 && (bytes[at + 1] ?? 0) < 0xa0)) return -1
  }
  return -1
}

/** Whether these bytes are a code of letters, digits and underscores, and at least one of them. */
export function isTypeText (bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    const isWord = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f
    if (!isWord) return false
  }
  return end > start
}

const SOME_TIME = '2021-09-08 18:40:00'
export const TIME_LENGTH = SOME_TIME.length

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** The last time that was found right, at first any that is: meters mostly tell the second that others told before. */
const rightTime = Uint8Array.from(Buffer.from(SOME_TIME))

/** Whether a time of the calendar begins here, in the form of the contract. */
export function isTimeText (bytes: Uint8Array, start: number): boolean {
  for (let offset = 0; bytes[start + offset] === rightTime[offset]; offset++) {
    if (offset === TIME_LENGTH - 1) return true
  }
  if (!isTime(bytes, start)) return false
  for (let offset = 0; offset < TIME_LENGTH; offset++) rightTime[offset] = bytes[start + offset] ?? 0
  return true
}

function isTime (bytes: Uint8Array, start: number): boolean {
  const text = String.fromCharCode(...bytes.subarray(start, start + TIME_LENGTH))
  return RECORD_TIME.test(text) && isCalendarTime(text)
}
