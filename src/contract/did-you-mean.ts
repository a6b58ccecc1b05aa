import { distance } from 'fastest-levenshtein'

/** A name that may be meant, and what of it is compared. */
export interface Spelling {
  readonly name: string
  readonly bare: string
  /** Which letters stand in it, a bit each, some sharing one. */
  readonly letters: number
}

export function spellingOf (name: string): Spelling {
  const lower = name.toLowerCase()
  const bare = /[_-]/.test(lower) ? lower.replaceAll(/[_-]/g, '') : lower
  let letters = 0
  for (let index = 0; index < bare.length; index++) letters |= 1 << (bare.charCodeAt(index) & 31)
  return { name, bare, letters }
}

/** The one that a misspelt name most likely means: case, `_` and `-` count for nothing, one slip in five letters passes. */
export function nearestOf (name: string, spellings: readonly Spelling[]): string | undefined {
  // The comparison costs the product of both lengths, and no field is nearly as long.
  if (name.length > 40) return undefined
  const written = spellingOf(name)
  return spellings.find(meant => isNear(written, meant, Math.max(1, meant.name.length / 5)))?.name
}

/** As nearestOf, for names that are compared once. */
export function nearestField (name: string, fields: readonly string[]): string | undefined {
  return name.length > 40 ? undefined : nearestOf(name, fields.map(spellingOf))
}

function isNear (one: Spelling, other: Spelling, slipsMax: number): boolean {
  // A slip changes the length by one at most, and the letters that stand there by two: most names are told apart by that.
  return Math.abs(one.bare.length - other.bare.length) <= slipsMax && bitsOf(one.letters ^ other.letters) <= 2 * slipsMax && distance(one.bare, other.bare) <= slipsMax
}

function bitsOf (bits: number): number {
  let count = 0
  for (let left = bits; left !== 0; left &= left - 1) count += 1
  return count
}
