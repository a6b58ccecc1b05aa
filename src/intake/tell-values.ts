import { tellNames } from '../contract/tell-names.js'
import { holdsDevices, isObject } from './candidate.js'
import type { DialectPolicy } from './dialects.js'
import type { TimePolicy } from './record-times.js'
import type { Repairs } from './repairs.js'

const TOLD_POINTS_MAX = 3

/** Values with a decimal comma, which are sent as they are: Energy Expert may read no number in them. */
export function tellDecimalCommas (candidate: unknown): string | undefined {
  if (!holdsDevices(candidate)) return undefined
  const codes = candidate.devices.flatMap(device => isObject(device) && isObject(device['data']) ? Object.entries(device['data']) : [])
    .flatMap(([code, value]) => typeof value === 'string' && /^[+-]?\d+,\d+$/.test(value) ? [code] : [])
  if (codes.length === 0) return undefined
  return `Values with a decimal comma: ${codes.length} (${tellNames([...new Set(codes)], TOLD_POINTS_MAX)}). They are sent as they are, and Energy Expert may read no number in them.`
}

/** In which zone the times of a body count, where that may be asked. */
export function tellTimeZone ({ timeZone = 'Asia/Shanghai', dialect = 'energy-expert' }: TimePolicy & DialectPolicy, repairs: Repairs): string | undefined {
  if (dialect === 'energy-expert' && !repairs.has('record-time')) return undefined
  return `Record times are written in ${timeZone} (--time-zone); local ones are sent as they are.`
}
