import { Value } from '@sinclair/typebox/value'
import { nearestField } from '../contract/did-you-mean.js'
import { PUSH_BOUNDS, PushSchema } from '../contract/push.js'
import { ambiguityOf, readPattern, type TagPattern } from './tag-pattern.js'
import type { Entry, YamlReader } from './yaml-reader.js'

/** Each name that no exact rule is for is tried with each pattern: more of them would cost more than they are worth. */
const PATTERNS_MAX = 20

export function refuseTooMany (patterns: number, entry: Entry, yaml: YamlReader): void {
  if (patterns > PATTERNS_MAX) yaml.fault(entry, `has ${patterns} patterns with placeholders; the limit is ${PATTERNS_MAX}`)
}

export function unknownKey (key: string, known: readonly string[]): string {
  const meant = nearestField(key, known)
  return `is no key here; ${meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`}`
}

export function deviceTypeOf (entry: Entry, yaml: YamlReader): string | undefined {
  const text = yaml.text(entry, 'a device type such as "1"')
  if (text === undefined || Value.Check(PushSchema.properties.deviceType, text)) return text
  return yaml.fault(entry, 'must be a device type: letters, digits and _ without blanks, such as "1"')
}

export function deviceIdOf (entry: Entry, yaml: YamlReader): string | undefined {
  const text = yaml.text(entry, 'a device id')
  return text !== undefined && text.length > PUSH_BOUNDS.deviceIdCharactersMax
    ? yaml.fault(entry, `is longer than ${PUSH_BOUNDS.deviceIdCharactersMax} characters`)
    : text
}

export function pointCodeOf (entry: Entry, yaml: YamlReader): string | undefined {
  const text = yaml.text(entry, 'a point code such as Ua')
  return text !== undefined && text.length > PUSH_BOUNDS.pointCodeCharactersMax
    ? yaml.fault(entry, `is longer than ${PUSH_BOUNDS.pointCodeCharactersMax} characters`)
    : text
}

/** A tag as it is written, or a pattern. */
export function patternOf (entry: Entry, yaml: YamlReader): TagPattern | undefined {
  const text = yaml.text(entry, 'a tag, or a pattern such as Channel1.{device}.{point}')
  if (text === undefined) return undefined
  const pattern = readPattern(text)
  if (typeof pattern === 'string') return yaml.fault(entry, pattern)
  const ambiguity = ambiguityOf(pattern)
  return ambiguity === undefined ? pattern : yaml.fault(entry, ambiguity)
}

/** What a rule gives its device or its point: a text that may take up the placeholders of its tag, in any order. */
export function templateOf (entry: Entry, yaml: YamlReader): TagPattern | undefined {
  const text = yaml.text(entry)
  const pattern = text === undefined ? undefined : readPattern(text)
  return typeof pattern === 'string' ? yaml.fault(entry, pattern) : pattern
}
