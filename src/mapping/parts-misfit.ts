import type { Mapping } from './mapping.js'
import { textOfPattern } from './tag-pattern.js'

/** For a tag that no rule fits: that none has as many parts as it, and how many the nearest one has. */
export function partsMisfit ({ exactTags, tagPatterns, separator }: Mapping, tag: string): string | undefined {
  const countOf = (text: string): number => text.split(separator).length
  const parts = countOf(tag)
  const counts = [...exactTags.keys(), ...tagPatterns.map(({ pattern }) => textOfPattern(pattern))].map(countOf)
  const [nearest = parts] = counts.sort((one, other) => Math.abs(one - parts) - Math.abs(other - parts))
  return nearest === parts ? undefined : `it has ${parts} part${parts === 1 ? '' : 's'}, the nearest rule ${nearest}`
}
