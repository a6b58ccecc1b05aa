import type { Mapping } from '../mapping/mapping.js'

/** Names of columns; one that differs from a name of the mapping only in how its accents are written is that name. */
export function speltAsMapped (columns: readonly string[], { fields, points, exactTags, ignoredNames }: Mapping): string[] {
  if (!columns.some(name => /[^\0-\x7f]/.test(name))) return [...columns]
  const mapped = [...[...fields.values()].flat(), ...points.keys(), ...exactTags.keys(), ...ignoredNames]
  const byForm = new Map(mapped.map(name => [name.normalize('NFC'), name]))
  return columns.map(name => byForm.get(name.normalize('NFC')) ?? name)
}
