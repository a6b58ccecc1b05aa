import t from 'tap'
import { systemClock } from '../../src/clock.js'
import { startProxy } from '../support/proxy.js'

const recordOf = (recordTime: unknown, data: object = { Ua: '226.0' }, deviceId = 'meter-in-no-log') => ({ deviceId, ...(recordTime === undefined ? undefined : { recordTime }), data })
const pushOf = (...devices: object[]) => ({ deviceType: '1', devices })

t.test('times reach the cloud in the plant\'s zone, points without a reading do not, and the answer says how many', async t => {
  const proxy = await startProxy(t, { policy: { timeZone: 'Europe/Berlin', missing: 'drop' } })
  const body = '{"deviceType":"1","devices":[{"deviceId":"a","recordTime":1631097600000,"data":{"Ua":226.0,"Ub":NaN,"Uc":null}},' +
    '{"deviceId":"b","recordTime":"2021/9/8 12:40:00","data":{"Ua":"1.#QNAN"}},{"deviceId":"c","recordTime":"2021-09-08T10:40:00.5Z","data":{"Ua":"0.10","Ub":""}}]}'
  const answer = await proxy.push(body)
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['x-repairs'], 'number-to-string=1, missing-value=4, missing-record=1, record-time=2')
  t.equal(proxy.cloud.received()[0]?.body, '{"deviceType":"1","devices":[{"deviceId":"a","recordTime":"2021-09-08 12:40:00","data":{"Ua":"226.0"}},{"deviceId":"c","recordTime":"2021-09-08 12:40:00","data":{"Ua":"0.10"}}]}')
  t.match((await proxy.push(body, { 'x-dry-run': 'true' })).json().steps, [{ step: 'encoding' }, { step: 'values', what: 'Changed: number-to-string (1), missing-value (4), missing-record (1), record-time (2).' }, { step: 'times' }, { step: 'contract' }])
  t.match((await proxy.push(pushOf(recordOf('2021-09-08 12:40:00', { Ua: null })))).json(), { code: 'InvalidPush', errors: [{ path: '/devices', message: /^holds no reading/ }] })
})

t.test('a plant that says nothing has what is no reading refused, and times told in Asia/Shanghai', async t => {
  const proxy = await startProxy(t)
  const refused = await proxy.push(pushOf(recordOf('2021-09-08 18:40:00', { Ua: 'NaN' })))
  t.match(refused, { statusCode: 400, text: /is NaN, not a number, no reading; .* --missing drop/ })
  t.equal((await proxy.push(pushOf(recordOf(1631097600)))).headers['x-repairs'], 'record-time=1')
  t.match(proxy.cloud.received()[0]?.push, pushOf(recordOf('2021-09-08 18:40:00')))
})

t.test('records out of the plant\'s bounds are refused with their age and the policy', async t => {
  const proxy = await startProxy(t, { policy: { maxAge: '12h', maxFuture: '10m' } })
  const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
  t.equal((await proxy.push(pushOf(recordOf(at(-600)), recordOf(at(5))))).statusCode, 200)
  t.match((await proxy.push(pushOf(recordOf(at(0)), recordOf(at(-1440)), recordOf(at(-1_440_000)), recordOf(at(480))))).json().errors, [
    { path: '/devices/1/recordTime', message: 'is 24 hours old; the plant takes records of at most 12h (--max-age)' },
    { path: '/devices/2/recordTime', message: 'is 1000 days old; the plant takes records of at most 12h (--max-age)' },
    { path: '/devices/3/recordTime', message: 'lies 8 hours ahead of the proxy\'s clock; the plant takes records of at most 10m (--max-future)' }
  ])
})

t.test('a repeat of a record without a time is one by its Idempotency-Key, whatever the time, and never by its body alone', async t => {
  let aheadMs = 0
  const proxy = await startProxy(t, { policy: { defaultTime: 'arrival', dedupe: 'on' }, clock: { ...systemClock, now: () => systemClock.now() + aheadMs } })
  const push = pushOf(recordOf(undefined))
  const withKey = { 'idempotency-key': 'one' }
  const first = await proxy.push(push, withKey)
  t.match(first, { statusCode: 200, headers: { 'x-repairs': 'arrival-time=1' } })
  aheadMs = 5_000
  t.equal((await proxy.push(push, withKey)).headers['x-original-request-id'], first.headers['x-request-id'])
  t.equal((await proxy.push(pushOf(recordOf(undefined, { Ua: '227.0' })), withKey)).json().code, 'IdempotencyKeyReused')
  for (let count = 0; count < 2; count++) t.equal((await proxy.push(push)).headers['x-original-request-id'], undefined)
  const times = proxy.cloud.received().map(({ body }) => String(JSON.parse(body).devices[0].recordTime))
  t.equal(times.length, 3)
  t.ok(times.every(time => Math.abs(Date.parse(`${time.replace(' ', 'T')}+08:00`) - systemClock.now() - 5_000) < 60_000), 'in Asia/Shanghai, now')
})
