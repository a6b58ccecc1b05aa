import t from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import { ProxyError } from '../../src/errors.js'
import { readPush, type IntakePolicy } from '../../src/intake/read-push.js'

const strict: IntakePolicy = { unknownFields: 'reject' }
const dropping: IntakePolicy = { ...strict, missing: 'drop' }

const device = (data: string, id = 'm') => `{"deviceId":"${id}","recordTime":"2021-09-08 18:40:00","data":${data}}`
const pushOf = (...devices: string[]) => `{"deviceType":"1","devices":[${devices.join(',')}]}`
function sent (body: string, policy = dropping): { body: string, repairs: Record<string, number> } {
  const { push, repairs } = readPush(Buffer.from(body), policy, { nowMs: 0 })
  return { body: encodePush(push).toString(), repairs: Object.fromEntries(repairs) }
}
/** The error's code, and each of its faults. */
function told (body: string, policy = strict): string[] {
  try {
    sent(body, policy)
  } catch (cause) {
    if (cause instanceof ProxyError) return [cause.code, ...(cause.faults ?? [{ path: '', message: cause.message }]).map(({ path, message }) => `${path} ${message}`)]
    throw cause
  }
  throw new Error('was read')
}

const NAN = ['NaN', 'nan', 'NAN', '-NaN', '-nan', '+nan', 'nan(ind)', '-nan(ind)', 'nan(snan)']
const INFINITE = ['Infinity', '-Infinity', '+Infinity', 'infinity', 'inf', 'Inf', '-inf', '+INF']
const WINDOWS = ['1.#QNAN', '-1.#IND', '1.#INF', '-1.#INF', '1.#SNAN', '1.#QNAN0', '-1.#IND00', '1.#INF00', '1.#inf', '1.#J', '-1.#J', '1.#R', '1.#IO', '-1.#IO', '1.#QO', '1.#QNB', '1.$', '1.#INF00e+000']
const NULL = ['null', 'NULL', 'Null']
const READINGS = ['0', '-0', '329.0', '-1', '1.', '+5', '1e400', 'infinite', 'information', 'nano', 'banana', 'nulls', 'nil', 'None', 'N/A', '-', ' ', ' NaN', 'NaN ', 'nan()', '1.#', '#1.#INF', '2.#INF', '1.#INF00x', '1#', '12#4', '1.5#', 'on', '未知', '1.#日', 'in', 'İnf']

t.test('a value that says that there is no reading is a fault that says what it is and what to do', async t => {
  const remedy = 'no reading; leave the point out when there is no reading, or have the operator set --missing drop'
  const is = (words: string[], name: string) => {
    for (const word of words) t.same(told(pushOf(device(`{"a":"1","b":${JSON.stringify(word)}}`))), ['InvalidPush', `/devices/0/data/b is ${name}, ${remedy}`], word)
  }
  is(NAN, 'NaN, not a number')
  is(INFINITE, 'Infinity')
  is(WINDOWS, 'what Windows prints for a number that is none (such as 1.#QNAN)')
  is(NULL, 'the word null')
  t.same(told(pushOf(device('{"a":null,"b":"","c":"NaN"}'))), ['InvalidPush',
    '/devices/0/data/a must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop',
    '/devices/0/data/b must not be empty; leave the point out when there is no reading, or have the operator set --missing drop',
    `/devices/0/data/c is NaN, not a number, ${remedy}`])
})

t.test('every other text is a reading and arrives as it is', async t => {
  for (const policy of [strict, dropping]) {
    for (const reading of READINGS) {
      const body = pushOf(device(`{"a":${JSON.stringify(reading)}}`))
      t.same(sent(body, policy), { body, repairs: {} }, reading)
    }
  }
})

t.test('a plant may have such points left out, and the answer says how many', async t => {
  const words = [...NAN, ...INFINITE, ...WINDOWS, ...NULL, '']
  const points = words.map((word, index) => `"p${index}":${JSON.stringify(word)}`).join(',')
  t.same(sent(pushOf(device(`{"a":329.0,${points},"n":null,"__proto__":"2"}`))), {
    body: pushOf(device('{"a":"329.0","__proto__":"2"}')),
    repairs: { 'number-to-string': 1, 'missing-value': words.length + 1 }
  })
})

t.test('NaN and Infinity without quotes are no JSON, and missing values for a plant that leaves such out', async t => {
  const body = (word: string) => pushOf(device(`{"a":${word},"b": -1.5}`))
  for (const word of ['NaN', 'Infinity', '-Infinity']) {
    t.same(told(body(word)), ['InvalidJson',
      ` The body cannot be read as JSON. Line 1, column ${body('').indexOf('"a":') + 5}: ${word} is no value of JSON; leave the point out when there is no reading, or have the operator set --missing drop.`])
    t.same(sent(body(word)), { body: pushOf(device('{"b":"-1.5"}')), repairs: { 'number-to-string': 1, 'missing-value': 1 } })
  }
  for (const word of ['-NaN', '+Infinity', 'nan', 'Inf', '-I', 'NaNs', 'Infinity1']) {
    for (const policy of [strict, dropping]) t.equal(told(body(word), policy)[0], 'InvalidJson', word)
  }
  t.same(told(pushOf(device('{"a":1}')).replace('"m"', 'NaN'), dropping), ['InvalidPush', '/devices/0/deviceId must be a string, not null'], 'anywhere else it is as much a fault as null')
})

t.test('a record that has no point left is left out, and the places of the others stay the sender\'s', async t => {
  const gone = device('{"a":null,"b":"NaN"}', 'gone')
  t.same(sent(pushOf(gone, device('{"a":"1","b":""}'), gone)), { body: pushOf(device('{"a":"1"}')), repairs: { 'missing-value': 5, 'missing-record': 2 } })
  t.same(told(pushOf(gone, device('{"a":"1"}'), gone, device('{"a":true,"b":null}', 'o'), device('{"a":"2"}'), device('{}', 'p')), dropping), ['InvalidPush',
    '/devices/3/data/a must be a string such as "329.0", not true',
    '/devices/4 has the same device and time as /devices/1; send each record once',
    '/devices/5/data must hold at least one point'])
})

t.test('a push in which no reading is left is refused in these words', async t => {
  t.same(told(pushOf(device('{"a":null}'), device('{"a":"NaN"}')), dropping), ['InvalidPush', '/devices holds no reading: every value in it says that there is none'])
  t.same(told(pushOf(), dropping), ['InvalidPush', '/devices must hold at least one device record'])
  t.same(told('{"deviceType":"1","devices":7}', dropping), ['InvalidPush', '/devices must be an array of device records, not a number'])
  t.same(told('[null]', dropping).length, 2)
})
