import type { TObject, TSchema } from '@sinclair/typebox'
import { ValueErrorType, type ValueError } from '@sinclair/typebox/compiler'

/** As TypeBox reports it. */
export type SchemaError = Pick<ValueError, 'type' | 'schema' | 'path' | 'value'> & Partial<Pick<ValueError, 'message'>>

/**
 * What TypeBox's own search for errors reports of a value, in its order, of each place the first alone: that search took four times
 * as long as all else that is done to a record, and a hostile body may hold ten thousand bad ones. Whether a value keeps its schema is
 * TypeBox's to say; this says where it does not, and knows what the schemas of a record use: objects, and strings within bounds.
 */
export function * schemaErrors (schema: TObject, value: unknown, path = ''): Generator<SchemaError, void> {
  if (!isObject(value)) return yield { type: ValueErrorType.Object, schema, path, value }
  const { properties, required = [], additionalProperties, minProperties = 0, maxProperties = Infinity } = schema
  const names = Object.keys(value)
  if (names.length < minProperties) yield { type: ValueErrorType.ObjectMinProperties, schema, path, value }
  if (names.length > maxProperties) yield { type: ValueErrorType.ObjectMaxProperties, schema, path, value }
  for (const name of required) {
    const property = properties[name]
    if (property !== undefined && !Object.hasOwn(value, name)) yield { type: ValueErrorType.ObjectRequiredProperty, schema: property, path: member(path, name), value: undefined }
  }
  for (const name of additionalProperties === undefined ? [] : names) {
    if (Object.hasOwn(properties, name)) continue
    const type = typeof additionalProperties === 'object' ? stringError(additionalProperties, value[name]) : ValueErrorType.ObjectAdditionalProperties
    if (type !== undefined) yield { type, schema: typeof additionalProperties === 'object' ? additionalProperties : schema, path: member(path, name), value: value[name] }
  }
  for (const name in properties) {
    const property = properties[name]
    const found = value[name]
    // What is missing was reported above, if it must be there.
    if (property === undefined || found === undefined) continue
    if (isObjectSchema(property)) yield * schemaErrors(property, found, member(path, name))
    else {
      const type = stringError(property, found)
      if (type !== undefined) yield { type, schema: property, path: member(path, name), value: found }
    }
  }
}

function isObject (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isObjectSchema = (schema: TSchema): schema is TObject => schema['type'] === 'object'

const patterns = new WeakMap<TSchema, RegExp>()

function patternOf (schema: TSchema, source: string): RegExp {
  const known = patterns.get(schema) ?? new RegExp(source)
  patterns.set(schema, known)
  return known
}

interface StringBounds { readonly minLength?: number, readonly maxLength?: number, readonly pattern?: string }

/** The first error of a value that is to be a string. */
function stringError (schema: TSchema & StringBounds, value: unknown): ValueErrorType | undefined {
  if (typeof value !== 'string') return ValueErrorType.String
  const { minLength, maxLength, pattern } = schema
  if (minLength !== undefined && value.length < minLength) return ValueErrorType.StringMinLength
  if (maxLength !== undefined && value.length > maxLength) return ValueErrorType.StringMaxLength
  return pattern === undefined || patternOf(schema, pattern).test(value) ? undefined : ValueErrorType.StringPattern
}

/** As TypeBox writes a place, whatever its name is. */
function member (path: string, name: string): string {
  return `${path}/${/[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name}`
}
