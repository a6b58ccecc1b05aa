import t from 'tap'
import { systemClock } from '../../src/clock.js'
import { withReceipts } from '../../src/queue/with-receipts.js'
import { onePush, startProxy, type Answer, type TestProxy } from '../support/proxy.js'
import { dataDirOf } from '../support/queue.js'

async function ask (proxy: TestProxy, requestId: string, key = proxy.key): Promise<Answer> {
  return await proxy.request(`/api/v1/receipts/${requestId}`, { headers: { 'x-api-key': key } })
}

async function becomes (proxy: TestProxy, requestId: string, holds: (receipt: any) => boolean): Promise<any> {
  let receipt
  for (let tries = 0; tries < 1000; tries++) {
    receipt = (await ask(proxy, requestId)).json().receipt
    if (holds(receipt)) break
    await new Promise(resolve => { setTimeout(resolve, 10) })
  }
  return receipt
}

const OUTCOMES = { waiting: 0, delivered: 0, parked: 0, skipped: 0, lost: 0 }

t.test('a relayed push has a receipt with the cloud\'s request id, in either case of its own', async t => {
  const proxy = await startProxy(t)
  const push = await proxy.push(onePush)
  const { requestId } = push.json()
  for (const id of [requestId, requestId.toLowerCase()]) {
    const answer = await ask(proxy, id)
    t.equal(answer.statusCode, 200)
    t.equal(answer.json().requestId, answer.headers['x-request-id'])
    t.match(answer.json().receipt, { pushRequestId: requestId, deviceType: '1', records: 1, ...OUTCOMES, delivered: 1, cloudRequestIds: [push.headers['x-cloud-request-id']], reasons: [] })
  }
})

t.test('a stored push waits, is delivered when the cloud is well again, and its receipt outlives a restart', async t => {
  const dataDir = dataDirOf(t)
  const proxy = await startProxy(t, { dataDir, policy: { delivery: 'store' }, env: { QUEUE_WAIT_MAX_MS: '1000' } })
  proxy.cloud.inject('isDown', { statusCode: 503 })
  const { requestId } = (await proxy.push(onePush)).json()
  t.match((await ask(proxy, requestId)).json().receipt, { pushRequestId: requestId, records: 1, ...OUTCOMES, waiting: 1, cloudRequestIds: [] })
  proxy.cloud.heal()
  const delivered = await becomes(proxy, requestId, ({ delivered }) => delivered === 1)
  t.match(delivered, { ...OUTCOMES, delivered: 1, cloudRequestIds: [String] })
  await proxy.close()
  const again = await startProxy(t, { dataDir })
  t.strictSame((await ask(again, requestId)).json().receipt, delivered)
})

t.test('a receipt tells what was changed in the body: of a relayed push while the proxy runs, of a stored one over a restart', async t => {
  const numbers = JSON.stringify(onePush).replaceAll('"226.0"', '226.0')
  const relayed = await startProxy(t)
  const { requestId } = (await relayed.push(numbers)).json()
  t.strictSame((await ask(relayed, requestId)).json().receipt.repairs, { 'number-to-string': 1 })
  t.strictSame((await ask(relayed, (await relayed.push(onePush)).json().requestId)).json().receipt.repairs, {})

  const dataDir = dataDirOf(t)
  const proxy = await startProxy(t, { dataDir, policy: { delivery: 'store' } })
  const stored = (await proxy.push(`\ufeff${numbers}`)).json().requestId
  await becomes(proxy, stored, ({ delivered }) => delivered === 1)
  await proxy.close()
  const again = await startProxy(t, { dataDir })
  t.strictSame((await ask(again, stored)).json().receipt.repairs, { bom: 1, 'number-to-string': 1 })
})

t.test('a parked push says why', async t => {
  const proxy = await startProxy(t, { policy: { onRefusal: 'park' } })
  proxy.cloud.inject('refuses', { code: 'InvalidParameter.Data', statusCode: 400 })
  const { requestId } = (await proxy.push(onePush)).json()
  t.match((await ask(proxy, requestId)).json().receipt, { ...OUTCOMES, parked: 1, reasons: [{ code: 'InvalidParameter.Data', message: String, cloudRequestId: String }] })
})

t.test('another plant\'s key, an unknown id and nonsense meet the same 404, no key meets 401', async t => {
  const proxy = await startProxy(t)
  proxy.registry.addPlant('other', {})
  const { key } = proxy.registry.createKey('other', {})
  const { requestId } = (await proxy.push(onePush)).json()
  const others = [await ask(proxy, requestId, key), await ask(proxy, '83A5A7DD-8974-5769-952E-590A97BEA34E'), await ask(proxy, 'x'.repeat(3000)), await ask(proxy, '%00')]
  for (const answer of others) {
    t.equal(answer.statusCode, 404)
    t.match(answer.json(), { code: 'NotFound', message: others[0]?.json().message })
  }
  const noKey = await proxy.request(`/api/v1/receipts/${requestId}`)
  t.equal(noKey.statusCode, 401)
  t.equal(noKey.json().code, 'InvalidKey')
  const wrongMethod = await proxy.request(`/api/v1/receipts/${requestId}`, { method: 'DELETE', headers: { 'x-api-key': proxy.key } })
  t.equal(wrongMethod.statusCode, 405)
  t.equal(wrongMethod.headers['allow'], 'GET')
})

t.test('only the latest relayed pushes are remembered', async t => {
  const { deliver, receipts } = withReceipts(async () => ({ kind: 'relayed', cloudRequestId: undefined }), { log: { receipt: async () => undefined }, clock: systemClock, relayedMax: 2 })
  const proxy = await startProxy(t)
  const plant = proxy.registry.showPlant('plant-1')
  for (const requestId of ['A', 'B', 'C']) await deliver({ requestId, deviceType: '1', body: Buffer.from(''), recordCount: 1 }, plant, new AbortController().signal)
  t.equal(await receipts.find('A'), undefined)
  t.match([await receipts.find('B'), await receipts.find('C')], [{ delivered: 1 }, { delivered: 1, cloudRequestIds: [] }])
})
