import { deviceIdOf, deviceTypeOf, patternOf, pointCodeOf, refuseTooMany, unknownKey } from './mapping-texts.js'
import { EMPTY_MAPPING, FIELD_ROLES, type CsvRules, type DeviceRule, type FieldRole, type Mapping } from './mapping.js'
import { readTags } from './read-tags.js'
import { YamlReader, type Entry, type MappingFault } from './yaml-reader.js'

/** As much of a text is stored with a plant. */
export const MAPPING_BYTES_MAX = 65_536

const DELIMITERS: ReadonlyMap<string, string> = new Map([['comma', ','], [',', ','], ['semicolon', ';'], [';', ';'], ['tab', '\t'], ['bar', '|'], ['|', '|']])

type Draft = { -readonly [Name in keyof Mapping]: Mapping[Name] }
type ReadKey = (entry: Entry, yaml: YamlReader, draft: Draft) => void

/** Every key that a mapping may have. */
const KEYS: Readonly<Record<Exclude<keyof Mapping, 'exactTags' | 'tagPatterns' | 'ignoredNames' | 'ignoredPatterns' | 'keyLines'> | 'tags' | 'ignore', ReadKey>> = {
  deviceType: (entry, yaml, draft) => { draft.deviceType = deviceTypeOf(entry, yaml) },
  deviceId: (entry, yaml, draft) => { draft.deviceId = deviceIdOf(entry, yaml) },
  fields: (entry, yaml, draft) => { draft.fields = readFields(entry, yaml) },
  tags: (entry, yaml, draft) => { Object.assign(draft, readTags(entry, yaml)) },
  separator: (entry, yaml, draft) => {
    const text = yaml.text(entry, 'one character')
    if (text !== undefined && text.length > 1) yaml.fault(entry, 'must be one character, the one that stands between the parts of a tag')
    else draft.separator = text ?? '.'
  },
  devices: (entry, yaml, draft) => { draft.devices = readDevices(entry, yaml) },
  points: (entry, yaml, draft) => {
    draft.points = new Map((yaml.entries(entry) ?? []).flatMap(each => {
      const code = pointCodeOf(each, yaml)
      return code === undefined ? [] : [[each.key, code]]
    }))
  },
  ignore: (entry, yaml, draft) => {
    const patterns = (yaml.list(entry) ?? []).flatMap(each => patternOf(each, yaml) ?? [])
    draft.ignoredNames = new Set(patterns.filter(({ names }) => names.length === 0).map(({ texts: [text = ''] }) => text))
    draft.ignoredPatterns = patterns.filter(({ names }) => names.length > 0)
    refuseTooMany(draft.ignoredPatterns.length, entry, yaml)
  },
  unmapped: (entry, yaml, draft) => { draft.unmapped = yaml.word(entry, ['keep', 'reject', 'drop']) },
  csv: (entry, yaml, draft) => { draft.csv = readCsv(entry, yaml) }
}

/** Reads the text of a mapping whole: either every fault, or what it says. */
export function readMapping (text: string): { mapping: Mapping, faults: readonly MappingFault[] } {
  const yaml = new YamlReader()
  const draft: Draft = { ...EMPTY_MAPPING }
  const keyLines = new Map<string, number>()
  for (const entry of yaml.readDocument(text) ?? []) {
    keyLines.set(entry.key, entry.line)
    if (isKey(entry.key)) KEYS[entry.key](entry, yaml, draft)
    else yaml.fault(entry, unknownKey(entry.key, Object.keys(KEYS)))
  }
  return { mapping: { ...draft, keyLines }, faults: yaml.faults }
}

function isKey (key: string): key is keyof typeof KEYS {
  return Object.hasOwn(KEYS, key)
}

function readFields (entry: Entry, yaml: YamlReader): Mapping['fields'] {
  const fields = new Map<FieldRole, readonly string[]>()
  const users = new Map<string, string>()
  for (const each of yaml.entries(entry) ?? []) {
    const role = FIELD_ROLES.find(name => name === each.key)
    if (role === undefined) {
      yaml.fault(each, unknownKey(each.key, FIELD_ROLES))
      continue
    }
    const names = (yaml.isList(each) ? yaml.list(each) ?? [] : [each]).flatMap(one => yaml.text(one, 'the name of a field') ?? [])
    if (names.length > (role === 'recordTime' ? 2 : 1)) yaml.fault(each, role === 'recordTime' ? 'takes one field, or two: that of the date and that of the time' : 'takes one field')
    for (const name of names) {
      const user = users.get(name)
      if (user !== undefined) yaml.fault(each, `takes a field that ${user} takes already`)
      users.set(name, role)
    }
    if (names.length > 0) fields.set(role, names)
  }
  return fields
}

function readDevices (entry: Entry, yaml: YamlReader): Mapping['devices'] {
  const devices = new Map<string, DeviceRule>()
  for (const each of yaml.entries(entry) ?? []) {
    if (!yaml.isMap(each)) {
      devices.set(each.key, { deviceId: deviceIdOf(each, yaml) })
      continue
    }
    const rule: { deviceId?: string | undefined, deviceType?: string | undefined } = {}
    for (const part of yaml.entries(each) ?? []) {
      if (part.key === 'deviceId') rule.deviceId = deviceIdOf(part, yaml)
      else if (part.key === 'deviceType') rule.deviceType = deviceTypeOf(part, yaml)
      else yaml.fault(part, unknownKey(part.key, ['deviceId', 'deviceType']))
    }
    devices.set(each.key, rule)
  }
  return devices
}

function readCsv (entry: Entry, yaml: YamlReader): CsvRules {
  const rules: { -readonly [Name in keyof CsvRules]: CsvRules[Name] } = { skipLines: 0, trim: false }
  for (const each of yaml.entries(entry) ?? []) {
    if (each.key === 'delimiter') rules.delimiter = DELIMITERS.get(yaml.word(each, [...DELIMITERS.keys()]) ?? '')
    else if (each.key === 'columns') rules.columns = (yaml.list(each) ?? []).flatMap(one => yaml.text(one, 'the name of a column') ?? [])
    else if (each.key === 'skipLines') rules.skipLines = linesOf(each, yaml)
    else if (each.key === 'trim') rules.trim = yaml.word(each, ['true', 'false']) === 'true'
    else yaml.fault(each, unknownKey(each.key, ['delimiter', 'columns', 'skipLines', 'trim']))
  }
  const twice = rules.columns?.find((name, index, names) => names.indexOf(name) < index)
  if (twice !== undefined) yaml.fault(entry, 'has two columns of one name')
  return rules
}

function linesOf (entry: Entry, yaml: YamlReader): number {
  const text = yaml.text(entry, 'a number of lines') ?? '0'
  if (/^\d{1,3}$/.test(text)) return Number(text)
  yaml.fault(entry, 'takes a number of lines from 0 to 999')
  return 0
}
