import type { Push } from './push.js'

/** How much a push holds: device records, and points of all of them. */
export function tallyPush ({ devices }: Push): { records: number, points: number } {
  let points = 0
  for (const { data } of devices) points += Object.keys(data).length
  return { records: devices.length, points }
}
