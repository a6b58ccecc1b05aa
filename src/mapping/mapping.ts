import type { TagPattern } from './tag-pattern.js'

/** The shapes in which a plant may write its bodies. */
export const DIALECT_NAMES = ['energy-expert', 'kepware', 'flat', 'csv', 'form'] as const

export type DialectName = (typeof DIALECT_NAMES)[number]

/** The special fields of a row; every other one is a point. */
export const FIELD_ROLES = ['deviceType', 'deviceId', 'recordTime', 'point', 'value', 'tag'] as const

export type FieldRole = (typeof FIELD_ROLES)[number]

/** A rule that leads a tag to a device and a point. What it leaves out has another source. */
export interface TagRule {
  readonly pattern: TagPattern
  readonly device?: TagPattern | undefined
  readonly point?: TagPattern | undefined
  readonly deviceType?: string | undefined
}

/** What becomes of one device name. */
export interface DeviceRule {
  readonly deviceId?: string | undefined
  readonly deviceType?: string | undefined
}

export interface CsvRules {
  readonly delimiter?: string | undefined
  /** The names of the columns, where no header row tells them. */
  readonly columns?: readonly string[] | undefined
  readonly skipLines: number
  readonly trim: boolean
}

/** What becomes of a tag, a point or a field that no rule names: it keeps its name, makes the push faulty, or is left out. */
export type Unmapped = 'keep' | 'reject' | 'drop'

/** A plant's mapping, checked: how the names of its bodies lead to device types, devices, times and points. */
export interface Mapping {
  readonly deviceType?: string | undefined
  readonly deviceId?: string | undefined
  /** The fields of a role by their names; only `recordTime` may have two. */
  readonly fields: ReadonlyMap<FieldRole, readonly string[]>
  /** Rules without placeholders, by their tag. */
  readonly exactTags: ReadonlyMap<string, TagRule>
  /** The others, in the order in which they are tried. */
  readonly tagPatterns: readonly TagRule[]
  readonly separator: string
  readonly devices: ReadonlyMap<string, DeviceRule>
  readonly points: ReadonlyMap<string, string>
  readonly ignoredNames: ReadonlySet<string>
  readonly ignoredPatterns: readonly TagPattern[]
  readonly unmapped?: Unmapped | undefined
  readonly csv: CsvRules
  /** The keys that stand in it, with their lines. */
  readonly keyLines: ReadonlyMap<string, number>
}

export const EMPTY_MAPPING: Mapping = {
  fields: new Map(),
  exactTags: new Map(),
  tagPatterns: [],
  separator: '.',
  devices: new Map(),
  points: new Map(),
  ignoredNames: new Set(),
  ignoredPatterns: [],
  csv: { skipLines: 0, trim: false },
  keyLines: new Map()
}

export const hasTags = ({ exactTags, tagPatterns }: Mapping): boolean => exactTags.size > 0 || tagPatterns.length > 0

/** Whether a row holds one reading, and says in a field which. */
export const hasLongRows = ({ fields }: Mapping): boolean => fields.has('value')
