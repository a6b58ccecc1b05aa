import t from 'tap'
import { checkPush } from '../../src/contract/check-push.js'
import { readCatalog } from '../../src/catalog/read-catalog.js'
import type { Fault } from '../../src/errors.js'
import { groupBad } from '../../src/intake/group-bad.js'
import { keepGood } from '../../src/intake/keep-good.js'
import { readBody } from '../../src/intake/read-body.js'
import { readPush } from '../../src/intake/read-push.js'

const TIME = '2021-09-08 18:40:00'
const good = { deviceId: 'a', recordTime: TIME, data: { Ua: '1' } }
const keep = { unknownFields: 'reject', invalid: 'keep' } as const
const read = (devices: readonly unknown[]) => readPush(Buffer.from(JSON.stringify({ deviceType: '1', devices })), keep, { nowMs: 0 })

const asFound = { indexInRaw: (index: number) => index, timeFaults: new Map(), judge: () => ({ counts: new Map(), faults: [], firstFaults: new Map() }), placed: (fault: Fault) => fault }

t.test('a push is divided by its own places, and its faults are told at those of its sender', async t => {
  const raw = readBody({ text: JSON.stringify({ deviceType: '1', devices: [good, { ...good, deviceId: 'b', data: {} }, { ...good, deviceId: 'c' }] }), nanAsNull: false })
  const divided = keepGood({ ...asFound, raw, shaped: raw, placed: ({ path, message }) => ({ path: path.replace('/devices/1', '/devices/0').replace('/devices', '/rows'), message }) })
  t.strictSame(divided?.push.devices.map(({ deviceId }) => deviceId), ['a', 'c'])
  t.match(divided?.bad, [{ code: 'InvalidRecord', index: 1, faults: [{ path: '/rows/0/data' }], json: `{"deviceId":"b","recordTime":"${TIME}","data":{}}` }])
})

t.test('a bad record is kept with its characters where others were left out before it', async t => {
  const bad = '{"deviceId":1.0,"recordTime":16310976001234567890,"data":{"a":1.50,"b":null}}'
  const body = `{"deviceType":"1","devices":[${JSON.stringify({ ...good, data: { a: null } })},${bad},${JSON.stringify(good)}]}`
  const read = readPush(Buffer.from(body), { ...keep, missing: 'drop' }, { nowMs: 0 })
  t.strictSame(read.bad.map(({ json, faults: [fault] }) => [json, fault?.path]), [[bad, '/devices/1/deviceId']])
  t.strictSame(read.push.devices.map(({ deviceId }) => deviceId), ['a'])
})

t.test('a record is bad exactly where the contract finds a fault in its push', async t => {
  const devices = [good, { ...good, data: { Ua: '' } }, { ...good, deviceId: '' }, good, null, { ...good, deviceId: 'b', site: 1 }, { ...good, deviceId: 'c', recordtime: 1 }, { ...good, deviceId: 'd' }]
  const places = new Set(checkPush({ deviceType: '1', devices }).map(({ path }) => Number(path.split('/')[2])))
  t.strictSame(read(devices).bad.map(({ index }) => index), [...places])
  t.strictSame(read(devices).bad.map(({ code }) => code), ['InvalidRecord', 'InvalidRecord', 'DuplicateRecord', 'InvalidRecord', 'InvalidRecord', 'InvalidRecord'])
})

t.test('records with the same faults lie together, duplicates of one device and time never do', async t => {
  const { bad } = read([good, ...Array.from({ length: 50 }, (_, n) => ({ ...good, deviceId: `x${n}`, data: {} })), good, good, { ...good, deviceId: 'x1' }])
  const groups = groupBad('1', bad).map(({ code, recordCount, message }) => ({ code, recordCount, message }))
  t.match(groups, [
    { code: 'InvalidRecord', recordCount: 50, message: '/devices/1/data must hold at least one point; the same in 49 more records.' },
    { code: 'DuplicateRecord', recordCount: 2, message: '/devices/51 has the same device and time as /devices/0; send each record once; the same in 1 more record.' },
    { code: 'DuplicateRecord', recordCount: 1 }
  ])
})

t.test('no reason is longer than the parked list keeps, whatever a sender names its fields', async t => {
  const { bad } = read(Array.from({ length: 300 }, (_, n) => ({ ...good, deviceId: `d${n}`, ...Object.fromEntries(Array.from({ length: 20 }, (_, field) => [`${'f'.repeat(120)}${field}-${n % 100}`, 1])) })))
  const groups = groupBad('1', bad)
  t.equal(groups.length, 17)
  t.ok(groups.every(({ message }) => message.length <= 500))
  t.equal(groups.reduce((sum, { recordCount }) => sum + recordCount, 0), 300)
})

t.test('a record whose time cannot be read is bad, and one that the catalog refuses; each is told at its place', async t => {
  const catalog = readCatalog(Buffer.from('type,point,need\n1,Ua,required\n1,Ub,\n'), 'list.csv')
  const devices = [{ ...good, recordTime: '2021-13-01T00:00:00Z' }, good, { ...good, deviceId: 'b', data: { Ub: '1' } }, { ...good, deviceId: 'c', data: { Ua: '1', Ux: '2' } }, { ...good, deviceId: 'd', data: { Ux: '1' } }, { ...good, deviceId: 'e', recordTime: '2021-09-08T10:40:00Z' }]
  const readAll = (records: readonly unknown[]) => readPush(Buffer.from(JSON.stringify({ deviceType: '1', devices: records })), { ...keep, catalog: 'reject' }, { nowMs: 0, catalog })
  const { push, bad } = readAll(devices)
  t.strictSame(push.devices.map(({ deviceId, recordTime }) => [deviceId, recordTime]), [['a', TIME], ['e', TIME]])
  t.match(bad.map(({ index, faults }) => [index, faults[0]?.path]), [[0, '/devices/0/recordTime'], [2, '/devices/2/data'], [3, '/devices/3/data/Ux'], [4, '/devices/4/data/Ux']])
  t.match(bad[0]?.json, '2021-13-01T00:00:00Z', 'as it was written')
  const inCatalogAlone = readAll([good, { ...good, deviceId: 'b', data: { Ub: '1' } }])
  t.strictSame(inCatalogAlone.bad.map(({ index }) => index), [1])
  t.strictSame(inCatalogAlone.push.devices.map(({ deviceId }) => deviceId), ['a'])
})
