import type { TSchema } from '@sinclair/typebox'
import { ValueErrorType } from '@sinclair/typebox/compiler'
import type { Fault } from '../errors.js'
import { nearestOf, spellingOf, type Spelling } from './did-you-mean.js'
import { sentencesOf } from './fault-sentences.js'
import { isPrintable, pointerTo } from './json-pointer.js'
import type { SchemaError } from './schema-errors.js'

/** What stands at a place, in the words of whoever reads the fault. Never the value itself. */
function nameOf (value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** How much a value holds of what its schema bounds. */
function countIn (value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

function describe ({ type, schema, value, message = 'is at fault' }: SchemaError): string {
  const sentences = sentencesOf(schema)
  const tooMuch = (max: unknown) => `holds ${countIn(value)} ${sentences?.counted ?? 'entries'}; the limit is ${String(max)}`
  switch (type) {
    case ValueErrorType.ObjectRequiredProperty: return sentences?.missing ?? 'is missing'
    case ValueErrorType.StringPattern: return sentences?.malformed ?? message
    case ValueErrorType.StringMinLength:
    case ValueErrorType.ArrayMinItems:
    case ValueErrorType.ObjectMinProperties: return sentences?.empty ?? message
    case ValueErrorType.StringMaxLength: return tooMuch(schema.maxLength)
    case ValueErrorType.ArrayMaxItems: return tooMuch(schema.maxItems)
    case ValueErrorType.ObjectMaxProperties: return tooMuch(schema.maxProperties)
    default: return sentences?.wrongType(nameOf(value)) ?? message
  }
}

/** The last name of a pointer, as the sender wrote it. */
function lastName (pointer: string): string {
  const name = pointer.slice(pointer.lastIndexOf('/') + 1)
  return name.includes('~') ? name.replaceAll('~1', '/').replaceAll('~0', '~') : name
}

/** What was checked: its JSON pointer, and what it is called in a sentence, such as "a push". */
export interface Checked {
  readonly path: string
  readonly value: unknown
  readonly thing: string
}

const spellings = new WeakMap<TSchema, readonly Spelling[]>()

/** Of the fields of an object. */
function spellingsOf (schema: TSchema): readonly Spelling[] {
  const known = spellings.get(schema) ?? Object.keys(schema.properties).map(spellingOf)
  spellings.set(schema, known)
  return known
}

/** The fault of a field that the checked object does not have, and the field that is meant by it. */
function unknownField ({ path, schema }: SchemaError, checked: Checked): { fault: Fault, meant: string | undefined } {
  const name = lastName(path)
  const fault = (message: string) => ({ path: pointerTo(checked.path, name), message })
  const absent = (field: string) => !Object.hasOwn(Object(checked.value), field)
  if (name === 'device_id') {
    return { fault: fault('is another spelling of "deviceId"; send "deviceId" alone'), meant: absent('deviceId') ? 'deviceId' : undefined }
  }
  if (!isPrintable(name)) {
    const message = `has a field with a long or unprintable name; the fields of ${checked.thing} are ${Object.keys(schema.properties).join(', ')}`
    return { fault: fault(message), meant: undefined }
  }
  const meant = nearestOf(name, spellingsOf(schema).filter(spelling => absent(spelling.name)))
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`
  return { fault: fault(`is not a field of ${checked.thing}${hint}`), meant }
}

/**
 * Turns the schema's errors into faults, one for each place and cause: TypeBox reports a missing string as missing and
 * as no string, and a misspelt field is missing as well. `ruleFaults` are the rules' own, which go before the schema's.
 */
export function describeFaults (errors: Iterable<SchemaError>, checked: Checked, ruleFaults: readonly Fault[], faultsMax: number): Fault[] {
  // Lists, since there are a few of each at most, and a push may hold ten thousand records at fault.
  const faults: Fault[] = []
  const meantPaths: string[] = []
  const ruledPaths = ruleFaults.length === 0 ? NO_PATHS : new Set(ruleFaults.map(({ path }) => path))
  for (const error of errors) {
    if (faults.length >= faultsMax) break
    if (error.type === ValueErrorType.ObjectAdditionalProperties) {
      const { fault, meant } = unknownField(error, checked)
      if (!stands(fault.path, faults)) faults.push(fault)
      if (meant !== undefined) meantPaths.push(pointerTo(checked.path, meant))
      continue
    }
    // The value of a point whose code cannot be printed: the rules fault the code.
    if (error.path !== '' && !isTold(lastName(error.path))) continue
    const path = checked.path + error.path
    if (!ruledPaths.has(path) && !stands(path, faults)) faults.push({ path, message: describe(error) })
    // Nothing inside an oversized list is looked at: a million entries would be visited one by one.
    if (error.type === ValueErrorType.ArrayMaxItems || error.type === ValueErrorType.ObjectMaxProperties) break
  }
  faults.push(...ruleFaults)
  return meantPaths.length === 0 ? faults : faults.filter(({ path }) => !meantPaths.includes(path))
}

const NO_PATHS: ReadonlySet<string> = new Set()

const isTold = (name: string): boolean => name !== '' && isPrintable(name)

function stands (path: string, faults: readonly Fault[]): boolean {
  return faults.some(fault => fault.path === path)
}
