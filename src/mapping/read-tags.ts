import type { Mapping, TagRule } from './mapping.js'
import { deviceTypeOf, patternOf, refuseTooMany, templateOf, unknownKey } from './mapping-texts.js'
import type { TagPattern } from './tag-pattern.js'
import type { Entry, YamlReader } from './yaml-reader.js'

/** The rules of `tags`: a pattern alone, or with what its device, point and device type are. */
export function readTags (entry: Entry, yaml: YamlReader): Pick<Mapping, 'exactTags' | 'tagPatterns'> {
  const exactTags = new Map<string, TagRule>()
  const tagPatterns: TagRule[] = []
  for (const each of yaml.list(entry) ?? []) {
    const rule = readRule(each, yaml)
    if (rule === undefined) continue
    const { texts: [tag = ''], names } = rule.pattern
    if (names.length > 0) tagPatterns.push(rule)
    else if (exactTags.has(tag)) yaml.fault(each, 'has a rule for a tag that an earlier rule is for')
    else exactTags.set(tag, rule)
  }
  refuseTooMany(tagPatterns.length, entry, yaml)
  return { exactTags, tagPatterns }
}

function readRule (entry: Entry, yaml: YamlReader): TagRule | undefined {
  const parts = yaml.isMap(entry) ? yaml.entries(entry) ?? [] : [{ ...entry, key: 'tag' }]
  const rule: { pattern?: TagPattern | undefined, device?: TagPattern | undefined, point?: TagPattern | undefined, deviceType?: string | undefined } = {}
  for (const part of parts) {
    if (part.key === 'tag') rule.pattern = patternOf(part, yaml)
    else if (part.key === 'device') rule.device = templateOf(part, yaml)
    else if (part.key === 'point') rule.point = templateOf(part, yaml)
    else if (part.key === 'deviceType') rule.deviceType = deviceTypeOf(part, yaml)
    else yaml.fault(part, unknownKey(part.key, ['tag', 'device', 'point', 'deviceType']))
  }
  const { pattern, device, point, deviceType } = rule
  if (pattern === undefined) return parts.some(({ key }) => key === 'tag') ? undefined : yaml.fault(entry, 'has a rule without "tag"')
  const unknown = [...device?.names ?? [], ...point?.names ?? []].find(name => !pattern.names.includes(name))
  if (unknown !== undefined) return yaml.fault(entry, `has a rule that uses {${unknown}}, which does not stand in its tag`)
  if (point === undefined && !pattern.names.includes('point')) return yaml.fault(entry, 'has a rule without a point: add point, or {point} to its tag')
  return { pattern, device, point, deviceType }
}
