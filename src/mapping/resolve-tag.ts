import type { Mapping, TagRule } from './mapping.js'
import { fillPattern, matchPattern } from './tag-pattern.js'

/** Where a tag leads. */
export interface Target {
  /** As the devices' rules know it; undefined: the mapping's or the row's own. */
  readonly device?: string | undefined
  readonly point: string
  readonly deviceType?: string | undefined
}

export function isIgnored ({ ignoredNames, ignoredPatterns, separator }: Mapping, name: string): boolean {
  return ignoredNames.has(name) || ignoredPatterns.some(pattern => matchPattern(pattern, name, separator) !== undefined)
}

/** The target of a tag; undefined when no rule fits. The rules without placeholders come first, then the others in their order. */
export function resolveTag (mapping: Mapping, tag: string): Target | undefined {
  const exact = mapping.exactTags.get(tag)
  if (exact !== undefined) return targetOf(mapping, exact, [])
  for (const rule of mapping.tagPatterns) {
    const captured = matchPattern(rule.pattern, tag, mapping.separator)
    if (captured !== undefined) return targetOf(mapping, rule, captured)
  }
  return undefined
}

function targetOf ({ points }: Mapping, { pattern, device, point, deviceType }: TagRule, captured: readonly string[]): Target {
  const placeholders = new Map(pattern.names.map((name, index) => [name, captured[index] ?? '']))
  const code = point === undefined ? placeholders.get('point') ?? '' : fillPattern(point, placeholders)
  return {
    device: device === undefined ? placeholders.get('device') : fillPattern(device, placeholders),
    point: points.get(code) ?? code,
    deviceType
  }
}
