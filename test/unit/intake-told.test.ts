import t from 'tap'
import { readPush, type IntakePolicy } from '../../src/intake/read-push.js'

const AT = '2021-09-08 18:40:00'
const MAPPING = `deviceType: 1
tags: ["C.{device}.{point}"]
devices: {meter-7: Meter7, Meter8: meter-8}
points: {Voltage L1: Ua, Voltage_A: Ub}
ignore: [Stoerung, Hum]
unmapped: drop
`

/** The sentences of these steps. */
function told (policy: Partial<IntakePolicy>, body: string, ...steps: string[]): string[] {
  const found: string[] = []
  readPush(Buffer.from(body), { unknownFields: 'reject', ...policy }, { nowMs: 0, onStep: ({ step, what }) => { if (steps.includes(step)) found.push(what) } })
  return found
}

const kepware = (...tags: string[]) => JSON.stringify(tags.map(id => ({ id, v: 1, t: AT })))
const policy = { dialect: 'kepware', mapping: MAPPING } as const

t.test('names that a mapping leaves as they are are told, with the lines that may have been meant for them', async t => {
  t.same(told(policy, kepware('C.Meter7.Voltage_L1', 'C.Meter7.Voltage_A', 'C.Meter8.Störung', 'Secret'), 'mapping'), [
    'Kept their own name: points Voltage_L1, Störung; devices Meter7. The mapping\'s line for Voltage L1 matched nothing; did you mean Voltage_L1?' +
    ' The mapping\'s line for meter-7 matched nothing: the old name stands first, write Meter7: meter-7.'
  ])
  t.same(told({ ...policy, mapping: MAPPING.replace('Stoerung', 'Storung') }, kepware('C.Meter8.Störung'), 'mapping'), ['Kept their own name: points Störung. The mapping\'s line for Storung matched nothing; did you mean Störung?'])
  t.same(told(policy, kepware('C.Meter8.Voltage_A'), 'mapping'), [], 'nothing keeps its name')
  t.match(told(policy, kepware(...Array.from({ length: 9 }, (_, index) => `C.Meter8.p${index}`)), 'mapping'), [/^Kept their own name: points p0, p1, p2, p3, p4, p5, p6, p7 and 1 more\.$/])
  t.same(told({}, `{"deviceType":"1","devices":[{"deviceId":"m","recordTime":"${AT}","data":{"a":"1"}}]}`, 'mapping', 'times'), [], 'a body of the contract has no names to lead')
})

t.test('a mapping of hundreds of lines and a body of thousands of names are compared in bounded time', async t => {
  const lines = Array.from({ length: 2_000 }, (_, index) => `  old_name_${index}: code${index}`).join('\n')
  const body = kepware(...Array.from({ length: 5_000 }, (_, index) => `C.m${index % 10}.new_name_${index}`))
  const startMs = performance.now()
  t.equal(told({ ...policy, mapping: `deviceType: 1\ntags: ["C.{device}.{point}"]\npoints:\n${lines}` }, body, 'mapping').length, 1)
  t.ok(performance.now() - startMs < 5_000)
})

t.test('decimal commas and the zone of the times are told', async t => {
  const table = 'deviceId;recordTime;Ua;Ub;Note\nm;2021-09-08T18:40:00;12,50;-3,1;a,b\nn;2021-09-08 18:40:00;1,2;3.5;1,2,3\n'
  t.same(told({ dialect: 'csv', mapping: 'deviceType: 1', timeZone: 'Europe/Berlin' }, table, 'values', 'times'), [
    'Changed: record-time (1).',
    'Values with a decimal comma: 3 (Ua, Ub). They are sent as they are, and Energy Expert may read no number in them.',
    'Record times are written in Europe/Berlin (--time-zone); local ones are sent as they are.'
  ])
})
