import { faultsWithDialect } from './fits-dialect.js'
import { slipsIn } from './mapping-slips.js'
import { EMPTY_MAPPING, type DialectName, type Mapping } from './mapping.js'
import { MAPPING_BYTES_MAX, readMapping } from './read-mapping.js'
import type { MappingFault } from './yaml-reader.js'

/** As many faults are told at once; the others show when these are mended. */
const TOLD_FAULTS_MAX = 5

/** So many mappings are kept as they were read; reading one again takes milliseconds. */
const KEPT_MAX = 64

type ReadMapping = ReturnType<typeof readMapping>

/** In the order of their last use. */
const kept = new Map<string, ReadMapping>()

function readOnce (text: string): ReadMapping {
  const read = kept.get(text) ?? readMapping(text)
  kept.delete(text)
  kept.set(text, read)
  if (kept.size > KEPT_MAX) {
    const [longestUnused = ''] = kept.keys()
    kept.delete(longestUnused)
  }
  return read
}

/** The mapping of a text that was found good when it was set; that of none is empty. */
export function mappingOf (text: string | undefined): Mapping {
  return text === undefined ? EMPTY_MAPPING : readOnce(text).mapping
}

/** What is wrong with the text of a mapping, whatever the dialect, as the end of a sentence. */
export function mappingTextFault (text: string): string | undefined {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAPPING_BYTES_MAX) return `holds ${bytes} bytes; the limit is ${MAPPING_BYTES_MAX}`
  return inWords(readOnce(text).faults)
}

/** What keeps a plant's dialect and its mapping from going together, as a whole sentence. */
export function mappingPairFault (dialect: DialectName, text: string | undefined): string | undefined {
  const fault = inWords(faultsWithDialect(mappingOf(text), dialect))
  if (fault === undefined) return undefined
  return text === undefined
    ? `--dialect ${dialect} needs --mapping FILE, which leads each tag to a device and a point; set both at once.`
    : `--mapping does not go with --dialect ${dialect}: ${fault}.`
}

/** What in a mapping can hardly be meant, as a whole sentence. Only for one that is being set. */
export function mappingSlip (dialect: DialectName, text: string | undefined): string | undefined {
  const slip = inWords(slipsIn(mappingOf(text), dialect))
  return slip === undefined ? undefined : `--mapping would not work with --dialect ${dialect}: ${slip}${slip.endsWith('?') ? '' : '.'}`
}

function inWords (faults: readonly MappingFault[]): string | undefined {
  if (faults.length === 0) return undefined
  const told = faults.slice(0, TOLD_FAULTS_MAX).map(({ line, key, message }) => `line ${line}${key === '' ? '' : `, ${key}`}: ${message}`)
  return `${told.join('; ')}${faults.length > TOLD_FAULTS_MAX ? `; and ${faults.length - TOLD_FAULTS_MAX} more` : ''}`
}
