import t from 'tap'
import { faultForLog } from '../../src/plugins/fault-for-log.js'
import { refusalAs } from '../support/read-dialect.js'

const AT = '2021-09-08 18:40:00'
const first = (policy: Parameters<typeof refusalAs>[0], body: string) => faultForLog(refusalAs(policy, body).faults?.[0] ?? { path: '', message: 'has none' })
const csv = { dialect: 'csv', mapping: 'deviceType: 1\nfields: {deviceId: meter}\nunmapped: reject' } as const

t.test('the log learns place and cause of a fault, and no name or value of the body', async t => {
  const kepware = { dialect: 'kepware', mapping: 'deviceType: 1\ntags: ["C.{device}.{point}"]' } as const
  const told = [
    first({}, `{"deviceType":"1","devices":[{"deviceId":"m","recordTime":"${AT}","data":{"secret":null}}]}`),
    first({}, '{"deviceType":"1","devices":[{}],"secret":"12.5"}'),
    first(kepware, '[{"id":"secret.tag","v":12.5}]'),
    first(kepware, '{"secret":12.5}'),
    first(kepware, '"secret"'),
    first(csv, 'secret;12.5\nsecret;12.5\n'),
    first(csv, `meter;recordTime;secret\nm;${AT};1\n`),
    first({ dialect: 'csv', mapping: 'deviceType: 1' }, `deviceId,recordTime,secret: a\nm,${AT},NaN\n`),
    first({ dialect: 'csv', mapping: 'deviceType: 1\npoints: {secret: a, secret2: a}' }, `deviceId,recordTime,secret,secret2\nm,${AT},1,2\n`),
    first({ dialect: 'csv' }, `deviceId,recordTime,deviceType,a\nm,${AT},secret,1\nm,${AT},12,1\n`)
  ]
  t.same(told, [
    '/devices/0/data/… must be a string, not null',
    '/… is not a field of a push',
    '/0/id is a tag that the mapping leads nowhere',
    '/… is no field here',
    'the body must be an object',
    '/1 has no column meter, which the mapping names under fields',
    '/2/… is a column that the mapping leads nowhere',
    '/2/… is NaN, not a number, no reading',
    '/2/… leads to the same device, time and point',
    '/3 leads to a second device type'
  ])
  t.ok(faultForLog({ path: `/${'1/'.repeat(500)}`, message: 'is' }).length <= 200)
})
