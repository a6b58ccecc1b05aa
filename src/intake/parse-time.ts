import { isCalendarTime, NOT_IN_CALENDAR } from '../contract/record-time.js'
import { describeTime } from './describe-time.js'
import { FIRST_INSTANT_MS, instantInUtc, LAST_INSTANT_MS } from './wall-time.js'

/** What a text says: the time on the plant's clocks, an instant, or nothing that is understood (undefined: nobody knows why). */
export type ParsedTime =
  | { readonly wallTime: string }
  | { readonly instantMs: number }
  | { readonly fault: string | undefined }

const TIME_END = '(?:[.,][0-9]+)?)?(?: ?([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?))?$'
/** 2021-09-08T18:40:00.123+08:00 and with slashes; month, day and hour may have one digit, as Windows writes them. */
const EXTENDED = new RegExp(`^([0-9]{4})([-/])([0-9]{1,2})\\2([0-9]{1,2})[Tt ]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})${TIME_END}`)
/** 20210908T184000Z. */
const BASIC = new RegExp(`^([0-9]{4})()([0-9]{2})([0-9]{2})[Tt ]([0-9]{2})([0-9]{2})(?:([0-9]{2})${TIME_END}`)

/** Nobody is further away from UTC; the same bound as that of java.time. */
const OFFSET_HOURS_MAX = 18

/** Reads a record time in one of the accepted forms other than the contract's own. */
export function parseTime (text: string): ParsedTime {
  if (/^[0-9.]+$/.test(text)) return parseEpoch(text)
  const match = EXTENDED.exec(text) ?? BASIC.exec(text)
  if (match === null) return { fault: describeTime(text) }
  const [, year = '', , month = '', day = '', hour = '', minute = '', second = '00', offset] = match
  const two = (digits: string) => digits.padStart(2, '0')
  const wallTime = `${year}-${two(month)}-${two(day)} ${two(hour)}:${minute}:${second}`
  if (!isCalendarTime(wallTime)) return { fault: NOT_IN_CALENDAR }
  if (offset === undefined) return { wallTime }
  const offsetMs = readOffset(offset)
  if (offsetMs === undefined) return { fault: 'has an offset from UTC that no time zone has' }
  return instantOf(instantInUtc(wallTime) - offsetMs)
}

/**
 * Ten digits are seconds since 1970 and thirteen are milliseconds, from 2001 to 2286. No other count is taken: 12 digits may
 * be milliseconds of the last century, but most likely are yyMMddHHmmss.
 */
function parseEpoch (text: string): ParsedTime {
  const [, whole = ''] = /^([1-9][0-9]*)(?:\.[0-9]+)?$/.exec(text) ?? []
  if (whole.length === 10) return instantOf(Number(whole) * 1000)
  if (whole.length === 13) return instantOf(Number(whole))
  return { fault: describeTime(text) }
}

function instantOf (instantMs: number): ParsedTime {
  return instantMs < FIRST_INSTANT_MS || instantMs > LAST_INSTANT_MS ? { fault: NOT_IN_CALENDAR } : { instantMs }
}

/** Milliseconds of `Z`, `+08`, `+0800` or `+08:00`. */
function readOffset (offset: string): number | undefined {
  if (offset === 'Z' || offset === 'z') return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = offset.length > 3 ? Number(offset.slice(-2)) : 0
  if (minutes > 59 || hours * 60 + minutes > OFFSET_HOURS_MAX * 60) return undefined
  return (hours * 60 + minutes) * (offset.startsWith('-') ? -60_000 : 60_000)
}
