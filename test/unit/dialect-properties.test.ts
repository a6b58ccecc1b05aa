import fc from 'fast-check'
import t from 'tap'
import { ProxyError } from '../../src/errors.js'
import { readAs } from '../support/read-dialect.js'

/** `PROPERTY_RUNS=20000 npm test -- test/unit/dialect-properties.test.ts` looks longer. */
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 300)

/** What one device says at one time. */
interface Reading { readonly device: string, readonly second: number, readonly points: ReadonlyArray<readonly [point: string, value: string]> }

const timeOf = (second: number): string => `2021-09-08 18:40:${String(second).padStart(2, '0')}`

/** Names that a tag can hold between its dots, those of JavaScript's own among them. */
const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'Ua', 'Ep_imp', '电表', 'a b', '0', '12', 'é', '😀', '"', '\'', ',', ';', '=', '&', '%', '+', '%41', '{', '/', '~'),
  fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
).filter(text => !/[.\p{Cc}]/u.test(text) && text.isWellFormed() && text.trim() === text && !['deviceType', 'deviceId', 'device_id', 'recordTime'].includes(text))

/** The characters of a value: numbers in every form of JSON, and texts. */
const number = fc.oneof(
  fc.constantFrom('0', '-0', '329.0', '1e400', '9007199254740993', '0.10', '-1.5E-7', '1e+5'),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => JSON.stringify(value))
)
const textValue = fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }).filter(text => text.isWellFormed() && text.trim() !== '')

const readings = (value: fc.Arbitrary<string>): fc.Arbitrary<Reading[]> => fc.uniqueArray(
  fc.record({ device: name, second: fc.integer({ min: 0, max: 59 }), points: fc.uniqueArray(fc.tuple(name, value), { minLength: 1, maxLength: 5, selector: ([point]) => point }) }),
  { minLength: 1, maxLength: 6, selector: ({ device, second }) => `${second} ${device}` }
)

/** The same whatever the order of records and points. */
const sorted = (records: ReadonlyArray<readonly [unknown, unknown, Readonly<Record<string, string>>]>): string[] =>
  records.flatMap(([device, time, data]) => Object.entries(data).map(point => JSON.stringify([device, time, ...point]))).sort()

const expected = (written: readonly Reading[]): string[] =>
  written.flatMap(({ device, second, points }) => points.map(point => JSON.stringify([device, timeOf(second), ...point]))).sort()

function holds (title: string, value: fc.Arbitrary<string>, policy: Parameters<typeof readAs>[0], write: (written: readonly Reading[]) => string): void {
  t.test(`${title}: every value arrives with its characters`, async () => {
    fc.assert(fc.property(readings(value), written => {
      const arrived = sorted(readAs(policy, write(written)).records)
      return JSON.stringify(arrived) === JSON.stringify(expected(written))
    }), { numRuns })
  })
}

const quoted = (text: string): string => JSON.stringify(text)
const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`
/** Whatever is no letter or digit, as browsers and Ignition do. */
const field = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+')

const KEPWARE = { dialect: 'kepware', mapping: 'deviceType: 1\ntags: ["Channel1.{device}.{point}"]' } as const
const kepware = (asText: boolean) => (written: readonly Reading[]): string => `{"timestamp":0,"values":[${written.flatMap(({ device, second, points }) =>
  points.map(([point, value]) => `{"id":${quoted(`Channel1.${device}.${point}`)},"v":${asText ? quoted(value) : value},"q":true,"t":"${timeOf(second)}"}`)).join(',')}]}`
holds('numbers of Kepware', number, KEPWARE, kepware(false))
holds('texts of Kepware', textValue, KEPWARE, kepware(true))

const FLAT = { dialect: 'flat', mapping: 'deviceType: 1' } as const
const flat = (asText: boolean) => (written: readonly Reading[]): string => `[${written.map(({ device, second, points }) =>
  `{"deviceId":${quoted(device)},"recordTime":"${timeOf(second)}",${points.map(([point, value]) => `${quoted(point)}:${asText ? quoted(value) : value}`).join(',')}}`).join(',')}]`
holds('numbers of flat objects', number, FLAT, flat(false))
holds('texts of flat objects', textValue, FLAT, flat(true))
holds('flat objects in a form', textValue, FLAT, written => `body=${field(flat(true)(written))}`)

const LONG = { dialect: 'csv', mapping: 'deviceType: 1\nfields: {deviceId: d, recordTime: [day, clock], point: p, value: v}\ncsv: {delimiter: ";"}' } as const
holds('rows of one reading', textValue, LONG, written => ['d;day;clock;p;v', ...written.flatMap(({ device, second, points }) =>
  points.map(([point, value]) => [device, ...timeOf(second).split(' '), point, value].map(cell).join(';')))].join('\r\n'))

// Names of columns are taken without blanks around them.
const WIDE = { dialect: 'csv', mapping: 'deviceType: 1\nfields: {recordTime: Time}\ntags: ["C.{device}.{point}"]' } as const
holds('a table with tags as columns', textValue, WIDE, written => {
  const tags = [...new Set(written.flatMap(({ device, points }) => points.map(([point]) => `C.${device}.${point}`)))]
  const rows = written.map(({ device, second, points }) => [timeOf(second), ...tags.map(tag => points.find(([point]) => `C.${device}.${point}` === tag)?.[1] ?? '')])
  return [['Time', ...tags], ...rows].map(row => row.map(cell).join(',')).join('\n')
})

t.test('a form: every value arrives with its characters', async () => {
  fc.assert(fc.property(readings(textValue), ([first]) => {
    if (first === undefined) return true
    const { device, second, points } = first
    const body = [['deviceId', device], ['recordTime', timeOf(second)], ...points].map(([key = '', value = '']) => `${field(key)}=${field(value)}`).join('&')
    // Trailing zeros are what a buffer is filled up with, behind the last field.
    if (/\0$/.test(points.at(-1)?.[1] ?? '')) return true
    return JSON.stringify(sorted(readAs({ dialect: 'form', mapping: 'deviceType: 1' }, body).records)) === JSON.stringify(expected([first]))
  }), { numRuns })
})

t.test('whatever a body is made of, it is a push or an error that says where', async () => {
  const piece = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', ';', '\n', '\r\n', '=', '&', '%', '%7B', '+', '"id"', '"v"', '"q"', '"t"', '"values"', '"deviceId"', 'deviceId', 'recordTime', '"Channel1.M.a"', 'Channel1.M.a', '1', 'true', 'null', '"2021-09-08 18:40:00"', '2021-09-08 18:40:00', '\t', '\0', '\uFEFF', '__proto__', '"__proto__"', '电')
  const policies = [{}, KEPWARE, FLAT, { ...FLAT, mapping: 'unmapped: drop' }, { dialect: 'csv' }, LONG, WIDE, { dialect: 'form' }] as const
  fc.assert(fc.property(fc.constantFrom(...policies), fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('')), (policy, body) => {
    try {
      readAs(policy, body)
    } catch (cause) {
      if (!(cause instanceof ProxyError)) throw cause
      return cause.code !== 'InvalidPush' || (cause.faults ?? []).length > 0
    }
    return true
  }), { numRuns: 5 * numRuns })
})
