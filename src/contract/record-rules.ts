import type { Fault } from '../errors.js'
import { deviceIdFault } from './device-id-rule.js'
import { pointerTo } from './json-pointer.js'
import { missingFault } from './missing-value.js'
import { PUSH_BOUNDS, RECORD_TIME_PATTERN } from './push.js'
import { isCalendarTime, NOT_IN_CALENDAR } from './record-time.js'
import { nameFault, surrogateFault } from './text-fault.js'

/** A record as it comes: what its schema faults is left to the schema. */
export interface LooseRecord {
  readonly deviceId?: unknown
  readonly recordTime?: unknown
  readonly data?: unknown
}

const RECORD_TIME = new RegExp(RECORD_TIME_PATTERN)

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** So many codes are remembered as good: no sender has more that it repeats, and a set that grows costs more than to judge a code anew. */
export const GOOD_CODES_MAX: number = PUSH_BOUNDS.pointsPerDeviceMax

/** What is wrong with a point code. */
export function codeFault (code: string): string | undefined {
  if (code === '') return 'has a point code without a character'
  if (code.length > PUSH_BOUNDS.pointCodeCharactersMax) {
    return `has a point code of ${code.length} characters; the limit is ${PUSH_BOUNDS.pointCodeCharactersMax}`
  }
  const fault = nameFault(code)
  return fault && `has a point code that holds ${fault}`
}

/** The rules that a schema cannot say, for the records of one push, one after the other. */
export class RecordRules {
  /** Undefined when the push names no usable type: then no rule of deviceId can be judged. */
  readonly #deviceType: string | undefined
  /** The place among the records of the first of each device and time. */
  readonly #firsts = new Map<string, number>()
  /** Codes that were found good: a push repeats a few codes in every record. */
  readonly #goodCodes = new Set<string>()
  /** The points of all records judged so far. */
  points = 0

  constructor (deviceType: string | undefined) {
    this.#deviceType = deviceType
  }

  /**
   * Adds the faults of one record, at their places within it; `index` is its own among the records, `timeFault` what whoever
   * read its time found wrong with it. A clean record costs no allocation but its key.
   * @returns whether an earlier record has the same device and time
   */
  judge (record: LooseRecord, index: number, faults: Fault[], timeFault?: string): boolean {
    const identified = this.#judgeId(record.deviceId, faults)
    const isRepeat = timeFault === undefined && this.#judgeTime(record, index, identified, faults)
    if (timeFault !== undefined) faults.push({ path: '/recordTime', message: timeFault })
    const { data } = record
    if (isObject(data)) this.#judgeData(data, faults)
    return isRepeat
  }

  /** Whether the id is fit to be compared with those of other records. */
  #judgeId (deviceId: unknown, faults: Fault[]): boolean {
    const rule = this.#deviceType === undefined ? undefined : deviceIdFault(this.#deviceType, deviceId !== undefined)
    if (rule !== undefined) {
      faults.push({ path: '/deviceId', message: rule })
      return false
    }
    if (deviceId === undefined) return this.#deviceType !== undefined
    if (typeof deviceId !== 'string' || deviceId === '') return false
    const fault = nameFault(deviceId)
    if (fault === undefined) return true
    faults.push({ path: '/deviceId', message: `holds ${fault}` })
    return false
  }

  #judgeTime ({ deviceId, recordTime }: LooseRecord, index: number, identified: boolean, faults: Fault[]): boolean {
    if (typeof recordTime !== 'string' || !RECORD_TIME.test(recordTime)) return false
    if (!isCalendarTime(recordTime)) {
      faults.push({ path: '/recordTime', message: NOT_IN_CALENDAR })
      return false
    }
    if (!identified) return false
    // The time has a fixed length, so no two records share a key by accident; a record without an id has an empty one.
    const key = recordTime + (typeof deviceId === 'string' ? deviceId : '')
    const first = this.#firsts.get(key)
    if (first === undefined) this.#firsts.set(key, index)
    else faults.push({ path: '', message: `has the same device and time as ${pointerTo('/devices', first)}; send each record once` })
    return first !== undefined
  }

  #judgeData (data: Readonly<Record<string, unknown>>, faults: Fault[]): void {
    const codes = Object.keys(data)
    this.points += codes.length
    // The schema says so once; nothing inside an oversized record is looked at.
    if (codes.length > PUSH_BOUNDS.pointsPerDeviceMax) return
    for (const code of codes) {
      if (!this.#goodCodes.has(code)) {
        const fault = codeFault(code)
        if (fault !== undefined) {
          faults.push({ path: '/data', message: fault })
          continue
        }
        if (this.#goodCodes.size < GOOD_CODES_MAX) this.#goodCodes.add(code)
      }
      const value = data[code]
      if (typeof value !== 'string') continue
      const half = surrogateFault(value)
      const message = half === undefined ? missingFault(value) : `holds ${half}`
      if (message !== undefined) faults.push({ path: pointerTo('/data', code), message })
    }
  }
}
