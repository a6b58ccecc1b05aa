import t from 'tap'
import { faultsAs, matchFaults, readAs, refusalAs } from '../support/read-dialect.js'

const MAPPING = `
deviceType: 1
tags:
  - Channel1.{device}.{point}
  - tag: Plant.Main_kWh
    device: main
    point: Ep_imp
devices:
  Meter7: meter-7
points:
  Voltage_A: Ua
ignore:
  - _System.{any}
`
const kepware = { dialect: 'kepware', mapping: MAPPING } as const
const AT = '2021-09-08 18:40:00'
const sample = (id: string, more: string) => `{"id":"${id}",${more}}`
const body = (...samples: string[]) => `{"timestamp":"${AT}","values":[${samples.join(',')}]}`

t.test('samples become records of their device and time, their values with every character', async t => {
  const read = readAs(kepware, body(
    sample('Channel1.Meter7.Voltage_A', '"v":226.0,"q":true'),
    sample('Channel1.Meter7.Ub', `"v":"1e400","q":true,"t":"${AT}"`),
    sample('Channel1.Meter9.Ub', '"v":9007199254740993,"q":true'),
    sample('Channel1.Meter7.Ub', '"v":-0,"q":true,"t":"2021-09-08 18:41:00"'),
    sample('Plant.Main_kWh', '"v":1.50')
  ))
  t.same(read.deviceType, '1')
  t.same(read.records, [
    ['meter-7', AT, { Ua: '226.0', Ub: '1e400' }],
    ['Meter9', AT, { Ub: '9007199254740993' }],
    ['meter-7', '2021-09-08 18:41:00', { Ub: '-0' }],
    ['main', AT, { Ep_imp: '1.50' }]
  ])
  t.same(read.repairs, { 'number-to-string': 4 })
  t.equal(read.told, 'Read as kepware; samples: 5, records: 4, points: 5.')
})

t.test('the array of samples alone is taken as well', async t => {
  t.same(readAs(kepware, `[${sample('Channel1.M.a', `"v":1,"t":"${AT}"`)}]`).records, [['M', AT, { a: '1' }]])
})

t.test('a sample of bad quality is left out and counted, whatever the word for it', async t => {
  const read = readAs(kepware, body(...['true', '192', '"Good"', '216', '"TRUE"'].map((quality, index) => sample(`Channel1.M.g${index}`, `"v":1,"q":${quality}`)),
    ...['false', '0', '"bad"', '64', '"False"'].map((quality, index) => sample(`Channel1.M.b${index}`, `"v":1,"q":${quality}`))))
  t.same(Object.keys(read.records[0]?.[2] ?? {}), ['g0', 'g1', 'g2', 'g3', 'g4'])
  t.same(read.repairs['bad-quality'], 5)
  t.match(read.told, /left out: 5 of bad quality\.$/)
  for (const quality of ['null', '"uncertain"', '[]']) matchFaults(t, kepware, body(sample('Channel1.M.a', `"v":1,"q":${quality}`)), [/^\/values\/0\/q must be true or false/])
  t.same(faultsAs(kepware, body(sample('Channel1.M.a', '"v":1,"q":false'))), [' holds no reading; left out: 1 of bad quality'])
})

t.test('a body of which nothing is left says what was left out, at the sender\'s own place', async t => {
  t.same(faultsAs({ ...kepware, missing: 'drop' }, body(sample('Channel1.M.a', '"v":null'), sample('Channel1.M.b', '"v":1,"q":false'))),
    [' holds no reading: every value in it says that there is none; left out: 1 of bad quality'])
})

t.test('true and false are sent as these characters, a missing value stays one', async t => {
  t.same(readAs(kepware, body(sample('Channel1.M.a', '"v":true'), sample('Channel1.M.b', '"v":false'))), {
    deviceType: '1', records: [['M', AT, { a: 'true', b: 'false' }]], repairs: { 'boolean-to-string': 2 }, told: 'Read as kepware; samples: 2, records: 1, points: 2.'
  })
  const missing = '/values/0/v must be a string, not null; leave the point out when there is no reading, or have the operator set --missing drop'
  t.same(faultsAs(kepware, body(sample('Channel1.M.a', '"v":null'))), [missing])
  t.same(faultsAs(kepware, body('{"id":"Channel1.M.a"}')), [missing])
})

t.test('of a tag sampled more often than once a second the latest value of each second counts', async t => {
  const at = (time: string, value: string) => sample('Channel1.M.a', `"v":${value},"t":${time}`)
  // Whatever becomes of these times, the one sample that is left is the one that is told of.
  const left = (...samples: string[]) => faultsAs(kepware, body(...samples)).flatMap(fault => /^\/values\/(\d)\/v /.exec(fault)?.[1] ?? [])
  t.same(left(at('1631097600900', '[]'), at('1631097600100', '[]'), at('1631097600500', '[]')), ['0'])
  t.same(left(at('"2021-09-08T18:40:00.1Z"', '[]'), at('"2021-09-08T18:40:00.9Z"', '[]'), at('"2021-09-08T18:40:01.0Z"', '[]')), ['1', '2'])
  t.same(left(at('1631097600900.5', '[]'), at('1631097601000', '[]')), ['0', '1'])
  const read = readAs(kepware, body(at(`"${AT}"`, '1'), at(`"${AT}"`, '2'), at(`"${AT}"`, '3')))
  t.same([read.records, read.repairs.superseded], [[['M', AT, { a: '3' }]], 2])
  t.match(read.told, /left out: 2 followed by a later one of the same second/)
})

t.test('two tags that lead to the same device, time and point are a fault that names both places', async t => {
  t.same(faultsAs(kepware, body(sample('Channel1.M.Voltage_A', '"v":1'), sample('Channel1.M.b', '"v":1'), sample('Channel1.M.Ua', '"v":1'))),
    ['/values/2/v leads to the same device, time and point as /values/0/v; send each reading once, or map one of them to another point'])
})

t.test('a tag that no rule names is a fault with the remedy, or is left out and counted', async t => {
  const samples = body(...['A.x', 'Channel1.M.a', 'B.x', 'C.x', 'D.x', 'A.x', '_System._Time'].map(tag => sample(tag, '"v":1')))
  t.same(faultsAs(kepware, samples), ['/values/0/id is a tag that the mapping leads nowhere: A.x, B.x, C.x and 1 more; add it to tags or to ignore, or set unmapped: drop'])
  const read = readAs({ ...kepware, mapping: `${MAPPING}unmapped: drop\n` }, samples.replace('"A.x","v":1', '"A.x","v":2'))
  t.same([read.records, read.repairs.unmapped], [[['M', AT, { a: '1' }]], 5])
  t.match(read.told, /left out: 5 unmapped, 1 ignored\.$/)
})

t.test('a tag with more or fewer parts than every rule is told so', async t => {
  matchFaults(t, kepware, body(sample('Channel1.Hall.M.a', '"v":1')), [/nowhere: Channel1\.Hall\.M\.a \(it has 4 parts, the nearest rule 3\); add it to tags/])
  matchFaults(t, kepware, body(sample('a', '"v":1')), [/nowhere: a \(it has 1 part, the nearest rule 2\); add/])
  matchFaults(t, kepware, body(sample('Channel2.M.a', '"v":1')), [/nowhere: Channel2\.M\.a; add/])
})

t.test('a body that leads to two device types is a fault that names both and the remedy', async t => {
  const mapping = `${MAPPING.replace('Meter7: meter-7', 'Meter7: {deviceId: meter-7, deviceType: 2}')}`
  t.same(faultsAs({ ...kepware, mapping }, body(sample('Channel1.Meter7.a', '"v":1'), sample('Channel1.M.a', '"v":1'))),
    ['/values/1 leads to the device type 1, and /values/0 to 2; one push holds one type: send each type in a body of its own'])
  t.equal(readAs({ ...kepware, mapping }, body(sample('Channel1.Meter7.a', '"v":1'))).deviceType, '2')
  matchFaults(t, { ...kepware, mapping: MAPPING.replace('deviceType: 1', '') }, body(sample('Channel1.M.a', '"v":1')),
    [/^\/values\/0\/id is missing: no field tells the device type, and the mapping gives none/])
})

t.test('faults of the contract stand at the sample\'s own members', async t => {
  matchFaults(t, kepware, `{"timestamp":"soon","values":[${sample('Channel1.M.a', '"v":{}')},${sample('Channel1.N.a', '"v":1,"t":"later"')}]}`,
    [/^\/timestamp /, /^\/values\/0\/v must be a string/, /^\/values\/1\/t /])
  matchFaults(t, kepware, `[${sample('Channel1.M.a', '"v":1')}]`, [/^\/0\/t /])
  matchFaults(t, kepware, body(sample('Channel1.M.a', `"v":1,"t":"${AT}"`), sample('Channel1.M.b', '"v":"","t":null')), [/^\/values\/1\/v must not be empty/])
})

t.test('what is no sample, no list and no known member is told at its place; unknown members can be left out', async t => {
  matchFaults(t, kepware, '7', [/^ must be an object such as \{"timestamp"/])
  matchFaults(t, kepware, '{"timestamp":1}', [/^\/values must be the array of samples/])
  matchFaults(t, kepware, body('7', '{"id":8,"v":1}', '{"v":1}'), [/^\/values\/0 must be a sample/, /^\/values\/1\/id must be the name of a tag/, /^\/values\/2\/id must be the name/])
  const more = `{"agent":1,${body(sample('Channel1.M.a', '"v":1,"n":2,"__proto__":3')).slice(1)}`
  matchFaults(t, kepware, more, [/^\/agent is no field here; there are timestamp, values$/, /^\/values\/0\/n is no field here/, /^\/values\/0\/__proto__ is no field/])
  t.same(readAs({ ...kepware, unknownFields: 'drop' }, more).repairs['unknown-field'], 3)
})

t.test('names that mean something to JavaScript are names like any other', async t => {
  const read = readAs({ dialect: 'kepware', mapping: 'deviceType: 1\ntags: ["{device}.{point}"]' }, body(sample('__proto__.constructor', '"v":1'), sample('constructor.__proto__', '"v":2')))
  t.same(read.records.map(([deviceId, , data]) => [deviceId, Object.entries(data)]), [['__proto__', [['constructor', '1']]], ['constructor', [['__proto__', '2']]]])
})

t.test('a body of more records than a push may hold is refused before they are built', async t => {
  const { code, message } = refusalAs(kepware, body(...Array.from({ length: 10_001 }, (_, index) => sample(`Channel1.m${index}.a`, '"v":1'))))
  t.equal(`${code} ${message}`, 'PushTooLarge The push holds more than 10000 device records. Send fewer devices or times in one push.')
})

t.test('a point code that the contract refuses is told at its own sample', async t => {
  matchFaults(t, kepware, body(sample('Channel1.M.a', '"v":1'), sample('Channel1.M.b\\u0007', '"v":1'), sample(`Channel1.M.${'c'.repeat(129)}`, '"v":1')),
    [/^\/values\/1\/v has a point code that holds the control character U\+0007$/, /^\/values\/2\/v has a point code of 129 characters; the limit is 128$/])
})

t.test('twenty faults are told, and no more are looked for', async t => {
  t.equal(faultsAs(kepware, body(...Array(1_000).fill('7'))).length, 20)
})
