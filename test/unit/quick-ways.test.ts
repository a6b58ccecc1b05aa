import { TypeCompiler, ValueErrorType } from '@sinclair/typebox/compiler'
import { distance } from 'fastest-levenshtein'
import fc from 'fast-check'
import t from 'tap'
import { checkPush, FAULTS_MAX, findBadRecords, inPush } from '../../src/contract/check-push.js'
import { nearestField } from '../../src/contract/did-you-mean.js'
import { DeviceSchema } from '../../src/contract/push.js'
import { schemaErrors } from '../../src/contract/schema-errors.js'
import { JsonRow } from '../../src/intake/json-row.js'
import { readJson, readJsonRows } from '../../src/intake/json-reader.js'
import { PatternIndex } from '../../src/mapping/pattern-index.js'
import { matchPattern, readPattern, type TagPattern } from '../../src/mapping/tag-pattern.js'
import { holds } from '../support/property-runs.js'

const name = fc.oneof(fc.constantFrom('deviceId', 'recordTime', 'data', 'device_id', 'deviceid', 'Data', 'a/b', 'a~b', '', '__proto__', 'constructor', '\u0007', '\ud800', '12', 'n'.repeat(129)), fc.string({ maxLength: 3 }))
const text = fc.oneof(fc.constantFrom('1', '', '2021-09-08 18:40:00', '2021-02-30 18:40:00', 'NaN', '\ud800', '9'.repeat(257), '9'.repeat(256)), fc.string({ maxLength: 4 }))
const leaf = fc.oneof({ arbitrary: text, weight: 3 }, { arbitrary: fc.constantFrom(null, true, 7, [], {}, { a: '1' }, ['x']), weight: 1 })
const members = (value: fc.Arbitrary<unknown>): fc.Arbitrary<object> => fc.array(fc.tuple(name, value), { maxLength: 4 }).map(entries => Object.fromEntries(entries))
const data = fc.oneof({ arbitrary: members(leaf), weight: 6 }, { arbitrary: leaf, weight: 1 }, { arbitrary: fc.constant(Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`p${index}`, '1']))), weight: 1 })
const record = fc.oneof(
  { arbitrary: fc.record({ deviceId: fc.oneof(fc.constantFrom('a', 'b'), leaf), recordTime: fc.oneof(fc.constant('2021-09-08 18:40:00'), leaf), data }, { requiredKeys: [] }), weight: 4 },
  { arbitrary: fc.record({ deviceId: fc.constantFrom('a', 'b', 'c'), recordTime: fc.constant('2021-09-08 18:40:00'), data: fc.constant({ Ua: '1' }) }), weight: 2 },
  { arbitrary: fc.tuple(members(leaf), data).map(([more, data]) => ({ deviceId: 'a', recordTime: '2021-09-08 18:40:00', data, ...more })), weight: 2 },
  { arbitrary: leaf, weight: 1 }
)

const deviceCheck = TypeCompiler.Compile(DeviceSchema)
type Told = readonly [type: ValueErrorType, schema: unknown, path: string]

/** The first error of each place, up to where nobody looks further. */
function firsts (errors: Iterable<{ type: ValueErrorType, schema: unknown, path: string }>): Told[] {
  const found = new Map<string, Told>()
  for (const { type, schema, path } of errors) {
    if (!found.has(path)) found.set(path, [type, schema, path])
    if (type === ValueErrorType.ObjectMaxProperties) break
  }
  return [...found.values()]
}

t.test('the quick search finds in a record exactly the errors that TypeBox finds, at the same places in the same order', async t => {
  holds(t, fc.property(record, value => {
    const [expected, found] = [firsts(deviceCheck.Errors(value)), firsts(schemaErrors(DeviceSchema, value))]
    const isSame = expected.length === found.length && expected.every(([type, schema, path], index) => found[index]?.[0] === type && found[index]?.[1] === schema && found[index]?.[2] === path)
    return isSame && deviceCheck.Check(value) === (found.length === 0)
  }))
})

t.test('the records that are bad one by one are those at whose places the whole push has a fault, with the first of its faults', async t => {
  holds(t, fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.constantFrom('1', '12', '15'), fc.uniqueArray(fc.nat(5), { maxLength: 2 }), (devices, deviceType, late) => {
    const timeFaults = new Map(late.filter(index => typeof devices[index] === 'object').map(index => [index, 'is too late']))
    const faults = checkPush({ deviceType, devices }, timeFaults)
    // At 30 faults nobody looks further.
    if (faults.length >= FAULTS_MAX) return true
    const bad = findBadRecords({ deviceType, devices }, timeFaults) ?? []
    const expected = [...devices.keys()].map(index => faults.filter(({ path }) => path === `/devices/${index}` || path.startsWith(`/devices/${index}/`)).slice(0, 3)).filter(list => list.length > 0)
    return JSON.stringify(bad.map(({ index, faults }) => faults.map(fault => inPush(fault, index)))) === JSON.stringify(expected)
  }))
})

const piece = fc.constantFrom('C1', 'C2', '.', 'x', 'y', '_', 'M', '7')
const pattern = fc.array(fc.oneof(piece, fc.constantFrom('{a}', '{b}', '{c}')), { minLength: 1, maxLength: 6 }).map(parts => readPattern(parts.join(''))).filter((read): read is TagPattern => typeof read !== 'string' && read.names.length > 0 && !read.texts.slice(1, -1).includes(''))

t.test('of many patterns a name is tried with all that it fits', async t => {
  holds(t, fc.property(fc.array(pattern, { maxLength: 12 }), fc.array(fc.array(piece, { maxLength: 6 }), { minLength: 1, maxLength: 5 }), (patterns, names) => {
    const index = new PatternIndex(patterns, each => each)
    return names.map(parts => parts.join('')).every(name => {
      const fits = (each: TagPattern): boolean => matchPattern(each, name, '.') !== undefined
      const [expected, found] = [patterns.filter(fits), index.candidates(name).filter(fits)]
      return expected.length === found.length && expected.every((each, at) => found[at] === each)
    })
  }))
})

const rowName = fc.oneof(fc.constantFrom('deviceId', 'a', 'b', '__proto__', '12', '7', '0', '01', '4294967295', '-1'), fc.string({ maxLength: 2 }))
const row = fc.array(fc.tuple(rowName, leaf), { maxLength: 14 }).map(entries => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(', ')}}`)
const rows = fc.oneof(row, fc.array(fc.oneof({ arbitrary: row, weight: 5 }, { arbitrary: leaf.map(value => JSON.stringify(value)), weight: 1 }), { maxLength: 6 }).chain(list => fc.constantFrom(list, [...list, ...list])).map(list => ` [${list.join(' ,')}]`))

t.test('a row has the names and values of the object that it stands for, and is refused where that is', async t => {
  const told = (read: () => unknown): string => {
    try {
      return JSON.stringify(read())
    } catch (cause) {
      return String(cause)
    }
  }
  const ofRow = (value: unknown): unknown => value instanceof JsonRow ? [value.names, value.values] : value
  const ofObject = (value: unknown): unknown => typeof value === 'object' && value !== null && 'text' in value === false && !Array.isArray(value) ? [Object.keys(value), Object.values(value)] : value
  holds(t, fc.property(rows, text => {
    const each = (value: unknown, of: (value: unknown) => unknown): unknown => Array.isArray(value) ? value.map(of) : of(value)
    return told(() => each(readJsonRows(text), ofRow)) === told(() => each(readJson(text), ofObject))
  }))
})

t.test('the nearest field is the first one within its slips, however few are compared', async t => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'C', 'd', '_', '-', '1', 'é'), maxLength: 12 })
  const bare = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, '')
  holds(t, fc.property(word, fc.array(word, { maxLength: 6 }), (name, fields) =>
    nearestField(name, fields) === fields.find(field => distance(bare(name), bare(field)) <= Math.max(1, field.length / 5))))
})
