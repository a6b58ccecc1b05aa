import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { registerSecret } from '../redact.js'
import { CredentialSpecSchema, type CredentialSpec } from './credential-spec.js'
import { faultOfField } from './field-rules.js'
import { fieldsOf, isSecretField, KIND_NAMES, type KindField } from './spec-kinds.js'

/** As of a plant: it fits a metric, a file and a host name. */
export const CREDENTIAL_NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/
export const NAME_RULE = 'A credential\'s name has 1 to 63 lower-case letters, digits and hyphens, and does not begin with a hyphen.'

export interface CheckedSpec {
  /** Undefined when there are faults. */
  readonly spec?: CredentialSpec
  /** Sentences with the credential's name and the field, and never a value. */
  readonly faults: readonly string[]
}

/**
 * Judges what was typed, declared or stored under a name. Its secrets are made known to the redactor, also when it is
 * faulty: what is said about it must not quote them.
 */
export function checkSpec (name: string, given: unknown, { allowHttp }: { readonly allowHttp: boolean }): CheckedSpec {
  if (!isRecord(given)) return { faults: [`The credential ${name} must be a mapping with a kind and its fields.`] }
  for (const [field, value] of Object.entries(given)) {
    if (typeof value === 'string' && (isSecretField(field) || field === 'accessKeyId')) registerSecret(value, field === 'accessKeyId' ? 4 : 0)
  }
  const { kind } = given
  const fields = typeof kind === 'string' ? fieldsOf(kind) : undefined
  if (fields === undefined) return { faults: [`The kind of ${name} must be one of ${KIND_NAMES.join(', ')}.`] }
  const faults = [
    ...fields.flatMap(field => faultsOf(name, field, given[field.field], allowHttp)),
    ...Object.keys(given).filter(field => field !== 'kind' && !fields.some(known => known.field === field)).map(field =>
      `${showField(field)} of ${name} is not known to the kind ${String(kind)}, which takes ${fields.map(known => known.field).join(', ')}.`)
  ]
  if (faults.length > 0) return { faults }
  return Value.Check(CredentialSpecSchema, given) ? { spec: given, faults } : { faults: [`The credential ${name} does not have the form of its kind.`] }
}

function faultsOf (name: string, { field, isRequired, schema }: KindField, value: unknown, allowHttp: boolean): string[] {
  if (value === undefined) return isRequired ? [`${field} of ${name} is missing.`] : []
  if (!Value.Check(schema, value)) return [`${field} of ${name} must be ${describeSchema(schema)}.`]
  const fault = typeof value === 'string' ? faultOfField(field, value, { allowHttp }) : undefined
  return fault === undefined ? [] : [`${field} of ${name} must be ${fault}.`]
}

/** In words that complete "FIELD must be …". */
function describeSchema (schema: TSchema): string {
  if (schema['type'] === 'integer') return `a whole number from ${String(schema['minimum'])} to ${String(schema['maximum'])}`
  // YAML takes digits, true and null for something else than text.
  return `text of 1 to ${String(schema['maxLength'])} characters, in quotes where it looks like a number`
}

/** In a file that is indented wrongly, a value may stand where a name should. */
function showField (field: string): string {
  return /^[A-Za-z_-]{1,24}$/.test(field) ? field : 'A field'
}

export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
