import { createHash } from 'node:crypto'
import { cutRecords } from './cut-records.js'

/** What names the records of a body: whose they are, and its bytes. */
export interface KeyedBody {
  readonly plant: string
  readonly deviceType: string
  readonly body: Uint8Array
  readonly recordCount: number
}

/** Small to keep, and by chance the same for two of a million records once in hundreds of runs, which costs a needless warning. */
const KEY_BYTES = 6

/**
 * One number for each record of a body, the same for two exactly when they are of one plant, device type, device and time.
 * @returns undefined when the body cannot be cut at its records
 */
export function recordKeys ({ plant, deviceType, body, recordCount }: KeyedBody): number[] | undefined {
  const whose = JSON.stringify([plant, deviceType])
  return cutRecords(body, recordCount)?.records.map(({ identity }) => createHash('sha256').update(whose).update(identity, 'latin1').digest().readUIntBE(0, KEY_BYTES))
}
