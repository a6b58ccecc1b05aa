import type { Mapping, TagRule } from './mapping.js'
import { PatternIndex } from './pattern-index.js'
import { fillPattern, matchPattern, type TagPattern } from './tag-pattern.js'

/** Where a tag leads. */
export interface Target {
  /** As the devices' rules know it; undefined: the mapping's or the row's own. */
  readonly device?: string | undefined
  readonly point: string
  readonly deviceType?: string | undefined
}

export function isIgnored ({ ignoredNames, ignoredPatterns, separator }: Mapping, name: string): boolean {
  if (ignoredNames.has(name)) return true
  if (ignoredPatterns.length === 0) return false
  for (const pattern of indexOf(ignoredPatterns, ignoredIndexes, itself).candidates(name)) {
    if (matchPattern(pattern, name, separator) !== undefined) return true
  }
  return false
}

/** The target of a tag; undefined when no rule fits. The rules without placeholders come first, then the others in their order. */
export function resolveTag (mapping: Mapping, tag: string): Target | undefined {
  const exact = mapping.exactTags.get(tag)
  if (exact !== undefined) return targetOf(mapping, exact, [])
  for (const rule of indexOf(mapping.tagPatterns, ruleIndexes, patternOf).candidates(tag)) {
    const captured = matchPattern(rule.pattern, tag, mapping.separator)
    if (captured !== undefined) return targetOf(mapping, rule, captured)
  }
  return undefined
}

/** As long as their mapping is kept. */
const ruleIndexes = new WeakMap<readonly TagRule[], PatternIndex<TagRule>>()
const ignoredIndexes = new WeakMap<readonly TagPattern[], PatternIndex<TagPattern>>()
const patternOf = ({ pattern }: TagRule): TagPattern => pattern
const itself = (pattern: TagPattern): TagPattern => pattern

function indexOf <Item> (items: readonly Item[], indexes: WeakMap<readonly Item[], PatternIndex<Item>>, patternOf: (item: Item) => TagPattern): PatternIndex<Item> {
  const known = indexes.get(items)
  if (known !== undefined) return known
  const index = new PatternIndex(items, patternOf)
  indexes.set(items, index)
  return index
}

function targetOf ({ points }: Mapping, { pattern, device, point, deviceType }: TagRule, captured: readonly string[]): Target {
  const standsFor = (name: string): string | undefined => captured[pattern.names.indexOf(name)]
  const code = point === undefined ? standsFor('point') ?? '' : fillPattern(point, standsFor)
  return {
    device: device === undefined ? standsFor('device') : fillPattern(device, standsFor),
    point: points.get(code) ?? code,
    deviceType
  }
}
