import type { TObject, TSchema } from '@sinclair/typebox'
import { CredentialSpecSchema, type CredentialSpec } from './credential-spec.js'

/** The fields that are never shown and never travel as an argument, and what they are called to whoever types them. */
export const SECRET_FIELDS = { accessKeySecret: 'AccessKey secret', securityToken: 'security token' } as const

export type SecretField = keyof typeof SECRET_FIELDS

export const isSecretField = (field: string): field is SecretField => Object.hasOwn(SECRET_FIELDS, field)

export interface KindField {
  readonly field: string
  readonly isRequired: boolean
  readonly schema: TSchema
}

const KINDS: ReadonlyMap<string, TObject> = new Map(CredentialSpecSchema.anyOf.map(schema => [schema.properties.kind.const, schema]))

export const KIND_NAMES: readonly string[] = [...KINDS.keys()]

/** The fields of a kind besides `kind`, in the order of its schema; undefined for no kind. */
export function fieldsOf (kind: string): KindField[] | undefined {
  const schema = KINDS.get(kind)
  if (schema === undefined) return undefined
  return Object.entries(schema.properties)
    .filter(([field]) => field !== 'kind')
    .map(([field, each]) => ({ field, isRequired: schema.required?.includes(field) ?? false, schema: each }))
}

/** The secrets of a kind, in the order in which they are asked for. */
export function secretsOf (kind: string): Array<{ field: SecretField, isRequired: boolean }> {
  const fields = fieldsOf(kind) ?? []
  // In the order of SECRET_FIELDS: the secret, then the token, whatever order a schema has.
  return Object.keys(SECRET_FIELDS).filter(isSecretField).flatMap(field => {
    const known = fields.find(each => each.field === field)
    return known === undefined ? [] : [{ field, isRequired: known.isRequired }]
  })
}

/** An AccessKey id as it may be shown. */
export function maskKeyId (accessKeyId: string): string {
  return `***${accessKeyId.length > 8 ? accessKeyId.slice(-4) : ''}`
}

/** Such an address may hold a token of its own. */
function maskUri (uri: string): string {
  const { protocol, host, pathname, search } = new URL(uri)
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?***'}`
}

/** What may be shown of a credential: secrets are `***`, of an AccessKey id the last four characters stay. */
export function maskSpec (spec: CredentialSpec): Record<string, string | number> {
  const fields: Array<[string, string | number]> = Object.entries(spec)
  return Object.fromEntries(fields.map(([field, value]) => {
    if (isSecretField(field)) return [field, '***']
    if (field === 'accessKeyId') return [field, maskKeyId(String(value))]
    return [field, field === 'uri' ? maskUri(String(value)) : value]
  }))
}
