import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { onePush, startProxy, type TestProxy } from '../support/proxy.js'

interface Refusal { statusCode: number, code: string }

/** A gateway that refuses each push with what it is told, and repeats the push in its message. Every proxy's log is searched for that at its end. */
async function startRepeatingCloud (t: Test): Promise<{ origin: string, refusal: Refusal }> {
  const cloud = { origin: '', refusal: { statusCode: 400, code: 'InvalidParameter' } }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => { chunks.push(chunk) })
    request.on('end', () => {
      const { statusCode, code } = cloud.refusal
      response.writeHead(statusCode).end(JSON.stringify({ RequestId: 'CLOUD-ID-1', HostId: 'h', Code: code, Message: `The cloud's own words: ${String(Buffer.concat(chunks))}` }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens on TCP has an address of this form.
  cloud.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return cloud
}

const linesOf = (proxy: TestProxy): any[] => proxy.log.map(line => JSON.parse(line))
const OWN_WORDS = /cloud's own words|meter-in-no-log/

t.test('a refusal of the push carries the cloud\'s words and request id to its plant, and the words no further', async t => {
  const cloud = await startRepeatingCloud(t)
  for (const policy of [{ delivery: 'relay' }, { delivery: 'relay-or-store', onRefusal: 'answer' }] as const) {
    const proxy = await startProxy(t, { env: { ENERGY_EXPERT_ENDPOINT: cloud.origin }, policy })
    const answer = await proxy.push(onePush)
    t.match(answer, { statusCode: 400, headers: { 'x-cloud-request-id': 'CLOUD-ID-1' } })
    t.match(answer.json(), { code: 'InvalidParameter', message: OWN_WORDS })
  }
})

t.test('words of the cloud that are not ASCII arrive whole, on the fast path as without it', async t => {
  const cloud = await startRepeatingCloud(t)
  const body = JSON.stringify({ ...onePush, devices: [{ ...onePush.devices[0], data: { 电表: 'é 226.0', '😀': '1' } }] })
  for (const FAST_PATH of ['true', 'false']) {
    const proxy = await startProxy(t, { env: { ENERGY_EXPERT_ENDPOINT: cloud.origin, FAST_PATH }, policy: { delivery: 'relay' } })
    const answer = await proxy.push(body)
    t.equal(answer.json().message, `The cloud's own words: ${body}`, FAST_PATH)
    t.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.text)), FAST_PATH)
  }
})

t.test('what the cloud says when the push is not at fault reaches neither the plant nor the log; code and request id stand in the log', async t => {
  const cloud = await startRepeatingCloud(t)
  const proxy = await startProxy(t, { env: { ENERGY_EXPERT_ENDPOINT: cloud.origin }, policy: { delivery: 'relay', relayTimeoutMs: 200 } })
  const cases: ReadonlyArray<readonly [statusCode: number, code: string, expected: number]> = [
    [403, 'Forbidden.RAM', 502], [404, 'InvalidAccessKeyId.NotFound', 502], [400, 'SignatureDoesNotMatch', 502], [400, 'InvalidTimeStamp.Expired', 502],
    [500, 'InternalError', 504], [302, 'Moved', 502], [400, 'Throttling.User', 503]
  ]
  for (const [statusCode, code, expected] of cases) {
    cloud.refusal = { statusCode, code }
    const answer = await proxy.push(onePush)
    t.equal(answer.statusCode, expected, code)
    t.notMatch(answer.text, OWN_WORDS, code)
    const line = linesOf(proxy).find(({ requestId, level }) => requestId === answer.json().requestId && level === 40)
    t.equal(line?.error?.cause?.message, `The answer was ${statusCode} ${code}, with the request id CLOUD-ID-1.`)
  }
})

t.test('an alarm of the queue tells code and request id, and none of the cloud\'s words', async t => {
  const cloud = await startRepeatingCloud(t)
  for (const code of ['Forbidden.RAM', 'Account.Overdue']) {
    cloud.refusal = { statusCode: 403, code }
    const proxy = await startProxy(t, { env: { ENERGY_EXPERT_ENDPOINT: cloud.origin }, policy: { delivery: 'store' } })
    t.equal((await proxy.push(onePush)).statusCode, 202)
    const findAlarm = (): any => linesOf(proxy).find(({ alarm }) => alarm !== undefined)
    for (const endMs = performance.now() + 10_000; findAlarm() === undefined && performance.now() < endMs;) await new Promise(setImmediate)
    t.match(findAlarm(), { level: 50, code, reason: `The answer was 403 ${code}, with the request id CLOUD-ID-1.` })
  }
})
