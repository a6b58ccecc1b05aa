import t from 'tap'
import { checkPush } from '../../src/contract/check-push.js'
import { encodePush } from '../../src/contract/encode-push.js'
import { ProxyError } from '../../src/errors.js'
import type { Step } from '../../src/intake/arrival.js'
import { readPush, type IntakePolicy } from '../../src/intake/read-push.js'

const strict: IntakePolicy = { unknownFields: 'reject' }
const lenient: IntakePolicy = { unknownFields: 'drop' }

const read = (body: string | Uint8Array, policy = strict) => readPush(typeof body === 'string' ? Buffer.from(body) : body, policy, { nowMs: 0 })
/** What would be sent, and what was changed. */
function sent (body: string, policy = strict): { body: string, repairs: Record<string, number> } {
  const { push, repairs } = read(body, policy)
  return { body: encodePush(push).toString(), repairs: Object.fromEntries(repairs) }
}
function refusal (body: string | Uint8Array, policy = strict): ProxyError {
  try {
    read(body, policy)
  } catch (cause) {
    if (cause instanceof ProxyError) return cause
    throw cause
  }
  throw new Error('was read')
}
/** Its code, then each of its faults. */
const told = (body: string | Uint8Array, policy = strict) => {
  const { code, faults = [] } = refusal(body, policy)
  return [code, ...faults.map(({ path, message }) => `${path} ${message}`)]
}
const pushOf = (data: string, device = '"deviceId":"m"') => `{"deviceType":"1","devices":[{${device},"recordTime":"2021-09-08 18:40:00","data":${data}}]}`

t.test('a clean push leaves as it came, byte for byte', async t => {
  const body = pushOf('{"dp_imp":"329.0","Ua":"0.10","点":"𝟙","__proto__":"1","constructor":"2"}')
  t.same(sent(body), { body, repairs: {} })
})

t.test('a number becomes the string of its characters, and the answer can say so', async t => {
  const body = pushOf('{"a":329.0,"b":9007199254740993,"c":1e400,"d":-0,"e":0.10,"f":"1"}')
  t.same(sent(body), {
    body: pushOf('{"a":"329.0","b":"9007199254740993","c":"1e400","d":"-0","e":"0.10","f":"1"}'),
    repairs: { 'number-to-string': 5 }
  })
})

t.test('a whole number is taken as device type and device id, any other number is not', async t => {
  const body = (type: string, id: string) => `{"deviceType":${type},"devices":[{"deviceId":${id},"recordTime":"2021-09-08 18:40:00","data":{"a":"1"}}]}`
  t.same(sent(body('1', '12345678901234567890')), { body: body('"1"', '"12345678901234567890"'), repairs: { 'number-to-string': 2 } })
  t.same(sent(body('0', '"m"')).body, body('"0"', '"m"'))
  for (const number of ['1.0', '-1', '1e3', '-0', '1E400']) {
    t.same(told(body(number, '"m"')), ['InvalidPush', '/deviceType must be a string such as "1", not a number'], number)
    t.same(told(body('1', number)), ['InvalidPush', '/devices/0/deviceId must be a string, not a number'], number)
  }
})

t.test('device_id is taken as a spelling of deviceId, both at once are refused', async t => {
  t.same(sent(pushOf('{"a":"1"}', '"device_id":"m"')), { body: pushOf('{"a":"1"}'), repairs: { device_id: 1 } })
  t.same(sent(pushOf('{"a":"1"}', '"device_id":7')).repairs, { device_id: 1, 'number-to-string': 1 })
  for (const policy of [strict, lenient]) {
    t.same(told(pushOf('{"a":"1"}', '"device_id":"m","deviceId":"m"'), policy),
      ['InvalidPush', '/devices/0/device_id is another spelling of "deviceId"; send "deviceId" alone'])
  }
})

t.test('unknown fields are refused or left out, as the plant says', async t => {
  const body = pushOf('{"a":"1"}', '"deviceId":"m","q":true,"__proto__":{"x":1}').replace('{', '{"ts":1,')
  t.same(told(body), ['InvalidPush', '/ts is not a field of a push', '/devices/0/q is not a field of a device record', '/devices/0/__proto__ is not a field of a device record'])
  t.same(sent(body, lenient), { body: pushOf('{"a":"1"}'), repairs: { 'unknown-field': 3 } })
  t.same(told(pushOf('{"a":"1"}', '"deviceid":"m"'), lenient), ['InvalidPush', '/devices/0/deviceId is missing; only device types 15 and 16 go without it'],
    'what is left out is not guessed at')
})

t.test('what is no reading is refused, never turned into one', async t => {
  t.same(told(pushOf('{"a":null,"b":true,"c":[1],"d":{"v":1},"e":""}')), ['InvalidPush',
    '/devices/0/data/a must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop',
    '/devices/0/data/b must be a string such as "329.0", not true',
    '/devices/0/data/c must be a string such as "329.0", not an array',
    '/devices/0/data/d must be a string such as "329.0", not an object',
    '/devices/0/data/e must not be empty; leave the point out when there is no reading, or have the operator set --missing drop'])
  t.same(told(pushOf('{"a":"\\ud83d"}')), ['InvalidPush', '/devices/0/data/a holds half a character (a lone surrogate between U+D800 and U+DFFF)'])
  t.same(told(pushOf(`{"a":${'9'.repeat(257)}}`)), ['InvalidPush', '/devices/0/data/a holds 257 characters; the limit is 256'])
  t.same(told('{"deviceType":"1","devices":[{"deviceId":"m","recordTime":true,"data":7},8]}'), ['InvalidPush',
    '/devices/0/recordTime must be a string such as "2021-09-08 18:40:00", not true',
    '/devices/0/data must be an object of point codes and values, such as {"Ua":"226.0"}, not a number',
    '/devices/1 must be an object such as {"deviceId":"…","recordTime":"…","data":{…}}, not a number'])
})

t.test('what is no push at all is told what one looks like', async t => {
  for (const [body, found] of [['[]', 'an array'], ['"x"', 'a string'], ['1', 'a number'], ['null', 'null']]) {
    t.same(told(body ?? ''), ['InvalidPush', ` must be an object such as {"deviceType":"1","devices":[…]}, not ${found}`])
  }
  t.equal(refusal('[]').message, 'The push breaks the contract: the body must be an object such as {"deviceType":"1","devices":[…]}, not an array.')
  t.same(told('{"deviceType":"1","devices":5}'), ['InvalidPush', '/devices must be an array of device records, not a number'])
})

t.test('the message names the first place and counts all, twenty are listed', async t => {
  t.equal(refusal(pushOf('{"a":null}')).message,
    'The push breaks the contract: /devices/0/data/a must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop.')
  const { message, faults } = refusal(pushOf(`{${Array.from({ length: 25 }, (_, index) => `"p${index}":null`).join(',')}}`))
  t.match(message, 'The push breaks the contract in 25 places, the first: /devices/0/data/p0 must be a string')
  t.equal(faults?.length, 20)
  t.match(refusal(`{"deviceType":"1","devices":[${Array(2_000).fill('1').join(',')}]}`).message, 'in at least 30 places')
  t.match(refusal(pushOf('{"a":"1"}').replace('recordTime', 'recordtime')).message, /did you mean "recordTime"\?$/)
})

t.test('an empty body is told apart from a wrong one', async t => {
  for (const body of ['', ' \r\n\t', '\uFEFF', '\uFEFF\n']) t.equal(refusal(body).code, 'EmptyBody', JSON.stringify(body))
  t.equal(refusal('\u00a0').code, 'InvalidJson')
})

t.test('a byte order mark is taken off and reported, once', async t => {
  const body = pushOf('{"a":"1"}')
  t.same(sent('\uFEFF' + body), { body, repairs: { bom: 1 } })
  t.equal(refusal('\uFEFF\uFEFF' + body).code, 'InvalidJson')
  t.equal(sent(pushOf('{"\uFEFFa":"1"}')).body, pushOf('{"\uFEFFa":"1"}'), 'elsewhere it is a character')
})

t.test('a byte that is no UTF-8 is a fault with its offset, never a replacement character', async t => {
  const remedy = 'The sender may use another encoding, such as GBK: set it to UTF-8, have it declare its charset in Content-Type, or set the plant to it (plants set NAME --charset gb18030).'
  const at = (offset: number) => `The body is not valid UTF-8: byte ${offset} (counted from 0) fits no character. ${remedy}`
  const cut = (offset: number) => `The body ends inside the UTF-8 character that begins at byte ${offset} (counted from 0), as if it was cut off. ${remedy}`
  const cases: Array<[string, number[], string]> = [
    ['GBK 电', [0x7b, 0xb5, 0xe7, 0x7d], at(1)],
    ['GBK after good characters', [...Buffer.from('{"é中𝟙'), 0xc4, 0xe3], at(12)],
    ['overlong', [0xc0, 0x80], at(0)],
    ['overlong in three', [0xe0, 0x80, 0x80], at(1)],
    ['a surrogate', [0xed, 0xa0, 0x80], at(1)],
    ['overlong in four', [0xf0, 0x80, 0x80, 0x80], at(1)],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80], at(1)],
    ['far beyond', [0xf8, 0x88], at(0)],
    ['a lone follower', [0x61, 0x80], at(1)],
    ['a third byte wrong', [0xe4, 0xb8, 0x20], at(2)],
    ['cut after one of three', [0x61, 0xe4], cut(1)],
    ['cut after three of four', [0x61, 0xf0, 0x9d, 0x9f], cut(1)],
    ['half a character of UTF-16', [0xff, 0xfe, 0x7b], at(0)]
  ]
  for (const [title, bytes, message] of cases) {
    const { code, message: said } = refusal(Uint8Array.from(bytes))
    t.same([code, said], ['InvalidEncoding', message], title)
  }
})

t.test('a body that is no JSON is told where, a repeated name also by its pointer', async t => {
  const { code, message } = refusal(pushOf('{"a":"secret-reading",}'))
  t.equal(code, 'InvalidJson')
  t.match(message, /^The body cannot be read as JSON\. Line 1, column \d+: expected a name in double quotes, found "}"\.$/)
  const twice = pushOf('{"a":"1","\\u0061":"1"}')
  const column = twice.indexOf('"\\u0061') + 1
  t.same(told(twice), ['InvalidJson', `/devices/0/data/a stands twice in its object, the second time in line 1, column ${column}`])
  t.match(refusal('{"a":'.repeat(50)).message, 'expected no more than 32 levels of nesting')
})

t.test('too much at once has its own code, with count and limit', async t => {
  const device = '{"deviceId":"m","recordTime":"2021-09-08 18:40:00","data":{"a":"1"}}'
  const devices = (text: string, count: number) => `{"deviceType":"1","devices":[${Array(count).fill(text).join(',')}]}`
  const tooMuch = (body: string) => { const { code, message } = refusal(body); return `${code} ${message}` }
  t.equal(tooMuch(devices('1', 10_001)), 'PushTooLarge The push holds 10001 device records; the limit is 10000. Send fewer devices in one push.', 'whatever they are')
  const points = Array.from({ length: 1_000 }, (_, index) => `"p${index}":"1"`)
  t.equal(tooMuch(devices(device.replace('"a":"1"', points.join(',')), 501)), 'PushTooLarge The push holds 501000 points; the limit is 500000. Send fewer devices in one push.')
  t.same(told(pushOf(`{${points.join(',')},"a":"1"}`)), ['InvalidPush', '/devices/0/data holds 1001 points; the limit is 1000'])
  t.equal(tooMuch(pushOf(`{${Array.from({ length: 2_001 }, (_, index) => `"p${index}":"1"`).join(',')}}`)),
    'PushTooLarge The body holds more than 2000 names in one object. Send fewer devices or points in one push.')
  t.equal(tooMuch(`[${Array(100_000).fill('{}').join(',')}]`), 'PushTooLarge The body holds more than 100000 arrays and objects. Send fewer devices or points in one push.')
})

t.test('nothing that is read reaches what other objects share', async t => {
  const { push } = read(pushOf('{"__proto__":"1","constructor":"2","hasOwnProperty":"3"}'))
  t.same(Object.keys(push.devices[0]?.data ?? {}), ['__proto__', 'constructor', 'hasOwnProperty'])
  t.same(checkPush(push), [])
  t.same(told(pushOf('{"__proto__":{"polluted":"1"}}')), ['InvalidPush', '/devices/0/data/__proto__ must be a string such as "329.0", not an object'])
  t.notOk('polluted' in {})
})

t.test('whoever wants to see them is told the steps of a body in order, those before a fault as well', async t => {
  const stepsOf = (body: string): Step[] => {
    const steps: Step[] = []
    const onStep = (step: Step) => { steps.push(step) }
    try {
      readPush(Buffer.from(body), strict, { nowMs: 0, onStep })
    } catch {
      // Only the steps are of interest.
    }
    return steps
  }
  t.same(stepsOf('\uFEFF{"deviceType":1,"devices":[{"deviceId":"m","recordTime":"2021-09-08 18:40:00","data":{"a":"1"}}]}'), [
    { step: 'encoding', what: 'The body is UTF-8.' },
    { step: 'values', what: 'Changed: bom (1), number-to-string (1).' },
    { step: 'contract', what: 'The push keeps the contract; records of device type 1: 1.' }
  ])
  t.same(stepsOf('{"deviceType":'), [{ step: 'encoding', what: 'The body is UTF-8.' }])
})
