import { isMissing } from '../contract/missing-value.js'
import { holdsDevices, isObject } from './candidate.js'
import { emptyJsonObject } from './json-value.js'
import type { RepairLog } from './repairs.js'

/** What became of the records. */
export interface Dropped {
  /** Every record was left out: the push holds no reading. */
  readonly isEmptied: boolean
  /** Which of the records as they came the one is that is now at a place. */
  readonly indexOf: (index: number) => number
  /** Where in the body as it came the thing stands that is now at a JSON pointer. */
  readonly placeOf: (pointer: string) => string
}

export const NOTHING_DROPPED: Dropped = { isEmptied: false, indexOf: index => index, placeOf: pointer => pointer }

/**
 * Takes the points without a reading out of a candidate, and the records that have no point left. A record that came
 * without points stays, for the contract to fault.
 */
export function dropMissing (candidate: unknown, log: RepairLog): Dropped {
  if (!holdsDevices(candidate)) return NOTHING_DROPPED
  const before = candidate.devices
  const indexes: number[] = []
  candidate.devices = before.filter((device, index) => {
    if (isObject(device) && isObject(device['data'])) {
      const { data, count } = withoutMissing(device['data'])
      log.add('missing-value', count)
      if (count > 0 && Object.keys(data).length === 0) return false
      device['data'] = data
    }
    indexes.push(index)
    return true
  })
  log.add('missing-record', before.length - indexes.length)
  if (indexes.length === before.length) return NOTHING_DROPPED
  const indexOf = (index: number): number => indexes[index] ?? index
  return {
    isEmptied: indexes.length === 0,
    indexOf,
    placeOf: pointer => pointer.replace(/^\/devices\/(\d+)/, (_place, index) => `/devices/${indexOf(Number(index))}`)
  }
}

function withoutMissing (data: Record<string, unknown>): { data: Record<string, unknown>, count: number } {
  const codes = Object.keys(data)
  const left = codes.filter(code => !isMissing(data[code]))
  if (left.length === codes.length) return { data, count: 0 }
  // A new object: one from which members were deleted is slow to check.
  const copy: Record<string, unknown> = emptyJsonObject()
  for (const code of left) copy[code] = data[code]
  return { data: copy, count: codes.length - left.length }
}
