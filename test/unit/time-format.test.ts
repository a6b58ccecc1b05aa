import fc from 'fast-check'
import t from 'tap'
import { ProxyError } from '../../src/errors.js'
import { readPush } from '../../src/intake/read-push.js'
import { mappingTextFault } from '../../src/mapping/mapping-faults.js'
import { parseTimeFormat } from '../../src/mapping/time-format.js'

/** What whoever sent it is told. */
function faultsOf (work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error instanceof ProxyError ? error.faults : error
  }
}

const read = (format: string, time: string): string | undefined => {
  const parsed = parseTimeFormat(format)
  if (typeof parsed === 'string') throw new Error(parsed)
  return parsed.read(time)
}

t.test('times are read in the form that the mapping gives, and in no other', async t => {
  const cases: ReadonlyArray<readonly [format: string, time: string, read: string | undefined]> = [
    ['dd.MM.yyyy HH:mm:ss', '28.11.2025 09:15:00', '2025-11-28 09:15:00'], ['d/M/yyyy H:mm', '8/9/2021 9:05', '2021-09-08 09:05:00'], ['M/d/yyyy h:mm:ss a', '11/28/2025 9:15:07 PM', '2025-11-28 21:15:07'],
    ['M/d/yyyy h:mm:ss a', '1/2/2025 12:00:00 am', '2025-01-02 00:00:00'], ['M/d/yyyy h:mm:ss a', '1/2/2025 12:30:00 PM', '2025-01-02 12:30:00'], ['M/d/yyyy h:mm:ss a', '1/2/2025 13:00:00 PM', undefined],
    ['yyMMddHHmm', '2109081840', '2021-09-08 18:40:00'], ['yyyyMMddHHmmss', '20210908184059', '2021-09-08 18:40:59'], ['yyyy年MM月dd日 HH时mm分', '2021年09月08日 18时40分', '2021-09-08 18:40:00'],
    ['dd.MM.yyyy HH:mm:ss', '28-11-2025 09:15:00', undefined], ['dd.MM.yyyy HH:mm:ss', '28x11.2025 09:15:00', undefined], ['dd.MM.yyyy HH:mm:ss', ' 28.11.2025 09:15:00', undefined], ['dd.MM.yyyy HH:mm:ss', '8.11.2025 09:15:00', undefined],
    ['dd.MM.yyyy HH:mm', '28.11.2025 09:15:00', undefined], ['[dd] (MM) {yyyy} HH|mm', '[08] (09) {2021} 18|40', '2021-09-08 18:40:00']
  ]
  for (const [format, time, expected] of cases) t.equal(read(format, time), expected, `${format} ${time}`)
})

t.test('a form that cannot be right is told when the mapping is set, with its line', async t => {
  const faultOf = (format: string) => mappingTextFault(`deviceType: "1"\ntimeFormat: "${format}"\n`)
  t.equal(mappingTextFault('timeFormat: dd.MM.yyyy HH:mm'), undefined)
  for (const [format, fault] of [['MM.yyyy HH:mm', /line 2.*timeFormat.*has no day/], ['dd.MM.yyyy hh:mm', /needs h and a/], ['dd.MM.yyyy HH:mm a', /needs h and a/], ['dd.MM.yyyy HH:mm z', /does not know the letter z/], ['dd.MM.yyyy HH:mm dd', /has a part twice/], [' '.repeat(41), /more than 40/]] as const) {
    t.match(faultOf(format), fault, format)
  }
})

t.test('any time that is written in a form is read as that time', async () => {
  const two = (number: number): string => String(number).padStart(2, '0')
  fc.assert(fc.property(fc.integer({ min: 2000, max: 2099 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }), fc.nat({ max: 23 }), fc.nat({ max: 59 }), fc.nat({ max: 59 }), (year, month, day, hour, minute, second) => {
    const expected = `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`
    return read('dd.MM.yyyy HH:mm:ss', `${two(day)}.${two(month)}.${year} ${two(hour)}:${two(minute)}:${two(second)}`) === expected &&
      read('M/d/yy h:mm:ss a', `${month}/${day}/${two(year % 100)} ${hour % 12 === 0 ? 12 : hour % 12}:${two(minute)}:${two(second)} ${hour < 12 ? 'AM' : 'PM'}`) === expected
  }), { numRuns: 300 })
})

t.test('a table with days first is taken, and a time in another form or of no calendar is told at its cell', async t => {
  const policy = { unknownFields: 'reject', dialect: 'csv', mapping: 'deviceType: "1"\ntimeFormat: dd.MM.yyyy HH:mm:ss\nfields: { deviceId: Meter, recordTime: [Date, Time] }\n' } as const
  const table = (date: string) => Buffer.from(`Meter;Date;Time;Ua\nm;${date};09:15:00;231,7\n`)
  const { push, repairs } = readPush(table('28.11.2025'), policy, { nowMs: 0 })
  t.strictSame(push.devices.map(({ recordTime, data }) => [recordTime, { ...data }]), [['2025-11-28 09:15:00', { Ua: '231,7' }]])
  t.equal(repairs.get('record-time'), 1)
  t.match(faultsOf(() => readPush(table('30.02.2025'), policy, { nowMs: 0 })), [{ path: '/2/Date', message: /a time that the calendar does not have/ }])
  t.match(faultsOf(() => readPush(table('2/28/2025'), policy, { nowMs: 0 })), [{ path: '/2/Date', message: /is not written as the mapping's timeFormat says \(dd\.MM\.yyyy HH:mm:ss\)/ }])
  t.equal(readPush(table('2025-11-28'), policy, { nowMs: 0 }).push.devices[0]?.recordTime, '2025-11-28 09:15:00', 'the contract\'s own form passes')
  t.match(faultsOf(() => readPush(table('28.11.2025'), { ...policy, maxAge: '1d' }, { nowMs: Date.UTC(2026, 0, 1) })), [{ path: '/2/Date' }])
})
