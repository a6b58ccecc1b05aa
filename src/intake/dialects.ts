import { mappingOf } from '../mapping/mapping-faults.js'
import type { DialectName, Mapping } from '../mapping/mapping.js'
import type { TimeFormat } from '../mapping/time-format.js'
import { readCsv } from './dialect-csv.js'
import { readEnergyExpert } from './dialect-energy-expert.js'
import { readFlat } from './dialect-flat.js'
import { readForm } from './dialect-form.js'
import { readKepware } from './dialect-kepware.js'
import type { JsonValue } from './json-value.js'
import type { RepairLog } from './repairs.js'
import { tellNamesKept } from './tell-names-kept.js'

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
  /** Such a place in words, where its path alone would tell a person little: "line 3, column Ua". */
  readonly inWords?: ((place: string) => string) | undefined
  /** In what form the sender writes its times, where its plant's mapping says so. */
  readonly timeFormat?: TimeFormat | undefined
}

/** What a dialect knows besides the body. */
export interface DialectContext {
  readonly mapping: Mapping
  /** Whether fields that the dialect does not know are left out, or are faults. */
  readonly dropsUnknown: boolean
  readonly log: RepairLog
}

/**
 * Reads a body of one dialect. Throws ProxyError where it is none: InvalidJson, PushTooLarge, or InvalidPush that names
 * the place in the sender's body.
 */
type Dialect = (body: DecodedBody, context: DialectContext) => Translation

/** The shapes in which senders write readings, by the name that a plant's policy gives them. */
const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  'energy-expert': readEnergyExpert,
  kepware: readKepware,
  flat: readFlat,
  csv: readCsv,
  form: readForm
}

/** The parts of a plant's policy that say how its bodies are translated. */
export interface DialectPolicy {
  /** The shape of the plant's bodies; default that of PushDeviceData. */
  readonly dialect?: DialectName
  /** The YAML text that says where its names lead. */
  readonly mapping?: string
  /** Fields that nobody knows: refuse the push, or leave them out and say so. */
  readonly unknownFields: 'reject' | 'drop'
}

export function translate (body: DecodedBody, { dialect = 'energy-expert', mapping, unknownFields }: DialectPolicy, log: RepairLog): Translation {
  const read = mappingOf(mapping)
  const translation = DIALECTS[dialect](body, { mapping: read, dropsUnknown: unknownFields === 'drop', log })
  if (dialect !== 'energy-expert') log.note('mapping', () => tellNamesKept(body.text, translation.candidate, read))
  return dialect === 'energy-expert' ? translation : { ...translation, timeFormat: read.timeFormat }
}
