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
const CLASSES = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte === 0x7f || byte === QUOTE || byte === 0x5c || byte === 0x23) return IS_STOP
  return byte >= 0x80 ? IS_HIGH : PLAIN
})

const EACH_HIGH = 0x80808080 | 0
/** The lowest of the characters from `$` to `[`, among which is all that numbers are written with. */
const EACH_LOWEST = 0x24242424
/** What is added to the highest of them without reaching the high bit. */
const EACH_ROOM = 0x24242424

/**
 * Which of four bytes lie outside of `$` to `[`, by the high bit of each; 0: none. Of those above the first that does, nothing is said.
 * @param quad The first byte lowest.
 */
export function oddOf (quad: number): number {
  return (~(((quad | EACH_HIGH) - EACH_LOWEST) | 0) | ((quad + EACH_ROOM) | 0) | quad) & EACH_HIGH
}

/** The place of the first of them, 0 to 3. */
export function placeOfFirst (odd: number): number {
  return (31 - Math.clz32(odd & -odd)) >>> 3
}

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

/** The last code that was found right: the same text for all pushes of a type, so that nobody hashes it anew to look it up. */
let rightType = ''

/** The code of letters, digits and underscores that these bytes are; undefined: they are none. */
export function readTypeText (bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end <= start) return undefined
  let offset = end - start === rightType.length ? 0 : Infinity
  while (start + offset < end && bytes[start + offset] === rightType.charCodeAt(offset)) offset++
  if (start + offset === end) return rightType
  for (let at = start; at < end; at++) if (!isWord(bytes[at] ?? 0)) return undefined
  rightType = String.fromCharCode(...bytes.subarray(start, end))
  return rightType
}

function isWord (byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x5f
}

const SOME_TIME = '2021-09-08 18:40:00'
export const TIME_LENGTH = SOME_TIME.length
/** With the blank behind it. */
const DAY_LENGTH = 11
const COLON = 0x3a

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** The last time that was found right, at first any that is: meters mostly tell the second that others told before. */
const rightTime = Uint8Array.from(Buffer.from(SOME_TIME))

/** Whether a time of the calendar begins here, in the form of the contract. */
export function isTimeText (bytes: Uint8Array, start: number): boolean {
  let offset = 0
  while (offset < TIME_LENGTH && bytes[start + offset] === rightTime[offset]) offset++
  if (offset === TIME_LENGTH) return true
  // Of a day that was found right, each time of day is.
  if (offset >= DAY_LENGTH && isTimeOfDay(bytes, start + DAY_LENGTH)) return true
  if (!isTime(bytes, start)) return false
  for (let offset = 0; offset < TIME_LENGTH; offset++) rightTime[offset] = bytes[start + offset] ?? 0
  return true
}

/** `hh:mm:ss`, to 23:59:59. */
function isTimeOfDay (bytes: Uint8Array, at: number): boolean {
  return bytes[at + 2] === COLON && bytes[at + 5] === COLON && twoDigits(bytes, at) < 24 && twoDigits(bytes, at + 3) < 60 && twoDigits(bytes, at + 6) < 60
}

/** NaN: they are none. */
function twoDigits (bytes: Uint8Array, at: number): number {
  const [tens, ones] = [bytes[at] ?? 0, bytes[at + 1] ?? 0]
  return isDigit(tens) && isDigit(ones) ? (tens - 0x30) * 10 + ones - 0x30 : NaN
}

function isTime (bytes: Uint8Array, start: number): boolean {
  const text = String.fromCharCode(...bytes.subarray(start, start + TIME_LENGTH))
  return RECORD_TIME.test(text) && isCalendarTime(text)
}
