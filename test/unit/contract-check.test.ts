import t from 'tap'
import { checkPush, FAULTS_MAX } from '../../src/contract/check-push.js'
import { PUSH_BOUNDS } from '../../src/contract/push.js'

const record = (changes: object = {}) => ({ deviceId: 'meter-7', recordTime: '2021-09-08 18:40:00', data: { Ua: '226.0' }, ...changes })
const push = (...devices: unknown[]) => ({ deviceType: '1', devices })
const told = (candidate: unknown) => checkPush(candidate).map(({ path, message }) => `${path} ${message}`)

/** A push with one record whose deviceId is left out. */
function withoutId (deviceType: string): object {
  const { deviceId: _, ...rest } = record()
  return { deviceType, devices: [rest] }
}

t.test('a push without a fault has none', async t => {
  t.same(told(push(record(), record({ deviceId: 'meter-8' }))), [])
  t.same(told(push(record(), record({ recordTime: '2021-09-08 18:41:00' }))), [], 'the same device at another time')
  t.same(told(push(record({ deviceId: '电表 七', data: { '点/~': '𝟙', constructor: '1', toString: '2' } }))), [], 'names are free, blanks inside too')
})

t.test('each fault of one place is told in one sentence that names the remedy', async t => {
  const cases: Array<[string, unknown, string]> = [
    ['no object', [], ' must be an object such as {"deviceType":"1","devices":[…]}, not an array'],
    ['null', null, ' must be an object such as {"deviceType":"1","devices":[…]}, not null'],
    ['type missing', { devices: [record()] }, '/deviceType is missing; it is the code of the device type, such as "1"'],
    ['type null', { deviceType: null, devices: [record()] }, '/deviceType must be a string such as "1", not null'],
    ['type with a blank', { deviceType: '12 ', devices: [record()] }, '/deviceType must be a code of letters, digits and _ without blanks, such as "1"'],
    ['type with a line feed', { deviceType: '12\n', devices: [record()] }, '/deviceType must be a code of letters, digits and _ without blanks, such as "1"'],
    ['type empty', { deviceType: '', devices: [record()] }, '/deviceType must be a code of letters, digits and _ without blanks, such as "1"'],
    ['type long', { deviceType: '1'.repeat(65), devices: [record()] }, '/deviceType holds 65 characters; the limit is 64'],
    ['devices missing', { deviceType: '1' }, '/devices is missing; it is the list of device records'],
    ['devices an object', { deviceType: '1', devices: {} }, '/devices must be an array of device records, not an object'],
    ['no devices', push(), '/devices must hold at least one device record'],
    ['a record that is text', push('x'), '/devices/0 must be an object such as {"deviceId":"…","recordTime":"…","data":{…}}, not a string'],
    ['id null', push(record({ deviceId: null })), '/devices/0/deviceId must be a string, not null'],
    ['id empty', push(record({ deviceId: '' })), '/devices/0/deviceId must not be empty'],
    ['id long', push(record({ deviceId: 'x'.repeat(257) })), '/devices/0/deviceId holds 257 characters; the limit is 256'],
    ['id with a bell', push(record({ deviceId: 'a\u0007' })), '/devices/0/deviceId holds the control character U+0007'],
    ['id with half a character', push(record({ deviceId: 'a\uD800' })), '/devices/0/deviceId holds half a character (a lone surrogate between U+D800 and U+DFFF)'],
    ['time missing', push({ deviceId: '1', data: { a: '1' } }), '/devices/0/recordTime is missing; write it as yyyy-MM-dd HH:mm:ss, such as "2021-09-08 18:40:00"'],
    ['time a number', push(record({ recordTime: 1631097600 })), '/devices/0/recordTime must be a string such as "2021-09-08 18:40:00", not a number'],
    ['data missing', push({ deviceId: '1', recordTime: '2021-09-08 18:40:00' }), '/devices/0/data is missing; it holds the point codes and their values, such as {"Ua":"226.0"}'],
    ['data an array', push(record({ data: [] })), '/devices/0/data must be an object of point codes and values, such as {"Ua":"226.0"}, not an array'],
    ['data empty', push(record({ data: {} })), '/devices/0/data must hold at least one point'],
    ['a reading null', push(record({ data: { Ua: null } })), '/devices/0/data/Ua must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop'],
    ['a reading true', push(record({ data: { Ua: true } })), '/devices/0/data/Ua must be a string such as "329.0", not true'],
    ['a reading an object', push(record({ data: { Ua: { v: '1' } } })), '/devices/0/data/Ua must be a string such as "329.0", not an object'],
    ['a reading a number', push(record({ data: { Ua: 226 } })), '/devices/0/data/Ua must be a string such as "329.0", not a number'],
    ['a reading empty', push(record({ data: { Ua: '' } })), '/devices/0/data/Ua must not be empty; leave the point out when there is no reading, or have the operator set --missing drop'],
    ['a reading long', push(record({ data: { Ua: '1'.repeat(257) } })), '/devices/0/data/Ua holds 257 characters; the limit is 256'],
    ['half a reading', push(record({ data: { Ua: '\uDC00' } })), '/devices/0/data/Ua holds half a character (a lone surrogate between U+D800 and U+DFFF)'],
    ['a code escaped', push(record({ data: { 'a/b~c': null } })), '/devices/0/data/a~1b~0c must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop'],
    ['a code empty', push(record({ data: { '': '1' } })), '/devices/0/data has a point code without a character'],
    ['a code long', push(record({ data: { ['x'.repeat(129)]: '1' } })), '/devices/0/data has a point code of 129 characters; the limit is 128'],
    ['a code with a tab', push(record({ data: { 'a\tb': '1' } })), '/devices/0/data has a point code that holds the control character U+0009'],
    ['a code with half a character', push(record({ data: { 'a\uD800': '1' } })), '/devices/0/data has a point code that holds half a character (a lone surrogate between U+D800 and U+DFFF)']
  ]
  for (const [title, candidate, sentence] of cases) t.same(told(candidate), [sentence], title)
})

t.test('recordTime is yyyy-MM-dd HH:mm:ss, to the character, and a time of the calendar', async t => {
  const malformed = ['2021-9-8 18:40:00', '2021-09-08T18:40:00', '2021-09-08 18:40:00 ', '2021-09-08 18:40:00\n', '2021/13/45 18:40:00', '２０２１-09-08 18:40:00', '']
  for (const recordTime of malformed) {
    t.same(told(push(record({ recordTime }))), ['/devices/0/recordTime must be written yyyy-MM-dd HH:mm:ss, such as "2021-09-08 18:40:00"'], recordTime)
  }
  const impossible = ['2021-02-29 00:00:00', '1900-02-29 00:00:00', '2021-04-31 00:00:00', '2021-00-10 00:00:00', '2021-13-10 00:00:00', '2021-01-00 00:00:00',
    '2021-01-32 00:00:00', '2021-01-01 24:00:00', '2021-01-01 00:60:00', '2021-01-01 00:00:60', '0000-01-01 00:00:00']
  for (const recordTime of impossible) {
    t.same(told(push(record({ recordTime }))), ['/devices/0/recordTime is a time that the calendar does not have'], recordTime)
  }
  for (const recordTime of ['2024-02-29 23:59:59', '2000-02-29 00:00:00', '2021-12-31 00:00:00', '9999-12-31 23:59:59']) {
    t.same(told(push(record({ recordTime }))), [], recordTime)
  }
})

t.test('deviceId is required or forbidden by the exact type', async t => {
  for (const type of ['12', '13', '17']) {
    t.same(told(withoutId(type)), [`/devices/0/deviceId is missing; with device type ${type} it carries the system_id`])
    t.same(told({ deviceType: type, devices: [record()] }), [])
  }
  for (const type of ['15', '16']) {
    t.same(told(withoutId(type)), [])
    for (const deviceId of ['x', '', null]) {
      t.same(told({ deviceType: type, devices: [record({ deviceId })] }), [`/devices/0/deviceId must not be passed with device type ${type}; leave the field out`])
    }
  }
  for (const type of ['1', '012', '015', '15_', 'constructor']) {
    t.same(told(withoutId(type)), ['/devices/0/deviceId is missing; only device types 15 and 16 go without it'], `${type} is no 12 and no 15`)
  }
  t.same(told(withoutId('15 ')), ['/deviceType must be a code of letters, digits and _ without blanks, such as "1"'], 'an unusable type judges no id')
})

t.test('a record that stands twice is a fault that names both places', async t => {
  const twice = push(record(), record({ deviceId: 'meter-8' }), record({ data: { Ub: '1' } }))
  t.same(told(twice), ['/devices/2 has the same device and time as /devices/0; send each record once'])
  const nameless = { recordTime: '2021-09-08 18:40:00', data: { a: '1' } }
  t.same(told({ deviceType: '15', devices: [nameless, nameless] }), ['/devices/1 has the same device and time as /devices/0; send each record once'])
  t.equal(told(push(nameless, nameless)).length, 2, 'two records that lack their id are not one record twice')
  t.equal(told(push(record({ deviceId: '' }), record({ deviceId: '' }))).length, 2)
})

t.test('an unknown field is named, with the field that was meant when it is close', async t => {
  t.same(told({ ...push(record()), timestamp: 1 }), ['/timestamp is not a field of a push'])
  const { recordTime, ...rest } = record()
  for (const name of ['recordtime', 'record_time', 'RecordTime', 'recordTmie']) {
    t.same(told(push({ ...rest, [name]: recordTime })), [`/devices/0/${name} is not a field of a device record; did you mean "recordTime"?`], 'and is not missing besides')
  }
  t.same(told(push({ ...record(), recordtime: recordTime })), ['/devices/0/recordtime is not a field of a device record'], 'what is there was not meant')
  t.same(told(push({ device_id: 'x', recordTime, data: { a: '1' } })), ['/devices/0/device_id is another spelling of "deviceId"; send "deviceId" alone'])
  t.same(told(push({ ...record({ deviceId: null }), device_id: 'x' })).length, 2, 'both spellings are judged')
  const long = '/devices/0 has a field with a long or unprintable name; the fields of a device record are deviceId, recordTime, data'
  for (const name of ['x'.repeat(129), 'a\u0000', 'a\uD800']) t.same(told(push({ ...record(), [name]: 1 })), [long])
  // JSON.parse makes it an own member, as a literal would not.
  t.same(told(JSON.parse('{"__proto__":1,"deviceType":"1","devices":[{"deviceId":"a","recordTime":"2021-09-08 18:40:00","data":{"__proto__":"1"}}]}')),
    ['/__proto__ is not a field of a push'])
})

t.test('all faults are listed in the order of their places, up to a bound', async t => {
  const candidate = { deviceType: 5, devices: [record({ data: { a: null, b: '1', c: [] } }), record(), {}, 7, record({ recordTime: '2021-02-30 00:00:00', data: { a: 1 } })], x: 1 }
  t.same(checkPush(candidate).map(({ path }) => path), ['/x', '/deviceType', '/devices/0/data/a', '/devices/0/data/c', '/devices/1', '/devices/2/recordTime',
    '/devices/2/data', '/devices/3', '/devices/4/data/a', '/devices/4/recordTime'])
  t.equal(checkPush(push(...Array.from({ length: 10_000 }, () => ({ x: 1 })))).length, FAULTS_MAX)
})

t.test('the bounds are told with count and limit', async t => {
  const points = (count: number, prefix = 'p') => Object.fromEntries(Array.from({ length: count }, (_, index) => [prefix + index, '1']))
  t.same(told(push(record({ data: points(PUSH_BOUNDS.pointsPerDeviceMax) }))), [])
  t.same(told(push(record({ data: points(1001, '\n') }))), ['/devices/0/data holds 1001 points; the limit is 1000'], 'and nothing inside')
  const records = (count: number, data: object) => Array.from({ length: count }, (_, index) => ({ ...record({ deviceId: `m${index}` }), data }))
  t.same(told(push(...records(10_000, { a: '1' }))), [])
  t.same(told(push(...records(10_001, { a: '1' }))), ['/devices holds 10001 device records; the limit is 10000'])
  t.same(told(push(...records(501, points(1000)))), ['/devices holds 501000 points in all; the limit is 500000'])
})

t.test('ten thousand broken records are judged in less time than a person notices', async t => {
  const broken = push(...Array.from({ length: 10_000 }, (_, index) => record({ deviceId: `m${index}`, data: index === 9_999 ? { Ua: null } : { Ua: '1' } })))
  const start = process.cpuUsage()
  t.same(told(broken), ['/devices/9999/data/Ua must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop'])
  // 10 ms on an idle machine; a repeat check that compares every pair would take seconds.
  t.ok(process.cpuUsage(start).user < 1_000_000, 'in time of the processor, which others do not take')
})
