import { readEnergyExpert } from './dialect-energy-expert.js'
import type { JsonValue } from './json-value.js'
import type { RepairLog } from './repairs.js'

/** A body that was decoded. */
export interface DecodedBody {
  readonly text: string
  /** Whether NaN, Infinity and -Infinity, which are no JSON, stand for a missing reading and are read as null. */
  readonly nanAsNull: boolean
}

/** What a dialect makes of a body. */
export interface Translation {
  /** In the shape of PushDeviceData; its values, names and times are as the sender wrote them, and not judged yet. */
  readonly candidate: JsonValue
  /** Where the sender wrote what stands at a JSON pointer of the candidate; absent: at the same pointer. */
  readonly placeOf?: (pointer: string) => string
}

/**
 * Reads a body of one dialect. Throws ProxyError where it is none: InvalidJson, PushTooLarge, or InvalidPush that names
 * the place in the sender's body.
 */
export type Dialect = (body: DecodedBody, log: RepairLog) => Translation

/** The shapes in which senders write readings, by the name that a plant's policy gives them. */
const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  'energy-expert': readEnergyExpert
}

export type DialectName = 'energy-expert'

export function translate (body: DecodedBody, dialect: DialectName, log: RepairLog): Translation {
  return DIALECTS[dialect](body, log)
}
