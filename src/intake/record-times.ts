import type { TimeFaults } from '../contract/check-push.js'
import { RECORD_TIME_PATTERN } from '../contract/push.js'
import { isCalendarTime } from '../contract/record-time.js'
import type { TimeFormat } from '../mapping/time-format.js'
import { holdsDevices, isObject } from './candidate.js'
import { JsonNumber } from './json-value.js'
import { parseTime } from './parse-time.js'
import type { RepairLog } from './repairs.js'
import { createTimeBounds, type TimeBounds, type TimeBoundsPolicy } from './time-bounds.js'
import { wallTimeIn } from './wall-time.js'

/** What a plant says about the times of its records. */
export interface TimePolicy extends TimeBoundsPolicy {
  /** A record without a time: a fault, or the time at which it came. Default a fault. */
  readonly defaultTime?: 'reject' | 'arrival'
}

/** With the form in which its mapping says that the sender writes times. */
export interface WrittenTimePolicy extends TimePolicy {
  readonly timeFormat?: TimeFormat | undefined
}

const CONTRACT_FORM = new RegExp(RECORD_TIME_PATTERN)

/** What becomes of one record time. */
interface TimeRead {
  /** As it is sent; undefined where it was not understood. */
  readonly recordTime?: string
  /** What is wrong with it; undefined also where only the contract knows. */
  readonly fault?: string | undefined
}

/**
 * Rewrites the record times of a candidate as the contract wants them, in the plant's zone, and gives a record without
 * one the time of its arrival, where the plant says so. Answers what is wrong with those that were not understood, or
 * that the plant does not take; those stay as they were written.
 */
export function repairTimes (candidate: unknown, policy: WrittenTimePolicy, nowMs: number, log: RepairLog): TimeFaults {
  const faults = new Map<number, string>()
  if (!holdsDevices(candidate)) return faults
  const timeZone = policy.timeZone ?? 'Asia/Shanghai'
  const readTime = createTimeReader(timeZone, createTimeBounds(policy, timeZone, nowMs), policy.timeFormat)
  let arrivalTime: string | undefined
  for (const [index, device] of candidate.devices.entries()) {
    if (!isObject(device)) continue
    const written = device['recordTime']
    if (policy.defaultTime === 'arrival' && (written === undefined || written === null || written === '')) {
      device['recordTime'] = arrivalTime ??= wallTimeIn(timeZone, nowMs)
      log.add('arrival-time')
      continue
    }
    const text = written instanceof JsonNumber ? written.text : written
    if (typeof text !== 'string') continue
    const { recordTime, fault } = readTime(text)
    if (fault !== undefined) faults.set(index, fault)
    if (recordTime === undefined) {
      // The contract knows values, not how they were written.
      if (written instanceof JsonNumber) device['recordTime'] = Number(text)
    } else if (recordTime !== written) {
      device['recordTime'] = recordTime
      log.add('record-time')
    }
  }
  return faults
}

/** The times of one body are mostly the same, so the last one is remembered. */
function createTimeReader (timeZone: string, bounds: TimeBounds, format: TimeFormat | undefined): (text: string) => TimeRead {
  let lastText: string | undefined
  let lastRead: TimeRead = {}
  return text => {
    if (text !== lastText) {
      lastRead = format === undefined ? readTime(text, timeZone, bounds) : readFormatted(text, timeZone, bounds, format)
      lastText = text
    }
    return lastRead
  }
}

/** With a form nothing but that and the contract's own is understood. */
function readFormatted (text: string, timeZone: string, bounds: TimeBounds, format: TimeFormat): TimeRead {
  const wallTime = CONTRACT_FORM.test(text) ? text : format.read(text)
  return wallTime === undefined ? { fault: `is not written as the mapping's timeFormat says (${format.text})` } : readTime(wallTime, timeZone, bounds)
}

function readTime (text: string, timeZone: string, bounds: TimeBounds): TimeRead {
  if (CONTRACT_FORM.test(text)) {
    return { recordTime: text, fault: isCalendarTime(text) ? bounds.faultOfWallTime(text) : undefined }
  }
  const parsed = parseTime(text)
  if ('fault' in parsed) return parsed
  if ('wallTime' in parsed) return { recordTime: parsed.wallTime, fault: bounds.faultOfWallTime(parsed.wallTime) }
  return { recordTime: wallTimeIn(timeZone, parsed.instantMs), fault: bounds.faultOfInstant(parsed.instantMs) }
}
