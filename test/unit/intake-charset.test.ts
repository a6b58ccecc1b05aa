import t from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import { declaredCharset } from '../../src/intake/declared-charset.js'
import { readPush } from '../../src/intake/read-push.js'

const pushOf = (value: string): string => `{"deviceType":"1","devices":[{"deviceId":"m","recordTime":"2021-09-08 18:40:00","data":{"a":"${value}"}}]}`

/** A push whose value has these bytes, all else in ASCII. */
function bytesOf (value: readonly number[]): Buffer {
  const [before = '', after = ''] = pushOf('|').split('|')
  return Buffer.concat([Buffer.from(before), Buffer.from(value), Buffer.from(after)])
}

function sent (bytes: Uint8Array, { plant = 'utf-8', declared }: { plant?: string, declared?: string } = {}): { body: string, repairs: object } {
  const { push, repairs } = readPush(bytes, { unknownFields: 'reject', charset: plant }, { nowMs: 0, contentType: declared === undefined ? undefined : `text/plain; charset=${declared}` })
  return { body: encodePush(push).toString(), repairs: Object.fromEntries(repairs) }
}

const METER_GBK = [0xb5, 0xe7, 0xb1, 0xed]

t.test('a body that is no UTF-8 is read in the charset that it declares, or in the plant\'s', async t => {
  const read = { body: pushOf('电表'), repairs: { charset: 1 } }
  t.same(sent(bytesOf(METER_GBK), { declared: 'GBK' }), read)
  t.same(sent(bytesOf(METER_GBK), { declared: 'gb2312' }), read)
  t.same(sent(bytesOf(METER_GBK), { plant: 'gb18030' }), read)
  t.same(sent(bytesOf([0x81, 0x30, 0x81, 0x30]), { plant: 'gb18030' }).body, pushOf('\x80'), 'four bytes of GB 18030')
  t.same(sent(bytesOf([0xb9, 0x71, 0xaa, 0xed]), { plant: 'big5' }), { body: pushOf('電表'), repairs: { charset: 1 } })
  t.same(sent(bytesOf([0xb0]), { plant: 'windows-1252' }).body, pushOf('°'))
  t.same(sent(bytesOf(METER_GBK), { declared: 'utf-8', plant: 'gb18030' }), read, 'a declaration that is wrong does not count')
  t.same(sent(bytesOf(METER_GBK), { declared: 'no-such-charset', plant: 'gb18030' }), read)
})

t.test('valid UTF-8 is UTF-8, whatever is declared', async t => {
  for (const declared of ['GBK', 'iso-8859-1', 'utf-8', 'nonsense']) {
    t.same(sent(Buffer.from(pushOf('电表 °')), { declared, plant: 'gb18030' }), { body: pushOf('电表 °'), repairs: {} }, declared)
  }
})

t.test('UTF-16 is known by its mark, or by what it declares', async t => {
  const little = Buffer.from(pushOf('电表'), 'utf16le')
  const big = Buffer.from(little).swap16()
  t.same(sent(Buffer.concat([Buffer.from([0xff, 0xfe]), little])), { body: pushOf('电表'), repairs: { charset: 1, bom: 1 } })
  t.same(sent(Buffer.concat([Buffer.from([0xfe, 0xff]), big])), { body: pushOf('电表'), repairs: { charset: 1, bom: 1 } })
  t.same(sent(Buffer.from(pushOf('226.0'), 'utf16le'), { declared: 'utf-16le' }), { body: pushOf('226.0'), repairs: { charset: 1 } }, 'also where every byte would be UTF-8')
  t.same(sent(little, { plant: 'utf-16le' }).body, pushOf('电表'))
})

t.test('bytes that windows-1252 has and ISO 8859-1 has not are its characters', async t => {
  const value = [...'€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ']
  const bytes = [0x80, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8e, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9e, 0x9f]
  // Browsers take the older names for it as well, and so do senders that write a euro sign under them.
  for (const declared of ['windows-1252', 'cp1252', 'iso-8859-1', 'us-ascii']) t.same(sent(bytesOf(bytes), { declared }), { body: pushOf(value.join('')), repairs: { charset: 1 } }, declared)
  t.same(sent(bytesOf([0xa0, 0xe4, 0xff]), { plant: 'windows-1252' }).body, pushOf('\xa0äÿ'))
  for (const byte of [0x81, 0x8d, 0x8f, 0x90, 0x9d]) t.throws(() => sent(bytesOf([byte]), { plant: 'windows-1252' }), { code: 'InvalidEncoding' })
})

t.test('bytes that are no characters of their encoding are a fault, not controls or characters of private use', async t => {
  for (const [declared, bytes] of [['big5', [0x80]], ['big5', [0x87, 0x40]], ['euc-kr', [0x81, 0x41]], ['windows-1251', [0x98]], ['windows-1250', [0x81]]] as const) {
    t.throws(() => sent(bytesOf(bytes), { declared }), { code: 'InvalidEncoding' }, `${declared} ${bytes.join(' ')}`)
  }
  t.same(sent(bytesOf([0xb0, 0xa1]), { declared: 'euc-kr' }).body, pushOf('가'))
})

t.test('what fits neither is a fault that names the remedy, and nothing is replaced', async t => {
  for (const [value, options] of [[[0xff], { plant: 'gb18030' }], [[0xb5], { declared: 'gbk' }], [[0x81], { declared: 'big5', plant: 'gb18030' }]] as const) {
    t.throws(() => sent(bytesOf(value), options), { code: 'InvalidEncoding', message: /does not fit the other encoding/ })
  }
  t.throws(() => sent(bytesOf(METER_GBK)), { code: 'InvalidEncoding', message: /plants set NAME --charset gb18030/ })
})

t.test('every character of a value comes through GB 18030 as it was', async t => {
  // The pairs of GBK that stand for one character each.
  const strict = new TextDecoder('gb18030', { fatal: true })
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    const value: number[] = []
    for (let trail = 0x80; trail <= 0xfe; trail++) value.push(lead, trail)
    const body = bytesOf(value)
    t.equal(sent(body, { plant: 'gb18030' }).body, strict.decode(body))
  }
})

t.test('NULs behind the body are taken off and counted, within it they are a fault', async t => {
  t.same(sent(Buffer.from(`${pushOf('1')}\0\0\0`)), { body: pushOf('1'), repairs: { 'trailing-nul': 3 } })
  t.throws(() => sent(Buffer.from(pushOf('1\0'))), { code: 'InvalidJson' })
  t.throws(() => sent(Buffer.from(`\0${pushOf('1')}`)), { code: 'InvalidJson' })
  t.throws(() => sent(Buffer.from('\0\0')), { code: 'EmptyBody' })
})

t.test('the charset of a Content-Type is found as senders write it', async t => {
  const cases: Array<[string | undefined, string | undefined]> = [
    ['application/json; charset=GBK', 'GBK'], ['text/plain;charset="gb18030"', 'gb18030'], ['json ; CHARSET = gbk', 'gbk'], ['application/json', undefined],
    [undefined, undefined], ['', undefined], ['charset=gbk', undefined], [`text/plain; charset=${'x'.repeat(41)}`, undefined], [`${' '.repeat(5000)};charset=gbk`, undefined]
  ]
  for (const [header, label] of cases) t.equal(declaredCharset(header), label, String(header).slice(0, 60))
})
