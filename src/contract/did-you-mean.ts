import { distance } from 'fastest-levenshtein'

/** The field that a misspelt name most likely means: case, `_` and `-` count for nothing, one slip in five letters passes. */
export function nearestField (name: string, fields: readonly string[]): string | undefined {
  // The comparison costs the product of both lengths, and no field is nearly as long.
  if (name.length > 40) return undefined
  const bare = (text: string) => text.toLowerCase().replaceAll(/[_-]/g, '')
  return fields.find(field => distance(bare(name), bare(field)) <= Math.max(1, field.length / 5))
}
