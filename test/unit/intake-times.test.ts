import t from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import { ProxyError } from '../../src/errors.js'
import { hasOwnTimes, readPush, type IntakePolicy } from '../../src/intake/read-push.js'

const NOW_MS = Date.parse('2021-09-08T10:40:00Z')
const shanghai: IntakePolicy = { unknownFields: 'reject' }
const berlin: IntakePolicy = { ...shanghai, timeZone: 'Europe/Berlin' }

const device = (recordTime: string, id = 'm') => `{"deviceId":"${id}",${recordTime === '' ? '' : `"recordTime":${recordTime},`}"data":{"a":"1"}}`
const pushOf = (...devices: string[]) => `{"deviceType":"1","devices":[${devices.join(',')}]}`
const read = (body: string, policy: IntakePolicy) => readPush(Buffer.from(body), policy, { nowMs: NOW_MS })

/** The time that is sent for one that is written so in JSON, and the repairs; or the faults. */
function timeOf (recordTime: string, policy = shanghai): string {
  try {
    const { push, repairs } = read(pushOf(device(recordTime)), policy)
    return [push.devices[0]?.recordTime, ...repairs.keys()].join(' ')
  } catch (cause) {
    if (!(cause instanceof ProxyError)) throw cause
    return (cause.faults ?? []).map(({ path, message }) => `${path} ${message}`).join('\n')
  }
}

t.test('a time as the contract wants it passes as it is, in any zone', async t => {
  for (const time of ['2021-09-08 18:40:00', '0001-01-01 00:00:00', '9999-12-31 23:59:59', '2024-02-29 00:00:00', '2021-03-28 02:30:00']) {
    for (const policy of [shanghai, berlin]) t.equal(timeOf(`"${time}"`, policy), time)
  }
})

t.test('other spellings of a local time keep their digits', async t => {
  const spellings = ['2021-09-08T18:40:00', '2021-09-08t18:40:00', '2021-09-08T18:40', '2021-09-08 18:40', '2021-09-08 18:40:00.999', '2021-09-08T18:40:00,999999999', '20210908T184000', '20210908 184000',
    '20210908T1840', '20210908T184000.5', '2021/09/08 18:40:00', '2021/9/8 18:40:00', '2021/9/8 18:40', '2021-9-8 18:40:00', '2021/09/08T18:40:00.000']
  for (const policy of [shanghai, berlin]) {
    for (const spelling of spellings) t.equal(timeOf(`"${spelling}"`, policy), '2021-09-08 18:40:00 record-time', spelling)
  }
  t.equal(timeOf('"2023/5/6 9:05:07"'), '2023-05-06 09:05:07 record-time')
})

t.test('a time with an offset, and a count since 1970, is told in the plant\'s zone', async t => {
  const spellings = ['"2021-09-08T10:40:00Z"', '"2021-09-08t10:40:00.999z"', '"2021-09-08T10:40Z"', '"2021-09-08 10:40:00Z"', '"2021-09-08 10:40:00 Z"', '"2021-09-08T18:40:00+08:00"', '"2021-09-08T18:40:00+0800"', '"2021-09-08 18:40:00 +0800"',
    '"2021-09-08 18:40:00+08"', '"2021-09-08T05:10:00-05:30"', '"20210908T104000Z"', '"20210908T184000+0800"', '"2021/9/8 10:40:00Z"', '"2021-09-08T10:40:00-00:00"', '1631097600', '"1631097600"', '1631097600.999',
    '"1631097600.5"', '1631097600000', '"1631097600999"', '1631097600999.9']
  for (const spelling of spellings) {
    t.equal(timeOf(spelling), '2021-09-08 18:40:00 record-time', spelling)
    t.equal(timeOf(spelling, berlin), '2021-09-08 12:40:00 record-time', spelling)
  }
  t.equal(timeOf('"2021-12-31T23:30:00-11:00"'), '2022-01-01 18:30:00 record-time', 'over the end of the year')
  t.equal(timeOf('"2024-03-01T00:30:00+08:00"', berlin), '2024-02-29 17:30:00 record-time', 'back into a leap day')
  t.equal(timeOf('"1969-12-31T23:59:59.9Z"'), '1970-01-01 07:59:59 record-time', 'cut off before 1970 as well')
  t.equal(timeOf('"0099-01-01T00:00:00Z"', { ...shanghai, timeZone: 'UTC' }), '0099-01-01 00:00:00 record-time')
  t.equal(timeOf('9999999999'), '2286-11-21 01:46:39 record-time')
  t.equal(timeOf('1000000000000'), '2001-09-09 09:46:40 record-time')
})

t.test('summer time begins and ends where the zone says', async t => {
  const cases = { '2021-03-28T00:59:59Z': '01:59:59', '2021-03-28T01:00:00Z': '03:00:00', '2021-10-31T00:30:00Z': '02:30:00', '2021-10-31T01:30:00Z': '02:30:00', '2021-10-31T02:00:00Z': '03:00:00' }
  for (const [instant, wall] of Object.entries(cases)) t.equal(timeOf(`"${instant}"`, berlin), `${instant.slice(0, 10)} ${wall} record-time`, instant)
  t.throws(() => read(pushOf(device('"2021-10-31T00:30:00Z"'), device('"2021-10-31T01:30:00Z"')), berlin), { message: /\/devices\/1 has the same device and time as \/devices\/0/ },
    'the hour that comes twice is no two times for the cloud')
})

t.test('what the calendar, a clock or a zone does not have is a fault in any spelling', async t => {
  const calendar = '/devices/0/recordTime is a time that the calendar does not have'
  for (const time of ['2021-02-30 00:00:00', '2021-02-30T00:00:00Z', '2021/2/30 0:00:00', '20210230T000000', '2023-02-29T00:00:00', '2021-13-01T00:00:00', '2021-00-01T00:00', '2021/1/0 00:00:00', '2021-09-08T24:00:00',
    '2021-09-08 25:00:00', '2021/9/8 24:00:00', '20210908T240000Z', '2021-09-08T18:60:00', '2021-09-08T18:40:60Z', '2016-12-31T23:59:60Z', '20210908T184060', '0000-01-01T00:00:00', '0001-01-01T00:00:00+08:00', '9999-12-31T23:00:00-08:00']) {
    t.equal(timeOf(`"${time}"`), calendar, time)
  }
  for (const offset of ['+25:00', '+08:60', '-19', '+1801']) t.equal(timeOf(`"2021-09-08T18:40:00${offset}"`), '/devices/0/recordTime has an offset from UTC that no time zone has', offset)
})

t.test('what looks like something known is told what it looks like', async t => {
  const cases: Record<string, RegExp> = {
    1631097600000000: /looks like microseconds; send seconds \(10 digits\) or milliseconds \(13 digits\) since 1970/,
    1631097600000000000: /looks like nanoseconds/,
    '"637666980000000000"': /looks like ticks of 100 nanoseconds/,
    44447.7777: /looks like the day count of a spreadsheet/,
    '"44447"': /spreadsheet/,
    '"20210908"': /looks like yyyyMMdd, a date without a time of day/,
    20210908184000: /looks like yyyyMMddHHmmss; put a T behind the date, as in "20210908T184000"/,
    '"202109081840"': /looks like yyyyMMddHHmm; put a T/,
    '"210908184000"': /is a number, but not seconds \(10 digits\)/,
    86400: /spreadsheet/,
    3600: /is too small a number .* is the sender's clock set\?/,
    0: /is too small/,
    16310976000: /is a number, but not seconds/,
    '1.6310976e9': /is a number, but not .* in digits alone/,
    '-1631097600': /in digits alone/,
    '"08/09/2021 18:40:00"': /has the year last, and nobody can tell the day from the month/,
    '"8.9.2021"': /has the year last/,
    '"2021-09-08"': /is a date without a time of day/,
    '"2021/9/8 6:40:00 PM"': /is a time on a clock of twelve hours/,
    '"yesterday"': /must be written yyyy-MM-dd HH:mm:ss/,
    '" 2021-09-08 18:40:00"': /must be written/,
    '"2021-09-08T18:40:00 CST"': /must be written/,
    '"2021-09/08 18:40:00"': /must be written/,
    '"\uff12021-09-08 18:40:00"': /must be written/,
    '""': /must be written/,
    null: /must be a string such as "2021-09-08 18:40:00", not null/,
    true: /not true/,
    '[1631097600]': /not an array/,
    '1e400': /not a number/,
    '': /is missing; write it as/
  }
  for (const [time, sentence] of Object.entries(cases)) {
    t.match(timeOf(time), sentence, time)
    t.match(timeOf(time), /^\/devices\/0\/recordTime [^\n]*$/, `${time}: once`)
  }
})

t.test('each record has its own time, however often one is repeated', async t => {
  const times = ['1631097600', '1631097600', '"2021-09-08 18:41:00"', '"1631097600"', '1631097660000', '"x"', '"x"']
  const { push, repairs } = read(pushOf(...times.slice(0, 5).map((time, index) => device(time, `m${index}`))), shanghai)
  t.same(push.devices.map(({ recordTime }) => recordTime.slice(11)), ['18:40:00', '18:40:00', '18:41:00', '18:40:00', '18:41:00'])
  t.same([...repairs], [['record-time', 4]])
  t.ok(hasOwnTimes(repairs), 'the same body gives the same times')
  t.throws(() => read(pushOf(...times.map((time, index) => device(time, `m${index}`))), shanghai), { message: /in 2 places, the first: \/devices\/5\/recordTime must be written/ })
})

t.test('a plant may bound how old a record is, and how far ahead', async t => {
  const bounded: IntakePolicy = { ...shanghai, maxAge: '30d', maxFuture: '10m' }
  const good = ['"2021-09-08 18:40:00"', '"2021-09-08 18:50:00"', '"2021-08-09 18:40:00"', '1631097600', '"2021-08-09T10:40:00Z"', '1631098200000']
  for (const time of good) t.match(timeOf(time, bounded), /^2021-0/, time)
  const old = '/devices/0/recordTime is 30 days old; the plant takes records of at most 30d (--max-age)'
  for (const time of ['"2021-08-09 18:39:59"', '"2021-08-09T10:39:59Z"', '"2021/8/9 18:39:59"']) t.equal(timeOf(time, bounded), old, time)
  t.equal(timeOf('"2021-01-01 00:00:00"', bounded), old.replace('30 days', '251 days'))
  const ahead = '/devices/0/recordTime lies 10 minutes ahead of the proxy\'s clock; the plant takes records of at most 10m (--max-future)'
  for (const time of ['"2021-09-08 18:50:01"', '1631098201']) t.equal(timeOf(time, bounded), ahead, time)
  t.equal(timeOf('"2021-09-09 02:40:00"', bounded), ahead.replace('10 minutes', '8 hours'), 'UTC+16, as a clock that was set twice')
  t.match(timeOf('"9999-12-31 23:59:59"', bounded), /lies [0-9]{7} days ahead/)
  t.match(timeOf('"0001-01-01 00:00:00"', bounded), 'old;')
  t.equal(timeOf('"2021-02-30 00:00:00"', bounded), '/devices/0/recordTime is a time that the calendar does not have')
  t.equal(timeOf('"1999-01-01 00:00:00"', { ...shanghai, maxAge: '0' }), '1999-01-01 00:00:00', '0 is no bound')
})

t.test('an hour that comes twice is judged by whichever of the two is taken', async t => {
  const at = (now: string, policy: IntakePolicy) => {
    try {
      return readPush(Buffer.from(pushOf(device('"2021-10-31 02:10:00"'))), { ...berlin, ...policy }, { nowMs: Date.parse(now) }).push.devices.length === 1
    } catch {
      return false
    }
  }
  t.ok(at('2021-10-31T00:10:00Z', { ...berlin, maxFuture: '1m', maxAge: '1m' }))
  t.ok(at('2021-10-31T01:10:00Z', { ...berlin, maxFuture: '1m', maxAge: '1m' }))
  t.notOk(at('2021-10-31T00:08:00Z', { ...berlin, maxFuture: '1m' }))
  t.notOk(at('2021-10-31T01:12:00Z', { ...berlin, maxAge: '1m' }))
})

t.test('a time on the day on which the clocks change is judged by the clocks of its hour alone', async t => {
  const noon = (now: string) => readPush(Buffer.from(pushOf(device('"2021-10-31 12:00:00"'))), { ...berlin, maxFuture: '10m', maxAge: '10m' }, { nowMs: Date.parse(now) })
  t.ok(noon('2021-10-31T11:00:00Z'))
  t.throws(() => noon('2021-10-31T10:00:00Z'), { message: /lies 60 minutes ahead/ })
  t.throws(() => noon('2021-10-31T12:00:00Z'), { message: /is 60 minutes old/ })
})

t.test('a record without a time gets that of its arrival where the plant says so, and is then no repeat', async t => {
  const arrival: IntakePolicy = { ...berlin, defaultTime: 'arrival', maxAge: '1m' }
  for (const time of ['', 'null', '""']) t.equal(timeOf(time, arrival), '2021-09-08 12:40:00 arrival-time', time)
  const { push, repairs } = read(pushOf(device(''), device('"2021-09-08 12:39:30"')), arrival)
  t.same([...repairs], [['arrival-time', 1]])
  t.notOk(hasOwnTimes(repairs))
  t.equal(encodePush(push).toString(), pushOf(device('"2021-09-08 12:40:00"'), device('"2021-09-08 12:39:30"')))
  t.match(timeOf('0', arrival), 'is too small', 'a clock that is not set is no missing time')
})
