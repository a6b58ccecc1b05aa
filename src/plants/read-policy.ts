import { Value } from '@sinclair/typebox/value'
import type { TSchema } from '@sinclair/typebox'
import { mappingPairFault, mappingSlip } from '../mapping/mapping-faults.js'
import { describeFormat } from './policy-formats.js'
import { PolicySchema, policyRows, type Policy, type PolicyRow } from './policy.js'
import { RegistryError } from './registry-error.js'

/** What was set for one plant, as it is stored. May hold policies and values that only a newer version knows. */
export type PolicySettings = Readonly<Record<string, unknown>>

export interface ReadPolicy {
  readonly policy: Policy
  readonly settings: PolicySettings
  /** A sentence for each policy whose stored value this version does not know; `policy` has its default in that place. */
  readonly faults: readonly string[]
}

/**
 * Makes a policy of its stored JSON. A policy that only a newer version knows is left alone; a value that only a newer
 * version knows is a fault, because taking the default in its stead could do the opposite of what was asked.
 */
export function readPolicy (stored: string): ReadPolicy {
  const settings = parseSettings(stored)
  const values: Record<string, unknown> = {}
  const faults: string[] = []
  if (settings === undefined) faults.push('The stored policies cannot be read; remove the plant and add it again.')
  for (const [name, row] of policyRows) {
    const setting = settings?.[name]
    const fault = setting === undefined ? undefined : textFault(row, setting)
    if (setting !== undefined && fault === undefined && Value.Check(row.schema, setting)) {
      values[name] = setting
      continue
    }
    if (fault !== undefined) faults.push(`${row.flag} is set to a text that this version does not understand: ${fault}.`)
    else if (setting !== undefined) {
      faults.push(`${row.flag} is set to ${JSON.stringify(setting)}, which this version does not know; it takes ${describeValues(row.schema)}.`)
    }
    if (row.schema['default'] !== undefined) values[name] = row.schema['default']
  }
  // Every value was checked against its row's schema or is its default; the parse says so to the compiler as well.
  const policy = Value.Parse(PolicySchema, values)
  const pairFault = faults.length > 0 ? undefined : mappingPairFault(policy.dialect, policy.mapping)
  if (pairFault !== undefined) faults.push(pairFault)
  return { policy, settings: settings ?? {}, faults }
}

/** What is wrong with the text of a policy that is a file. */
function textFault (row: PolicyRow, setting: unknown): string | undefined {
  return typeof setting === 'string' ? row.faultOf?.(setting) : undefined
}

/**
 * Lays changes over what is set; `undefined` takes a policy back to its default. What this version does not know stays.
 *
 * @throws RegistryError `wrong-use`, in a sentence that names the flag and the values that it takes
 */
export function changePolicy (settings: PolicySettings, changes: PolicySettings): PolicySettings {
  const changed = new Map(Object.entries(settings))
  for (const [name, given] of Object.entries(changes)) {
    const row = policyRows.find(([rowName]) => rowName === name)?.[1]
    if (row === undefined) throw new RegistryError('wrong-use', `There is no policy ${name}.`)
    const value = typeof given === 'string' ? new Map(Object.entries(row.aliases ?? {})).get(given.toLowerCase()) ?? given : given
    if (value === undefined) {
      changed.delete(name)
      continue
    }
    if (!Value.Check(row.schema, value)) {
      const notYet = typeof value === 'string' && Object.hasOwn(row.notYet ?? {}, value) ? row.notYet?.[value] : undefined
      throw new RegistryError('wrong-use', notYet ?? `${row.flag} takes ${describeValues(row.schema)}.`)
    }
    const fault = textFault(row, value)
    if (fault !== undefined) throw new RegistryError('wrong-use', `${row.flag} cannot be set: ${fault}.`)
    changed.set(name, value)
  }
  const settled = Object.fromEntries(changed)
  refusePair(settled, changes)
  return settled
}

/** A dialect and a mapping that do not go together are refused when they are set, not when the plant sends. */
function refusePair (settings: PolicySettings, changes: PolicySettings): void {
  const { policy: { dialect, mapping }, faults } = readPolicy(JSON.stringify(settings))
  const isSet = changes['mapping'] !== undefined || changes['dialect'] !== undefined
  const fault = faults.length > 0 ? mappingPairFault(dialect, mapping) : isSet ? mappingSlip(dialect, mapping) : undefined
  if (fault !== undefined) throw new RegistryError('wrong-use', fault)
}

/** The values that a schema takes, as words: `relay or relay-or-store`, `a whole number from 100 to 120000`. */
export function describeValues (schema: TSchema): string {
  if (schema['type'] === 'integer') return `a whole number from ${schema['minimum']} to ${schema['maximum']}`
  if (Array.isArray(schema['anyOf'])) {
    return new Intl.ListFormat('en', { type: 'disjunction' }).format(schema['anyOf'].map((literal: TSchema) => String(literal['const'])))
  }
  return describeFormat(schema['format']) ?? `a ${schema.title ?? schema['type']}`
}

function parseSettings (stored: string): PolicySettings | undefined {
  try {
    const settings: unknown = JSON.parse(stored)
    // Checked in this very line to be an object, and its values are `unknown`.
    return typeof settings === 'object' && settings !== null && !Array.isArray(settings) ? settings as PolicySettings : undefined
  } catch {
    return undefined
  }
}
