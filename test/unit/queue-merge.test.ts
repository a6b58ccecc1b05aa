import t from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import type { Device } from '../../src/contract/push.js'
import { cutRecords } from '../../src/queue/cut-records.js'
import { ActiveLane } from '../../src/queue/lanes.js'
import { mergeCall, MergedCall } from '../../src/queue/merge-call.js'
import { PendingCall } from '../../src/queue/pending-call.js'
import { readCall } from '../../src/queue/read-call.js'
import type { Entry, ParkReason } from '../../src/queue/queue-log.js'
import { settleCall } from '../../src/queue/settle-call.js'
import { device } from '../support/queue-bench.js'

const BOUNDS = { recordsMax: 500, bytesMax: 1_048_576 }

/** Texts that look like the borders that are searched for. */
const NASTY = ['}},{', '"}},{"', '"}},{"deviceId":"', '"}},{"recordTime":"x', ',"data":{', '","data":{"a":"', ']}', '"devices":[', '\\', '\\"', '"', '{', '\u2028', '设备', '😀', '__proto__', '"}}]}', 'a"}},{"deviceId":"b","recordTime":"2021-09-08 18:40:00","data":{"a":"1']

let ids = 0
function entry (devices: readonly Device[], more: Partial<Entry> = {}, deviceType = '1'): Entry {
  ids += 1
  return { id: ids, requestId: `R-${ids}`, laneSeq: ids, body: encodePush({ deviceType, devices: [...devices] }), recordCount: devices.length, receivedAtMs: 0, failures: 0, firstFailedAtMs: undefined, doubtfulCall: undefined, ...more }
}

/** A generator of numbers below a bound, the same in every run. */
function dice (seed: number): (below: number) => number {
  return below => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return Math.floor(seed / 2147483648 * below)
  }
}

function nastyDevice (roll: (below: number) => number, minute: number): Device {
  const text = (): string => NASTY[roll(NASTY.length)] ?? ''
  const data: Record<string, string> = {}
  for (let n = 0; n <= roll(4); n++) data[`${text()}${n}`] = text()
  return { ...(roll(4) === 0 ? {} : { deviceId: text() }), recordTime: device('', minute).recordTime, data }
}

t.test('a body is cut at its records whatever stands in ids, codes and values', async t => {
  const roll = dice(1)
  for (let round = 0; round < 500; round++) {
    const devices = Array.from({ length: 1 + roll(5) }, (_, n) => nastyDevice(roll, n))
    const body = encodePush({ deviceType: '12', devices })
    const cut = cutRecords(body, devices.length)
    if (cut === undefined) return t.fail(`not cut: ${body.toString()}`)
    if (cut.records.some(({ bytes }, n) => JSON.stringify(JSON.parse(bytes.toString())) !== JSON.stringify(JSON.parse(encodePush({ deviceType: '12', devices: devices.slice(n, n + 1) }).toString()).devices[0]))) return t.fail(body.toString())
    if (`${cut.head.toString()}${cut.records.map(({ bytes }) => bytes.toString()).join(',')}]}` !== body.toString()) return t.fail(body.toString())
  }
})

t.test('two records are the same exactly when device and time are', async t => {
  const cut = cutRecords(encodePush({ deviceType: '1', devices: [device('a', 0), device('a', 1), device('b', 0, { x: '1', y: '2' }), { recordTime: device('a', 0).recordTime, data: { a: '1' } }] }), 4)
  t.equal(new Set(cut?.records.map(({ identity }) => identity)).size, 4)
  t.same(cut?.records.map(record => record.device), ['{"deviceId":"a"', '{"deviceId":"a"', '{"deviceId":"b"', ''])
  const other = cutRecords(encodePush({ deviceType: '1', devices: [device('a', 0, { other: '9' })] }), 1)
  t.equal(other?.records[0]?.identity, cut?.records[0]?.identity)
})

t.test('bytes that are not a push are not cut, and then travel as they are', async t => {
  for (const text of ['', ']}', '"}}]}', '{"deviceType":"1","devices":[]}', '{"deviceType":"1","devices":[{}]}', '{"deviceType":"1","devices":["}}]}', 'x'.repeat(100)]) {
    t.equal(cutRecords(Buffer.from(text), 1), undefined, text)
  }
  t.equal(cutRecords(encodePush({ deviceType: '1', devices: [device('a')] }), 2), undefined, 'a wrong count')
  const whole = encodePush({ deviceType: '1', devices: [device('a'), device('b')] }).toString()
  t.equal(cutRecords(Buffer.from(whole), 2)?.records.length, 2)
  t.equal(cutRecords(Buffer.from(`${whole.slice(0, -4)},0}}]}`), 2), undefined, 'an end that is no text')
  t.equal(cutRecords(Buffer.from(whole.replace('"}},{"', '","n":0}},{"')), 2), undefined, 'a record before the last whose end is no text')
  t.equal(cutRecords(Buffer.from(whole.replace(',"data":{', ',"more":{')), 2), undefined, 'a record without data before one that has some')
  t.equal(cutRecords(Buffer.from(whole.replace(/,"recordTime":"[^"]*"/, '')), 2), undefined, 'a record without its time')
  const odd = entry([device('a')], { body: Buffer.from('odd') })
  const call = mergeCall([odd, entry([device('b')])], BOUNDS)
  t.same(call?.entries.map(({ id }) => id), [odd.id])
  t.equal(call?.bodyOf({ from: 0, to: 1 }).toString(), 'odd')
  t.equal(mergeCall([entry([device('b')]), odd], BOUNDS)?.entries.length, 1)
})

t.test('a merged call is byte for byte the push of all its records', async t => {
  const roll = dice(2)
  for (let round = 0; round < 200; round++) {
    const pushes = Array.from({ length: 1 + roll(6) }, (_, n) => Array.from({ length: 1 + roll(3) }, (_, m) => nastyDevice(roll, n * 10 + m)))
    const call = mergeCall(pushes.map(devices => entry(devices)), BOUNDS)
    const devices = pushes.flat()
    if (call?.entries.length !== pushes.length) return t.fail('all fit')
    for (let part = 0; part < 5; part++) {
      const from = roll(devices.length)
      const to = from + 1 + roll(devices.length - from)
      if (!call.bodyOf({ from, to }).equals(encodePush({ deviceType: '1', devices: devices.slice(from, to) }))) return t.fail(`${from} to ${to}`)
    }
  }
})

t.test('the bounds, the same device and time, another type and a doubt each end a call, and order is kept', async t => {
  const gathered = (waiting: Entry[], bounds = BOUNDS): number | undefined => mergeCall(waiting, bounds)?.entries.length
  const many = Array.from({ length: 600 }, (_, n) => entry([device(`d${n}`)]))
  t.equal(gathered([]), undefined)
  t.equal(gathered(many), 500)
  t.equal(gathered(many, { recordsMax: 7, bytesMax: 1e6 }), 7)
  const bytesMax = 2_000
  const call = mergeCall(many, { recordsMax: 500, bytesMax })
  t.ok((call?.bodyOf({ from: 0, to: call.recordCount }).length ?? 0) <= bytesMax)
  const one = many[call?.entries.length ?? 0]?.body.length ?? 0
  t.ok((call?.bodyOf({ from: 0, to: call.recordCount }).length ?? 0) + one > bytesMax, 'not one more would fit')
  t.equal(gathered([entry([device('a')]), entry([device('b')]), entry([device('a')]), entry([device('c')])]), 2)
  t.equal(gathered([entry([device('a')]), entry([device('a', 1)])]), 2)
  t.equal(gathered([entry([device('a')]), entry([device('b')], {}, '2')]), 1)
  t.equal(gathered([entry([device('a')]), entry([device('b')], { doubtfulCall: 7 }), entry([device('c')])]), 1)
  t.equal(gathered([entry([device('a')], { doubtfulCall: 7 }), entry([device('a')], { doubtfulCall: 7 }), entry([device('c')], { doubtfulCall: 8 })]), 2)
  t.equal(gathered([entry([device('a')], { doubtfulCall: 7 }), entry([device('c')])]), 1)
})

/** Sends parts of a call to a cloud that refuses what holds a guilty record; returns how many calls that took. */
function divide (call: MergedCall, isGuilty: (record: number) => boolean, splitCallsMax = 64): { pending: PendingCall, calls: number } {
  const pending = new PendingCall(call)
  const devices = call.records?.map(record => record.device)
  let calls = 0
  for (let part = pending.part; part !== undefined; part = pending.part) {
    calls += 1
    const records = Array.from({ length: part.to - part.from }, (_, n) => n + (part?.from ?? 0))
    const reason: ParkReason = { code: 'InvalidParameter', message: `call ${calls}`, cloudRequestId: `C-${calls}` }
    if (records.some(isGuilty)) pending.refuse(reason, devices)
    else pending.deliver(`C-${calls}`)
    if (pending.splitCalls >= splitCallsMax) pending.refuseRest({ code: 'SplitTooCostly', message: '', cloudRequestId: undefined }, devices)
  }
  return { pending, calls }
}

t.test('a refused call of 500 is divided until one, or three, guilty records stand alone, and everything else is delivered', async t => {
  const pushes = Array.from({ length: 100 }, (_, n) => entry(Array.from({ length: 5 }, (_, m) => device(`d${n * 5 + m}`))))
  const call = mergeCall(pushes, BOUNDS)
  if (call === undefined) return t.fail('a call')
  t.equal(call.recordCount, 500)
  for (const guilty of [[0], [499], [250], [3, 4, 250], [0, 249, 499], [10, 11, 12]]) {
    const { pending, calls } = divide(call, record => guilty.includes(record))
    t.ok(calls <= 1 + guilty.length * 18, `${guilty.join()}: ${calls} calls`)
    const settlements = settleCall(call, pending)
    t.same(settlements.map(({ id }) => id), pushes.map(({ id }) => id))
    const parked = settlements.flatMap(settlement => settlement.parked.map(({ body }) => JSON.parse(Buffer.from(body).toString())))
    t.same(parked, guilty.map(n => ({ deviceType: '1', devices: [device(`d${n}`)] })))
    t.equal(settlements.reduce((sum, { deliveredRecords }) => sum + deliveredRecords, 0), 500 - guilty.length)
    t.ok(settlements.every(settlement => settlement.deliveredRecords + settlement.parked.length === 5))
    t.ok(settlements.every(({ cloudRequestIds }) => cloudRequestIds.length > 0))
  }
})

t.test('a division costs no more calls than it may; what is left is parked as one', async t => {
  const call = mergeCall(Array.from({ length: 500 }, (_, n) => entry([device(`d${n}`)])), BOUNDS)
  if (call === undefined) return t.fail('a call')
  const { pending, calls } = divide(call, record => record % 2 === 0)
  t.equal(calls, 65, 'the refused call and 64 more')
  t.same(pending.refused.filter(({ reason }) => reason.code === 'SplitTooCostly').length, 1)
  const settlements = settleCall(call, pending)
  t.ok(settlements.every(({ deliveredRecords, parked }) => deliveredRecords + parked.length === 1), 'nothing is lost')
  const large = new MergedCall([entry(Array.from({ length: 1000 }, (_, n) => device(`d${n}`)))])
  const [settlement] = settleCall(large, divide(large, () => true).pending)
  t.equal(settlement?.parked.at(-1)?.reason.code, 'SplitTooCostly')
  t.equal(settlement?.parked.reduce((sum, { recordCount }) => sum + recordCount, 0), 1000)
})

/** Takes call after call until nothing waits. */
async function drain (waiting: Entry[]): Promise<{ calls: number, bodiesRead: number }> {
  const lane = new ActiveLane({ plant: 'plant-1', deviceType: '1', live: false })
  lane.id = 1
  let bodiesRead = 0
  const read = async (_lane: number, { entriesMax }: { entriesMax: number }): Promise<Entry[]> => {
    const head = waiting.slice(0, entriesMax)
    bodiesRead += head.length
    return head
  }
  for (let calls = 0; calls < 2_000; calls++) {
    const next = await readCall({ read }, lane, BOUNDS)
    if (next === undefined) return { calls, bodiesRead }
    waiting = waiting.slice(next.call.entries.length)
  }
  throw new Error('there is no end')
}

t.test('pushes that cannot travel together are not read again for each call, and those behind them travel together at once', async t => {
  const stuck = Array.from({ length: 400 }, () => entry([device('a', 0)]))
  const alone = await drain(stuck)
  t.equal(alone.calls, 400)
  t.ok(alone.bodiesRead < 4 * 400, `${alone.bodiesRead} bodies read`)

  const merging = Array.from({ length: 2_000 }, (_, n) => entry([device(`m-${n}`, 0)]))
  const both = await drain([...stuck.slice(0, 100), ...merging])
  t.ok(both.calls < 100 + 4 + 8, `${both.calls} calls`)
  t.ok(both.bodiesRead < 4 * 100 + 2 * 2_000, `${both.bodiesRead} bodies read`)
  t.strictSame(await drain(merging), { calls: 4, bodiesRead: 2_003 })
})
