import { hasLongRows, hasTags, type FieldRole, type Mapping } from '../mapping/mapping.js'
import { isIgnored, resolveTag, type Target } from '../mapping/resolve-tag.js'

/** What a field of a row is for. */
export type FieldUse =
  /** `part` counts the fields of one role: date and time. */
  | { readonly kind: 'role', readonly role: FieldRole, readonly part: number }
  | { readonly kind: 'point', readonly target: Target }
  | { readonly kind: 'ignored' | 'unmapped' }
  /** It carries the name of a role that the mapping fills in another way. */
  | { readonly kind: 'clash', readonly role: FieldRole }

/** The fields of a role where the mapping names none. */
const DEFAULT_ROLES: ReadonlyMap<string, FieldRole> = new Map([['deviceType', 'deviceType'], ['deviceId', 'deviceId'], ['device_id', 'deviceId'], ['recordTime', 'recordTime']])

/** So many names are remembered: those that each stand once are as quickly judged as found. */
const KNOWN_MAX = 2_000

/** Makes what answers, for the name of a field, what the field is for. */
export function createClassifier (mapping: Mapping): (name: string) => FieldUse {
  const known = new Map<string, FieldUse>()
  for (const [role, names] of mapping.fields) {
    for (const [part, name] of names.entries()) known.set(name, { kind: 'role', role, part })
  }
  return name => {
    const found = known.get(name)
    if (found !== undefined) return found
    const use = classify(mapping, name)
    if (known.size < KNOWN_MAX) known.set(name, use)
    return use
  }
}

function classify (mapping: Mapping, name: string): FieldUse {
  if (isIgnored(mapping, name)) return { kind: 'ignored' }
  const role = DEFAULT_ROLES.get(name)
  if (role !== undefined) {
    const isFilled = mapping.fields.has(role) || (role === 'deviceType' && mapping.deviceType !== undefined) || (role === 'deviceId' && mapping.deviceId !== undefined)
    return isFilled ? { kind: 'clash', role } : { kind: 'role', role, part: 0 }
  }
  if (hasLongRows(mapping)) return { kind: 'unmapped' }
  if (hasTags(mapping)) {
    const target = resolveTag(mapping, name)
    return target === undefined ? { kind: 'unmapped' } : { kind: 'point', target }
  }
  const point = mapping.points.get(name)
  if (point === undefined && (mapping.unmapped ?? 'keep') !== 'keep') return { kind: 'unmapped' }
  return { kind: 'point', target: { point: point ?? name } }
}
