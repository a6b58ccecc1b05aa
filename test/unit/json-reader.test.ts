import t from 'tap'
import { readJson } from '../../src/intake/json-reader.js'
import { JsonSyntaxError } from '../../src/intake/json-syntax-error.js'
import { JsonTooMuchError } from '../../src/intake/json-too-much-error.js'
import { isJsonObject, JsonNumber, type JsonValue } from '../../src/intake/json-value.js'

/** What JSON.parse would have made of it: the numbers' characters are the only difference. */
function plain (value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text)
  if (Array.isArray(value)) return value.map(plain)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}

/** Both readers on one text: `same` when they agree in what they read, or both refuse. */
function agree (text: string): { same: boolean, accepted: boolean } {
  let expected: string | undefined
  let read: string | undefined
  let repeated = false
  try { expected = JSON.stringify(JSON.parse(text)) } catch {}
  try { read = JSON.stringify(plain(readJson(text))) } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause
    repeated = cause.pointer !== undefined || cause.message.includes('levels of nesting')
  }
  return { same: repeated || expected === read, accepted: read !== undefined }
}

function refusal (text: string, depthMax = 32): JsonSyntaxError {
  try {
    readJson(text, { depthMax })
  } catch (cause) {
    if (cause instanceof JsonSyntaxError) return cause
    throw cause
  }
  throw new Error(`was read: ${text.slice(0, 50)}`)
}

const ACCEPTED = ['[]', '{}', '[[]   ]', ' [1] ', '\t\r\n [1]\n', '"x"', '0', '-0', '-0.0', '1E22', '1e-2', '1e+2', '0e+1', '0E1', '123.456e78', '-1', '[1,null,1]', 'null', 'true',
  'false', '""', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u0012\\uFfFf\\u0000"', '"\\uD801\\udc37"', '"\\uD83D"', '"\\uDFAA\\uD800x"', '"\u2028\u2029\u007f\u0080"', '"/"', '"\\u005C\\u0022"',
  '{"":0}', '{"a":[],"b":{}}', '{"\\u0000":1}', '{"__proto__":{"x":1}}', '{"constructor":1,"toString":2,"hasOwnProperty":3}', '[1e400,-1e400]', '"\uFEFF"', '{"min":-1.0e+28}',
  '[100000000000000000000000000000000000]', '"\ud800"', '{"a":1,"A":2}', '{"2":1,"1":2,"a":3}']
const REFUSED = ['', ' ', '[', ']', '{', '}', '[1 true]', '[a]', '["": 1]', '["",]', '[,1]', '[1,,2]', '[1,]', '["x"', '[x', '[3[4]]', '[1,\n1\n,1', '[*]', '[-foo]', '[-]', '[+1]', '[++1]',
  '[-01]', '[-1.0.]', '[-2.]', '[-NaN]', '[.-1]', '[.2e-3]', '[0.1.2]', '[0.3e+]', '[0.3e]', '[0.e1]', '[0E+]', '[0e]', '[1.0e+]', '[1.0e-]', '[1 000.0]', '[1eE2]', '[2.e+3]', '[9.e+]',
  '[Inf]', '[Infinity]', '[NaN]', '[-Infinity]', '[0x1]', '[1+2]', '[1ea]', '[1.]', '[.1]', '[012]', '[-012]', '[1.2a-3]', '[1.8011670033376514H-308]', '[\uff11]', '["\\x00"]', '["\\u00A"]',
  '["\\uD834\\uDd"]', '["\\uD800\\u1x"]', '["\\"]', '["\\', '["\\u', '["\\a"]', '["\\ "]', '["\n"]', '["\t"]', '["\u0000"]', '["\u001f"]', '[\\n]', '["asd]', "['x']", '"x" "y"', '{"x", null}',
  '{"x"::"b"}', '{"a":"a" 123}', '{key: 1}', '{1:1}', '{9999E9999:1}', "{'a':0}", '{"a" b}', '{:"b"}', '{"a" "b"}', '{"a":', '{"a"', '{"a":1,}', '{"a":1,,"b":2}', '{,}', '{"id":0,,,,,}',
  '{"a":"b"}/**/', '{"a":"b"}#', '[1]x', '1]', '2@', '{}}', '[][]', '<null>', '[<null>]', 'True', 'TRUE', 'nul', 'nulll', 'fals', '\u00e5', '\uFEFF[]', '[\u000c]', '[\u00a0]', '[\u2060]', '"', '"\\u12', '*', '/**/[]',
  '[1]\u0000', '\u0000', 'undefined', '-', '--1', '1e', '1e1.5', '[1//\n]', '{"a":truefalse}', '[nullx]', '\v1']

t.test('takes what JSON.parse takes and refuses what it refuses', async t => {
  t.same(ACCEPTED.filter(text => !agree(text).same || !agree(text).accepted), [])
  t.same(REFUSED.filter(text => !agree(text).same || agree(text).accepted), [])
})

t.test('agrees with JSON.parse on thousands of damaged documents', async t => {
  // A linear congruential generator: the same documents in every run.
  let seed = 20230508
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor(seed / 2 ** 32 * below)
  }
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] ?? values[0] as T // never empty
  const pieces = [...'[]{},:"\\-+.eE0123456789 \n\ttfnu', '\u0000', '\\u', '\\uD800', 'null', 'true', '"a"', '\u00e9', '1e5', '""']
  const documents = [...ACCEPTED, '{"deviceType":"1","devices":[{"deviceId":"a\\u00e9\\n","recordTime":"2021-09-08 18:40:00","data":{"Ua":226.0,"Ub":-1.5e-3,"Uc":"0.10"}}]}',
    '[[1,2,{"a":[true,false,null],"b":{"c":"\\\\"}}],"x",[],{},-0.5E+10]']
  let accepted = 0
  let disagreed = ''
  for (let round = 0; round < 8_000; round++) {
    let text = pick(documents)
    for (let change = random(3); change >= 0; change--) {
      const at = random(text.length + 1)
      text = text.slice(0, at) + (random(2) === 0 ? pick(pieces) : '') + text.slice(at + random(3))
    }
    const { same, accepted: taken } = agree(text)
    if (taken) accepted++
    if (!same) disagreed = text
  }
  t.equal(disagreed, '')
  t.ok(accepted > 1_500 && accepted < 6_500, `${accepted} of 8000 were JSON, so both answers were tried`)
})

t.test('a number keeps its characters', async t => {
  for (const text of ['329.0', '9007199254740993', '1e400', '-0', '0.10', '1E+05', '-1.50e-07', '123456789012345678901234567890.123']) {
    t.same(readJson(text), new JsonNumber(text))
    t.same(readJson(`{"a":[${text} ]}`), { a: [new JsonNumber(text)] })
  }
})

t.test('a name stays a name, whatever JavaScript means by it', async t => {
  const value = readJson('{"__proto__":{"polluted":"x"},"constructor":"y"}')
  if (!isJsonObject(value)) throw new Error('no object')
  t.same(Object.keys(value), ['__proto__', 'constructor'])
  t.notOk('polluted' in value)
  t.notOk('toString' in value)
  t.notOk('polluted' in {})
  const empty = readJson('{}')
  t.throws(() => { Object.getPrototypeOf(empty).x = 1 }, TypeError, 'what all objects share cannot be changed')
})

t.test('a name that stands twice is refused with its place, however it is spelled', async t => {
  const twice = refusal('{"devices":[{},{"data":{"a/b":1,\n "c":2, "a\\u002fb":1}}]}')
  t.match({ ...twice }, { pointer: '/devices/1/data/a~1b', line: 2, column: 9, offset: 41 })
  t.equal(twice.message, 'Line 2, column 9: this name stands in its object for the second time (/devices/1/data/a~1b).')
  t.equal(refusal('{"a":1,"a":1}').pointer, '/a', 'the same value is no excuse')
  t.equal(refusal('{"__proto__":1,"__proto__":2}').pointer, '/__proto__')
  t.equal(refusal('[[1,{"":1,"":2}]]').pointer, '/0/1/')
  t.equal(refusal('{"a":{"b":{}},"c":[1],"c":1}').pointer, '/c', 'not where an earlier value lay')
  t.equal(refusal('{"x\\u0007":1,"x\\u0007":2}').message, 'Line 1, column 14: this name stands in its object for the second time.', 'nor printed when it cannot be')
})

t.test('a fault names line, column and what was expected, and echoes one character at most', async t => {
  const cases: Array<[string, string]> = [
    ['{"a":1,\n "b":2,\r\n  "c" 3}', 'Line 3, column 7: expected ":" after the name, found "3".'],
    ['{"a":1 "b":2}', 'Line 1, column 8: expected "," or "}", found a double quote.'],
    ['[1 2]', 'Line 1, column 4: expected "," or "]", found "2".'],
    ['{a:1}', 'Line 1, column 2: expected a name in double quotes, found "a".'],
    ['{"a":1,}', 'Line 1, column 8: expected a name in double quotes, found "}".'],
    ['{"a":Nan}', 'Line 1, column 6: expected a value (a string in double quotes, a number, true, false, null, "{" or "["), found "N".'],
    ['{"a":NaN}', 'Line 1, column 6: NaN is no value of JSON; leave the point out when there is no reading, or have the operator set --missing drop.'],
    ['{"a":1}\u0000', 'Line 1, column 8: expected the end of the body, found U+0000.'],
    ['{"a":"b', 'Line 1, column 8: expected a double quote to end the string, but the body ends here.'],
    ['{"a":"b\u0007"}', 'Line 1, column 8: expected an escape such as \\n for a control character, found U+0007.'],
    ['["\\x"]', 'Line 1, column 4: expected one of " \\ / b f n r t u after the backslash, found "x".'],
    ['["\\u12g4"]', 'Line 1, column 7: expected four hexadecimal digits after \\u, found "g".'],
    ['[007]', 'Line 1, column 3: expected a number without leading zeros (or a string), found "0".'],
    ['[1.]', 'Line 1, column 4: expected a digit after the decimal point, found "]".'],
    ['[1e+]', 'Line 1, column 5: expected a digit in the exponent, found "]".'],
    ['[- 1]', 'Line 1, column 3: expected a digit after the minus, found a blank.'],
    ['[\u{1f600}]', 'Line 1, column 2: expected a value (a string in double quotes, a number, true, false, null, "{" or "["), found U+1F600.']
  ]
  for (const [text, message] of cases) t.equal(refusal(text).message, message)
  t.match({ ...refusal('[1,\n2 3]') }, { offset: 6, line: 2, column: 3, pointer: undefined })
})

t.test('NaN, Infinity and -Infinity are read as null where that is asked for, and nothing else is', async t => {
  const told = (text: string) => JSON.stringify(plain(readJson(text, { nanAsNull: true })))
  t.equal(told(' [NaN,Infinity , -Infinity\n,{"NaN":NaN},"NaN",-1]'), '[null,null,null,{"NaN":null},"NaN",-1]')
  for (const text of REFUSED.filter(text => !['[Infinity]', '[NaN]', '[-Infinity]'].includes(text))) t.throws(() => readJson(text, { nanAsNull: true }), JsonSyntaxError, text)
})

t.test('depth is bounded, and no depth blows the stack', async t => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  t.ok(readJson(nested(32)))
  t.match(refusal(nested(33)).message, 'column 33: expected no more than 32 levels of nesting')
  t.ok(readJson('[' + '[[]],'.repeat(100) + '[]]', { depthMax: 3 }), 'neighbours do not add up')
  t.match(refusal(nested(4), 3).message, 'no more than 3 levels')
  t.match(refusal('{"a":'.repeat(200_000), 1e9).message, 'no more than 1000 levels', 'whatever is asked for')
  t.ok(readJson(nested(1_000), { depthMax: 1e9 }))
})

t.test('names and containers can be bounded', async t => {
  t.ok(readJson('[{"a":1,"b":2},{"c":3,"d":4}]', { namesMax: 2, containersMax: 3 }))
  t.throws(() => readJson('{"a":1,"b":2,"c":3}', { namesMax: 2 }), new JsonTooMuchError('2 names in one object'))
  t.throws(() => readJson('[{},[],{}]', { containersMax: 3 }), new JsonTooMuchError('3 arrays and objects'))
})

t.test('costs no more than a multiple of its length, whatever stands there', async t => {
  const million = 1_000_000
  const names = Array.from({ length: 100_000 }, (_, index) => `"n${index}":1`).join(',')
  const hostile = ['['.repeat(million), '{"":'.repeat(million / 4), '1'.repeat(million), `"${'\\u0061'.repeat(million / 6)}"`, `"${'\\\\'.repeat(million / 2)}`, `"${'a'.repeat(million)}"`,
    `{"${'a'.repeat(million)}":1}`, ' '.repeat(million), '\n'.repeat(million), `{${names}}`, `{${names},"n99999":1}`, '[' + '1,'.repeat(million / 2) + '1]', `[${'1'.repeat(million)}.]`, '"\\'.repeat(million / 2)]
  for (const text of hostile) {
    const start = process.cpuUsage()
    try { readJson(text) } catch {}
    // 1 to 120 ms measured; a quadratic step would take minutes.
    t.ok(process.cpuUsage(start).user < 2_000_000, 'in time of the processor, which others do not take')
  }
})
