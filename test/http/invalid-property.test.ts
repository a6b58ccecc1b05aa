import fc from 'fast-check'
import t from 'tap'
import { openQueueFile } from '../../src/queue/queue-file.js'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { CREDENTIAL, startProxy } from '../support/proxy.js'

t.setTimeout(600_000)

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 300)
const TIME = '"recordTime":"2021-09-08 18:40:00"'

/** A record as it is written, and how it arrives; bad: not at all. `ID` stands for an id that no other record has. */
interface Written {
  readonly text: string
  readonly sent?: string
}

const value = fc.oneof(
  fc.constantFrom('"329.0"', '"1e5"', '" x "', '"温度"', '"\\"}},{\\"deviceId\\":\\""', '"\\u0007"'),
  fc.constantFrom('1.50', '-0', '1e400', '9007199254740993', '0.1000')
)

const good = fc.array(value, { minLength: 1, maxLength: 4 }).map((values): Written => {
  const data = (write: (value: string) => string): string => values.map((text, n) => `"p${n}":${write(text)}`).join(',')
  return {
    text: `{"deviceId":"ID",${TIME},"data":{${data(text => text)}}}`,
    sent: `{"deviceId":"ID",${TIME},"data":{${data(text => text.startsWith('"') ? text : `"${text}"`)}}}`
  }
})

const bad = fc.constantFrom(
  'null', 'true', '7', '7.50', '"text"', '[]', '[1.0,{}]', '{}',
  '{"deviceId":"ID","data":{"Ua":"1"}}',
  `{"deviceId":"ID",${TIME}}`,
  `{"deviceId":"ID",${TIME},"data":{}}`,
  `{"deviceId":"ID",${TIME},"data":[]}`,
  `{"deviceId":"ID",${TIME},"data":{"Ua":null}}`,
  `{"deviceId":"ID",${TIME},"data":{"Ua":""}}`,
  `{"deviceId":"ID",${TIME},"data":{"Ua":{"b":1.0}}}`,
  `{"deviceId":"ID",${TIME},"data":{"Ua":"\\ud800"}}`,
  `{"deviceId":"ID",${TIME},"data":{"Ua":"1","${'c'.repeat(129)}":"1"}}`,
  `{"deviceId":"ID",${TIME},"data":{"Ua":"${'1'.repeat(257)}"}}`,
  `{"deviceId":"ID",${TIME},"data":{"Ua":"1"},"site":1e2}`,
  '{"deviceId":"ID","recordTime":"2021-02-30 00:00:00","data":{"Ua":"1"}}',
  '{"deviceId":"ID","recordTime":16310976.0,"data":{"Ua":5.0}}',
  `{"deviceId":"",${TIME},"data":{"Ua":"1"}}`,
  `{"deviceId":1.0,${TIME},"data":{"Ua":"1"}}`,
  `{${TIME},"data":{"Ua":"1"}}`
).map((text): Written => ({ text }))

/** An earlier record's device and time with values of its own; where none stands before it, it is a good record. */
const repeat = fc.record({ of: fc.nat(), value })

const records = fc.array(fc.oneof({ arbitrary: good, weight: 3 }, { arbitrary: bad, weight: 2 }, { arbitrary: repeat, weight: 1 }), { minLength: 1, maxLength: 30 })

/** What is to be sent and what is to be parked, of the drawn records. */
function draw (drawn: ReadonlyArray<Written | { of: number, value: string }>, run: number): { all: string[], sent: string[], parked: string[] } {
  const all: string[] = []
  const sent: string[] = []
  const parked: string[] = []
  const ids: string[] = []
  for (const [n, each] of drawn.entries()) {
    const id = `d-${run}-${n}`
    if ('text' in each) {
      all.push(each.text.replace('ID', id))
      if (each.sent === undefined) parked.push(each.text.replace('ID', id))
      else sent.push(each.sent.replace('ID', id))
      if (each.sent !== undefined) ids.push(id)
      continue
    }
    const of = ids[each.of % Math.max(1, ids.length)]
    const write = (value: string): string => `{"deviceId":"${of ?? id}",${TIME},"data":{"p":${value}}}`
    all.push(write(each.value))
    const text = write(each.value.startsWith('"') ? each.value : `"${each.value}"`)
    if (of === undefined) {
      sent.push(text)
      ids.push(id)
    } else parked.push(text)
  }
  return { all, sent, parked }
}

/** Takes the records of a body out of those that are expected, in the order of the push. */
function takeOut (body: string, count: number, expected: string[]): boolean {
  const head = '{"deviceType":"1","devices":['
  if (!body.startsWith(head)) return false
  let at = head.length
  for (let n = 0; n < count; n++) {
    const index = expected.findIndex(text => body.startsWith(text, at) && (n === count - 1 ? body.slice(at + text.length) === ']}' : body[at + text.length] === ','))
    if (index === -1) return false
    at += (expected[index]?.length ?? 0) + 1
    expected.splice(index, 1)
  }
  return true
}

t.test('every record of a push is sent or parked, exactly once and with its characters, and no bad one is sent', async t => {
  const calls: string[] = []
  const cloud = await startSandbox({ accounts: [CREDENTIAL], onReceived: ({ body }) => { calls.push(body) } })
  t.teardown(async () => { await cloud.close() })
  const proxy = await startProxy(t, { cloud, policy: { invalid: 'keep', requestsPerMinute: 0 } })
  const file = openQueueFile(proxy.dataDir)
  t.teardown(() => { file.close() })
  let run = 0
  await fc.assert(fc.asyncProperty(records, async drawn => {
    const { all, sent, parked } = draw(drawn, ++run)
    const answer = await proxy.push(`{"deviceType":"1","devices":[${all.join(',')}]}`)
    const bad = parked.length
    if (answer.statusCode !== (sent.length === 0 ? 202 : 200)) throw new Error(answer.text)
    if (answer.headers['x-parked-records'] !== (bad === 0 ? undefined : String(bad))) throw new Error('another number of records was parked')
    const expected = sent.length === 0 ? [] : [`{"deviceType":"1","devices":[${sent.join(',')}]}`]
    if (JSON.stringify(calls.splice(0)) !== JSON.stringify(expected)) throw new Error('another body was sent')
    for (const { body, recordCount } of bad === 0 ? [] : file.show(answer.json().requestId)?.parked ?? []) {
      const text = Buffer.from(body ?? []).toString()
      if (!takeOut(text, recordCount, parked)) throw new Error(`another body was parked: ${text}`)
    }
    if (parked.length > 0) throw new Error(`neither sent nor parked: ${parked.join(' ')}`)
  }), { numRuns: RUNS })
  t.match(file.verify(), { sound: true, lost: [] })
  t.pass(`${RUNS} pushes`)
})
