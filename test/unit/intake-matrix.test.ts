import fc from 'fast-check'
import t from 'tap'
import { ProxyError } from '../../src/errors.js'
import { readPush, type IntakePolicy } from '../../src/intake/read-push.js'
import { holds } from '../support/property-runs.js'

/** How a charset writes a character beyond ASCII; its first byte begins no UTF-8, so that nobody could take the body for that. */
const GB = new Map([['电', [0xb5, 0xe7]], ['表', [0xb1, 0xed]], ['😀', [0x94, 0x39, 0xfc, 0x36]]])
const BIG5 = new Map([['電', [0xb9, 0x71]], ['表', [0xaa, 0xed]]])
const WINDOWS = new Map([['€', [0x80]], ['–', [0x96]], ['°', [0xb0]], ['±', [0xb1]]])
const byTable = (table: ReadonlyMap<string, readonly number[]>) => (text: string): Buffer => Buffer.from([...text].flatMap(letter => table.get(letter) ?? [letter.charCodeAt(0)]))

interface Charset { readonly name: string, readonly letters: readonly string[], readonly write: (text: string) => Buffer, readonly declared?: string, readonly plant?: string }
const UTF8: Charset = { name: 'utf-8', letters: ['电', '😀', 'é', '\u2028'], write: text => Buffer.from(text) }
const CHARSETS: readonly Charset[] = [
  UTF8,
  { name: 'utf-8 with its mark', letters: ['电', '😀', 'é'], write: text => Buffer.from(`\uFEFF${text}`) },
  { name: 'utf-16le with its mark', letters: ['电', '😀', '伫'], write: text => Buffer.from(`\uFEFF${text}`, 'utf16le') },
  { name: 'utf-16le, declared', letters: ['电', '😀', '伫'], write: text => Buffer.from(text, 'utf16le'), declared: 'utf-16le' },
  { name: 'gb18030, declared', letters: [...GB.keys()], write: byTable(GB), declared: 'GB18030' },
  { name: 'gb18030, the plant\'s', letters: [...GB.keys()], write: byTable(GB), plant: 'gb18030' },
  { name: 'big5, declared', letters: [...BIG5.keys()], write: byTable(BIG5), declared: 'big5' },
  { name: 'windows-1252, declared', letters: [...WINDOWS.keys()], write: byTable(WINDOWS), declared: 'windows-1252' }
]

interface Reading { readonly device: string, readonly second: number, readonly points: ReadonlyArray<readonly [point: string, value: string]> }
/** Decides as a body is written, the same for the same number: order, escapes, blanks, and whether a number stands bare. */
type Choose = (outOf: number) => number

function chooser (seed: number): Choose {
  let state = seed >>> 0
  return outOf => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 0x1_0000_0000 * outOf)
  }
}

const timeOf = (second: number): string => `2021-09-08 18:40:${String(second).padStart(2, '0')}`
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/
const escapeOf = (unit: string, isUpper: boolean): string => `\\u${isUpper ? unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0') : unit.charCodeAt(0).toString(16).padStart(4, '0')}`
/** Both halves of a character are escaped or neither, as encodings write none alone. */
const json = (text: string, choose: Choose): string => `"${[...text].map(letter => choose(5) === 0 ? letter.split('').map(unit => escapeOf(unit, choose(2) === 0)).join('') : JSON.stringify(letter).slice(1, -1)).join('')}"`
const value = (text: string, choose: Choose): string => NUMBER.test(text) && choose(3) > 0 ? text : json(text, choose)

function object (members: ReadonlyArray<readonly [string, string]>, choose: Choose): string {
  const left = [...members]
  const blank = () => ['', '', ' ', '\n\t'][choose(4)] ?? ''
  const written: string[] = []
  while (left.length > 0) {
    const [[name, text] = ['', '']] = left.splice(choose(left.length), 1)
    written.push(`${blank()}${json(name, choose)}${blank()}:${blank()}${text}`)
  }
  return `{${written.join(',')}${blank()}}`
}

const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`
const contract = (readings: readonly Reading[], choose: Choose): string => object([['deviceType', choose(2) === 0 ? '1' : '"1"'], ['devices', `[${readings.map(({ device, second, points }) =>
  object([[choose(2) === 0 ? 'deviceId' : 'device_id', json(device, choose)], ['recordTime', json(timeOf(second), choose)], ['data', object(points.map(([point, text]) => [point, value(text, choose)]), choose)]], choose)).join(',')}]`]], choose)
const bytesAsFields = (bytes: Buffer): string => [...bytes].map(byte => byte === 0x20 ? '+' : /\w/.test(String.fromCharCode(byte)) && byte < 0x80 ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`).join('')

type Write = (readings: readonly Reading[], choose: Choose, write: Charset['write']) => Buffer
const DIALECTS: Readonly<Record<string, readonly [Partial<IntakePolicy>, Write]>> = {
  'energy-expert': [{}, (readings, choose, write) => write(contract(readings, choose))],
  'energy-expert in a form': [{}, (readings, choose, write) => Buffer.from(`body=${bytesAsFields(write(contract(readings, choose)))}`)],
  kepware: [{ dialect: 'kepware', mapping: 'deviceType: 1\nseparator: "|"\ntags: ["C|{device}|{point}"]' }, (readings, choose, write) => write(object([['timestamp', '1631097600000'], ['values', `[${readings.flatMap(({ device, second, points }) =>
    points.map(([point, text]) => object([['id', json(`C|${device}|${point}`, choose)], ['v', value(text, choose)], ['q', 'true'], ['t', json(timeOf(second), choose)]], choose))).join(',')}]`]], choose))],
  flat: [{ dialect: 'flat', mapping: 'deviceType: 1' }, (readings, choose, write) => write(`[${readings.map(({ device, second, points }) =>
    object([['deviceId', json(device, choose)], ['recordTime', json(timeOf(second), choose)], ...points.map(([point, text]) => [point, value(text, choose)] as const)], choose)).join(',')}]`)],
  csv: [{ dialect: 'csv', mapping: 'deviceType: 1\nfields: {deviceId: d, recordTime: t, point: p, value: v}' }, (readings, choose, write) => write(['d,t,p,v', ...readings.flatMap(({ device, second, points }) =>
    points.map(([point, text]) => [device, timeOf(second), point, text].map(each => choose(2) === 0 || /[",;\t]/.test(each) ? cell(each) : each).join(',')))].join(['\n', '\r\n', '\r'][choose(3)]))],
  form: [{ dialect: 'form', mapping: 'deviceType: 1' }, ([first], _choose, write) => Buffer.from([['deviceId', first?.device ?? ''], ['recordTime', timeOf(first?.second ?? 0)], ...first?.points ?? []].map(pair => pair.map(text => bytesAsFields(write(text).subarray(write('').length))).join('=')).join('&'))]
}

const number = fc.oneof(fc.constantFrom('0', '-0', '329.0', '1e400', '9007199254740993', '0.10', '-1.5E-7', '1e+5', '1E05'), fc.integer().map(String), fc.double({ noNaN: true, noDefaultInfinity: true }).map(each => JSON.stringify(each)))
const readingsIn = (letters: readonly string[]): fc.Arbitrary<Reading[]> => {
  const name = fc.string({ unit: fc.constantFrom('a', 'Z', '_', '0', ' ', '"', '\\', '/', ',', '%', '+', '&', '=', '{', '~', ...letters), minLength: 1, maxLength: 6 })
    .filter(text => text.trim() === text).map(text => `${letters[0] ?? ''}${text}`)
  const points = fc.uniqueArray(fc.tuple(fc.oneof(name, fc.constantFrom('__proto__', 'constructor', 'Ua', '12')), fc.oneof(number, name)), { minLength: 1, maxLength: 4, selector: ([point]) => point })
  return fc.uniqueArray(fc.record({ device: name, second: fc.integer({ min: 0, max: 59 }), points }), { minLength: 1, maxLength: 3, selector: ({ device, second }) => `${second} ${device}` })
}

const valuesOf = (records: ReadonlyArray<readonly [device: string | undefined, time: string, points: ReadonlyArray<readonly [string, string]>]>): string =>
  JSON.stringify(records.flatMap(([device, time, points]) => points.map(point => JSON.stringify([device, time, ...point]))).sort())

const inCharset = fc.constantFrom(...CHARSETS).chain(charset => fc.record({ charset: fc.constant(charset), readings: readingsIn(charset.letters) }))

function read (body: Buffer, { plant, declared }: Pick<Charset, 'plant' | 'declared'>, policy: Partial<IntakePolicy> = {}): ReturnType<typeof readPush> {
  return readPush(body, { unknownFields: 'reject', ...policy, ...(plant === undefined ? {} : { charset: plant }) }, { nowMs: 0, contentType: declared === undefined ? undefined : `text/plain; charset=${declared}` })
}

t.test('in every charset, dialect, order, escape and form of a number: the characters that were sent are relayed', async t => {
  holds(t, fc.property(inCharset, fc.constantFrom(...Object.entries(DIALECTS)), fc.integer(), ({ charset, readings }, [dialect, [policy, writeBody]], seed) => {
    // Whoever encodes fields does so in an encoding that contains ASCII.
    const used = charset.name.startsWith('utf-16') && dialect.endsWith('form') ? UTF8 : charset
    const body = writeBody(readings, chooser(seed), used.write)
    const told = dialect === 'form' ? readings.slice(0, 1) : readings
    const { push } = read(body, used, policy)
    const arrived = valuesOf(push.devices.map(({ deviceId, recordTime, data }) => [deviceId, recordTime, Object.entries(data)]))
    const sent = valuesOf(told.map(({ device, second, points }) => [device, timeOf(second), points]))
    if (arrived !== sent) throw new Error(`${used.name}, ${dialect}: ${body.toString('latin1')} became ${arrived}`)
  }))
})

t.test('in every charset and order, a value that is none is an error at its place', async t => {
  holds(t, fc.property(inCharset, fc.constantFrom('null', 'true', '[]', '{}', '""', '"NaN"', '"\\ud800"'), fc.integer(), ({ charset, readings }, wrong, seed) => {
    const body = contract(readings.map(reading => ({ ...reading, points: [...reading.points, ['wrong', '1e99']] as const })), chooser(seed))
    const text = body.replaceAll('"1e99"', '1e99').replaceAll(/(?:1|\\u0031)(?:e|\\u0065)(?:9|\\u0039){2}(?=[\s,}])/gi, wrong)
    if (text === body) return
    try {
      read(charset.write(text), charset)
    } catch (cause) {
      if (cause instanceof ProxyError && cause.faults?.some(({ path }) => /^\/devices\/\d\/data\/wrong$/.test(path)) === true) return
      throw cause
    }
    throw new Error(`${text} was taken`)
  }))
})
