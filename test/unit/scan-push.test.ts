import fc from 'fast-check'
import t from 'tap'
import { checkPush } from '../../src/contract/check-push.js'
import { encodePush } from '../../src/contract/encode-push.js'
import type { Push } from '../../src/contract/push.js'
import { tallyPush } from '../../src/contract/tally-push.js'
import { ProxyError } from '../../src/errors.js'
import { readPush } from '../../src/intake/read-push.js'
import { hashOf } from '../../src/intake/name-set.js'
import { scanPush } from '../../src/intake/scan-push.js'
import { viewOf } from '../../src/intake/scan-words.js'

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 300)
const TIME = '2021-09-08 18:40:00'
const clean = (devices: object[], deviceType = '1'): string => JSON.stringify({ deviceType, devices })
const record = (deviceId: string, data: object = { Ua: '226.0' }, recordTime = TIME) => ({ deviceId, recordTime, data })

/** What the general way would send; undefined when it refuses. */
function general (bytes: Buffer): { sent: Buffer, push: Push } | undefined {
  try {
    const { push } = readPush(bytes, { unknownFields: 'reject' }, { nowMs: 0 })
    return { sent: encodePush(push), push }
  } catch (error) {
    if (error instanceof ProxyError) return undefined
    throw error
  }
}

/** Whatever the scan accepts, the schema accepts, and the general way sends the very same bytes. */
function agrees (bytes: Buffer): boolean {
  const scanned = scanPush(bytes)
  if (scanned === undefined) return true
  const read = general(bytes)
  if (read === undefined || !read.sent.equals(bytes) || checkPush(JSON.parse(bytes.toString())).length > 0) return false
  const { records, points } = tallyPush(read.push)
  return scanned.deviceType === read.push.deviceType && scanned.records === records && scanned.points === points
}

t.test('proves the clean pushes that senders write', async t => {
  const proven = (text: string) => scanPush(Buffer.from(text))
  t.same(proven(clean([record('meter-7', { dp_imp: '329.0', Ua: '226.0' }), record('meter-8', { Ua: '1' })])), { deviceType: '1', records: 2, points: 3 })
  t.same(proven(clean([record('电表 1', { Ua: '0' })])), { deviceType: '1', records: 1, points: 1 }, 'an id beyond ASCII')
  t.same(proven(clean([{ recordTime: TIME, data: { a: '1' } }], '15')), { deviceType: '15', records: 1, points: 1 }, 'a type without ids')
  t.same(proven(clean([record('a'), record('a', { Ua: '1' }, '2021-09-08 18:41:00')])), { deviceType: '1', records: 2, points: 2 }, 'one device at two times')
  t.equal(proven(clean(Array.from({ length: 10_000 }, (_, n) => record(`meter-${n}`))))?.records, 10_000)
  t.equal(proven(clean([record('a', Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`p${n}`, '1'])))]))?.points, 1_000)
})

t.test('leaves to the general way whatever it cannot prove', async t => {
  const good = clean([record('a')])
  const wrong: ReadonlyArray<readonly [string, string]> = [
    ['nothing', ''], ['a blank', ` ${good}`], ['a line end behind', `${good}\n`], ['a mark', `\uFEFF${good}`], ['an end that is missing', good.slice(0, -1)], ['more behind', `${good}}`],
    ['a number', good.replace('"226.0"', '226.0')], ['an escape', good.replace('Ua', '\\u0055a')], ['an escaped quote', good.replace('226.0', '\\"1')], ['no reading in words', good.replace('226.0', 'NaN')],
    ['no number of C', good.replace('226.0', '1.#QNAN0')], ['an empty value', good.replace('226.0', '')], ['a value of 257 characters', good.replace('226.0', '9'.repeat(257))], ['an empty code', good.replace('Ua', '')],
    ['a code that JavaScript moves', good.replace('Ua', '12')], ['a code of 129 characters', good.replace('Ua', 'a'.repeat(129))], ['a control character', good.replace('Ua', 'U\u0001')],
    ['DEL in an id', good.replace('"a"', '"a\u007f"')], ['a control beyond ASCII', good.replace('"a"', '"a\u0085"')], ['an empty id', good.replace('"a"', '""')],
    ['a day that there is not', good.replace('09-08', '02-30')], ['another form of time', good.replace('09-08 ', '09-08T')], ['an empty list', clean([])], ['an empty record', clean([record('a', {})])],
    ['an id with type 15', good.replace('"1"', '"15"')], ['no id with type 12', clean([{ recordTime: TIME, data: { a: '1' } }], '12')], ['a type with a blank', good.replace('"1"', '"1 "')], ['an empty type', good.replace('"1"', '""')],
    ['the same record twice', clean([record('a'), record('b'), record('a')])], ['a code twice', good.replace('"Ua":"226.0"', '"Ua":"226.0","Ua":"226.0"')],
    ['a code twice, as many as before', clean([record('a', { Ua: '1', Ub: '2' }), record('b', { Ua: '1', Ub: '2' })]).replace(/"Ub":"2"\}\}\]/, '"Ua":"2"}}]')],
    ['another order', '{"devices":[],"deviceType":"1"}'], ['an unknown field', good.replace('"data"', '"x":"1","data"')], ['10,001 records', clean(Array.from({ length: 10_001 }, (_, n) => record(`m${n}`)))],
    ['1001 points', clean([record('a', Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`p${n}`, '1'])))])], ['half a character', good.replace('226.0', '\\ud800')]
  ]
  for (const [name, text] of wrong) t.equal(scanPush(Buffer.from(text)), undefined, name)
  t.equal(scanPush(Buffer.concat([Buffer.from(good.slice(0, 43)), Buffer.from([0xb5, 0xe7]), Buffer.from(good.slice(43))])), undefined, 'bytes of GBK')
})

t.test('the first body of all is judged as any other: a time of nothing but NULs is none', async t => {
  // A module of its own, which has not seen a right time yet; TypeScript does not know the address.
  const { isTimeText } = await import(new URL('../../src/intake/scan-bytes.js?first', import.meta.url).href) as typeof import('../../src/intake/scan-bytes.js')
  t.equal(isTimeText(Buffer.alloc(TIME.length), 0), false)
  t.equal(isTimeText(Buffer.from(TIME), 0), true)
  t.equal(scanPush(Buffer.from(clean([record('a')]).replace(TIME, '\0'.repeat(TIME.length)))), undefined)
})

t.test('names that are made to collide are left to the general way', async t => {
  const place = (name: string): number => hashOf(viewOf(Buffer.from(name)), 0, name.length) & 0xff
  const codes = Array.from({ length: 100_000 }, (_, n) => `p${n.toString(36)}`).filter(code => place(code) === 7).slice(0, 100)
  t.equal(codes.length, 100)
  const bytes = Buffer.from(clean([record('a', Object.fromEntries(codes.map(code => [code, '1'])))]))
  t.equal(scanPush(bytes), undefined)
  t.ok(general(bytes))
})

const text = fc.oneof(fc.constantFrom('a', 'Ua', '电', '"', '\\', '\u0000', '12', '', '\ud800', 'NaN', '#', '\u0085', '\u2028', '__proto__', '{', '}},{"deviceId":"'), fc.string({ unit: 'binary', maxLength: 5 }))
const value = fc.oneof(fc.integer().map(String), fc.double().map(String), text)
const device = fc.record({ deviceId: fc.oneof(fc.constantFrom('a', 'b', 'c'), text), recordTime: fc.constantFrom(TIME, TIME, TIME, '2021-09-08 18:41:00', '2021-02-30 00:00:00', ''), data: fc.dictionary(fc.oneof(fc.constantFrom('Ua', 'Ub', 'P'), text), value, { maxKeys: 4 }) }, { requiredKeys: ['recordTime', 'data'] })
const push = fc.record({ deviceType: fc.constantFrom('1', '1', '1', '12', '15', '', 'a_B9', '1 '), devices: fc.array(device, { maxLength: 4 }) })
const edit = fc.record({ at: fc.nat(), byte: fc.oneof(fc.constantFrom(0x22, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d, 0x5c, 0x30, 0x23), fc.integer({ min: 0, max: 255 })), kind: fc.constantFrom('set', 'insert', 'remove') })

function edited (bytes: Buffer, edits: ReadonlyArray<{ at: number, byte: number, kind: string }>): Buffer {
  return edits.reduce((body, { at, byte, kind }) => {
    const offset = at % (body.length + 1)
    return Buffer.concat([body.subarray(0, offset), Buffer.from(kind === 'remove' ? [] : [byte]), body.subarray(offset + (kind === 'insert' ? 0 : 1))])
  }, bytes)
}

t.test('whatever it accepts, the general way would send byte for byte', async t => {
  fc.assert(fc.property(push, fc.array(edit, { maxLength: 3 }), (candidate, edits) => agrees(edited(Buffer.from(JSON.stringify(candidate)), edits))), { numRuns: RUNS * 4 })
  t.pass(`${RUNS * 4} bodies`)
})

t.test('accepts what the general way sends, where no text needs judgement', async t => {
  const plain = fc.string({ unit: fc.constantFrom('a', 'B', '_', ' ', '电'), minLength: 1, maxLength: 6 })
  const plainPush = fc.uniqueArray(plain, { minLength: 1, maxLength: 5 }).chain(ids => fc.tuple(...ids.map(id => fc.dictionary(plain, fc.integer().map(String), { minKeys: 1, maxKeys: 5 }).map(data => record(id, data)))))
  fc.assert(fc.property(plainPush, devices => {
    const bytes = Buffer.from(clean(devices))
    return scanPush(bytes) !== undefined && agrees(bytes)
  }), { numRuns: RUNS })
  t.pass(`${RUNS} pushes`)
})

t.test('a body that is cut off anywhere, or wrong in any one byte, is never taken for another', async t => {
  const codes = { Ua: '1.5', Ep_imp_1: '329.0', P: '-0.25', 'eq-exp': '94' }
  const bytes = Buffer.from(clean([record('meter-1', codes), record('meter-2', { ...codes, P: '17' }), record('meter-33', codes, '2021-09-08 23:59:59')]))
  t.equal(scanPush(bytes)?.records, 3)
  t.ok([...bytes.keys()].every(length => scanPush(bytes.subarray(0, length)) === undefined), 'cut off')
  const odd = [...Buffer.from('"\\#,:{}[]0a$[;\u0000\u007f'), 0x80, 0xff]
  t.ok(bytes.every((_, at) => odd.every(byte => agrees(edited(bytes, [{ at, byte, kind: 'set' }])))), 'one other byte')
})
