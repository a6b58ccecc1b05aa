import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t from 'tap'
import { request } from 'undici'
import { fixedBook } from '../../src/credentials/fixed-book.js'
import { ProxyError } from '../../src/errors.js'
import { createMetrics } from '../../src/metrics.js'
import { startSandbox } from '../../src/sandbox/sandbox.js'
import { exchangeOne } from '../support/raw-socket.js'
import { CREDENTIAL, onePush, startProxy } from '../support/proxy.js'
import { projectUrl } from '../support/project.js'
import { scrape, scrapeUntil } from '../support/scrape.js'

t.test('pushes are counted by plant and status, with their records and points', async t => {
  const proxy = await startProxy(t)
  const twoRecords = { ...onePush, devices: [...onePush.devices, { deviceId: 'second-meter-in-no-log', recordTime: '2021-09-08 18:41:00', data: { Ua: '1', Ub: '2', Uc: '3' } }] }
  await proxy.push(onePush)
  await proxy.push(twoRecords)
  await proxy.push(twoRecords, { 'x-dry-run': 'true' })
  await proxy.push('{"deviceType":1}')
  await proxy.push(onePush, { 'x-api-key': 'ee_unknown' })
  await proxy.request('/nothing')
  const samples = await scrapeUntil(proxy, samples => samples.get('request_duration_seconds_count') === 6)
  t.match(Object.fromEntries(samples), {
    'requests_total{plant="plant-1",status="200"}': 3,
    'requests_total{plant="plant-1",status="400"}': 1,
    'requests_total{plant="none",status="401"}': 1,
    'requests_total{plant="none",status="404"}': 1,
    'records_total{plant="plant-1"}': 3,
    'points_total{plant="plant-1"}': 7,
    'errors_total{code="InvalidPush"}': 1,
    'errors_total{code="InvalidKey"}': 1,
    auth_failures_total: 1,
    request_body_bytes_count: 4,
    'cloud_attempts_total{verdict="delivered",code="none"}': 2,
    cloud_attempt_duration_seconds_count: 2,
    bodies_in_flight_bytes: 0,
    clock_skew_seconds: 0
  })
  const text = [...samples.keys()].join('\n')
  t.notMatch(text, /meter|ee_|LTAI/, 'no device, key or account is ever a label')
  t.notOk([...samples.keys()].some(name => name.startsWith('credential_expiry')), 'a key that never expires has no expiry')
  t.notOk(samples.has('tls_certificate_expiry_timestamp_seconds'))
  t.ok(samples.get('nodejs_eventloop_lag_p99_seconds'))
})

t.test('what is changed in bodies is counted by plant and code, for pushes that were taken and not for their repeats', async t => {
  const proxy = await startProxy(t, { policy: { invalid: 'keep' } })
  const numbers = { ...onePush, devices: [{ ...onePush.devices[0], data: { Ua: 1, Ub: 2 } }, null] }
  await proxy.push(numbers, { 'idempotency-key': 'one' })
  await proxy.push(numbers, { 'idempotency-key': 'one' })
  await proxy.push(numbers, { 'x-dry-run': 'true' })
  await proxy.push({ ...numbers, site: 1 })
  const samples = await scrapeUntil(proxy, samples => samples.get('request_duration_seconds_count') === 4)
  const found = Object.fromEntries([...samples].filter(([name]) => /^(repairs|records|queue_parked_records|queue_settled_records)_total/.test(name)))
  t.strictSame(found, {
    'records_total{plant="plant-1"}': 1,
    'repairs_total{plant="plant-1",code="number-to-string"}': 2,
    'repairs_total{plant="plant-1",code="parked-record"}': 1,
    'queue_settled_records_total{plant="plant-1",outcome="parked"}': 1,
    'queue_parked_records_total{code="InvalidRecord"}': 1
  })
})

t.test('what the cloud answers is counted by verdict and known code, and a foreign code never makes a new label', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'relay', relayTimeoutMs: 400 } })
  for (const code of ['Evil.Code-1', 'Evil.Code-2']) {
    proxy.cloud.inject('refuses', { times: 1, statusCode: 400, code })
    await proxy.push(onePush)
  }
  // Last, since the account is left alone for a while afterwards.
  proxy.cloud.inject('throttles', { times: 1 })
  await proxy.push(onePush)
  const samples = await scrape(proxy)
  t.equal(samples.get('cloud_attempts_total{verdict="throttled",code="Throttling.User"}'), 1)
  t.equal(samples.get('cloud_attempts_total{verdict="unknown-refusal",code="other"}'), 2)
  t.notMatch([...samples.keys()].join(), /Evil/)
})

t.test('what is no HTTP is counted, a connection that only breaks is not', async t => {
  const proxy = await startProxy(t)
  const nonsense = connect(proxy.port, '127.0.0.1')
  nonsense.resume().end('NONSENSE\r\n\r\n')
  await once(nonsense, 'close')
  const unfinished = connect(proxy.port, '127.0.0.1')
  unfinished.resume().end('POST /k/x HTTP/1.1\r\nHost: x\r\n')
  await once(unfinished, 'close')
  const socket = connect(proxy.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resetAndDestroy()
  await once(socket, 'close')
  await proxy.push(onePush)
  const samples = await scrape(proxy)
  t.equal(samples.get('http_parse_errors_total'), 1)
})

t.test('a sender that does not wait for its answer is counted, and a broken line by no status that nobody heard', async t => {
  for (const end of ['destroy', 'resetAndDestroy'] as const) {
    const proxy = await startProxy(t, { policy: { delivery: 'relay-or-store' } })
    proxy.cloud.inject('dribbles', { times: 1, ms: 2 })
    const body = JSON.stringify(onePush)
    const socket = connect(proxy.port, '127.0.0.1')
    socket.write(`POST /api/v1/data/increment/push HTTP/1.1\r\nHost: x\r\nX-API-Key: ${proxy.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    for (let round = 0; round < 500 && proxy.cloud.attempts() === 0; round += 1) await scrape(proxy)
    socket[end]()
    const samples = await scrapeUntil(proxy, samples => samples.get('request_duration_seconds_count') === 1 && samples.get('cloud_attempt_duration_seconds_count') === 1)
    t.equal(samples.get('hang_ups_total{plant="plant-1"}'), 1, end)
    const counted = [...samples.keys()].filter(name => /^(requests|records|points)_/.test(name))
    // A line that was closed in order takes the answer, whether or not somebody reads it.
    if (end === 'destroy') t.ok(counted.includes('requests_total{plant="plant-1",status="200"}'))
    else t.strictSame(counted, ['requests_total{plant="plant-1",status="broken"}'])
    t.equal(proxy.cloud.received().length, 1)
  }
})

t.test('the expiry of a temporary credential is told', async t => {
  const session = { kind: 'sts', ...CREDENTIAL, securityToken: 'TestTokenOfTheSuite', expiresAt: '2100-01-01T00:00:00Z' } as const
  const cloud = await startSandbox({ accounts: [{ ...CREDENTIAL, securityToken: session.securityToken }] })
  t.teardown(async () => { await cloud.close() })
  const proxy = await startProxy(t, { cloud, book: fixedBook({ default: session }) })
  t.equal((await proxy.push(onePush)).statusCode, 200)
  const samples = await scrape(proxy)
  t.equal(samples.get('credential_expiry_timestamp_seconds{credential="default"}'), 4_102_444_800)
  t.equal(samples.get('credential_refreshes_total{credential="default"}'), 1)
})

t.test('readiness: a cloud that is down is a detail, a missing credential or a broken store is a reason', async t => {
  let failing = false
  const good = { accessKeyId: 'LTAI5tTestKeyIdOfTheSuite', accessKeySecret: 'TestKeySecretOfTheSuite000000' }
  const get = async (): Promise<typeof good> => {
    if (failing) throw new ProxyError('Credentials.Unavailable')
    return good
  }
  const proxy = await startProxy(t, { credentials: { get, refresh: get }, policy: { delivery: 'relay', relayTimeoutMs: 300 } })
  const port = Number(new URL(proxy.adminOrigin).port)
  const readyz = async (): Promise<{ statusCode: number, json: { details: Record<string, Record<string, unknown>>, reasons?: Array<{ check: string }> } }> => {
    const { statusCode, body } = await exchangeOne(port, 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    return { statusCode, json: JSON.parse(body) }
  }
  t.match(await readyz(), { statusCode: 200, json: { status: 'ready', details: { plants: { plants: 1 }, cloud: { lastVerdict: 'none' }, credentials: { default: 'valid' } } } })
  await proxy.cloud.close()
  t.equal((await proxy.push(onePush)).statusCode, 503)
  t.match(await readyz(), { statusCode: 200, json: { details: { cloud: { lastVerdict: 'unsent', ageSeconds: Number } } } })
  failing = true
  t.match(await readyz(), { statusCode: 503, json: { status: 'not-ready', reasons: [{ check: 'credentials', message: /No valid RAM credential/ }] } })
  failing = false
  proxy.registry.close()
  t.match(await readyz(), { statusCode: 503, json: { reasons: [{ check: 'plants' }] } })
})

t.test('a proxy that shuts down says so on its admin port until its last push is answered', async t => {
  const proxy = await startProxy(t, { policy: { delivery: 'relay', relayTimeoutMs: 1_000 } })
  proxy.cloud.inject('neverAnswers')
  const lastPush = proxy.push(onePush)
  for (let round = 0; round < 500 && proxy.cloud.attempts() === 0; round += 1) await scrape(proxy)
  const closed = proxy.close()
  const { statusCode, body } = await request(`${proxy.adminOrigin}/readyz`)
  t.equal(statusCode, 503)
  t.match(await body.json(), { status: 'not-ready', reasons: [{ check: 'process', message: 'The proxy is shutting down.' }] })
  t.equal((await request(`${proxy.adminOrigin}/livez`)).statusCode, 200, 'it is alive until the end')
  t.equal((await lastPush).statusCode, 504)
  await closed
  await t.rejects(request(`${proxy.adminOrigin}/livez`), { code: 'ECONNREFUSED' })
})

t.test('a port that is taken is named with its setting, and a start that fails leaves nothing open', async t => {
  const first = await startProxy(t)
  const taken = (origin: string): string => new URL(origin).port
  await t.rejects(startProxy(t, { env: { ADMIN_PORT: taken(first.adminOrigin) } }), { code: 'EADDRINUSE', message: /port \d+: another program uses it; end that program or set ADMIN_PORT\.$/ })
  await t.rejects(startProxy(t, { env: { PORT: taken(first.origin) } }), { code: 'EADDRINUSE', message: /or set PORT\.$/ })
  await t.rejects(startProxy(t, { env: { HOST: '192.0.2.1' } }), { code: 'EADDRNOTAVAIL', message: /no such address; set HOST\.$/ })
  t.equal((await first.push(onePush)).statusCode, 200)
})

t.test('docs/operations.md explains every metric that there is, with its labels, and no other', async t => {
  const page = readFileSync(projectUrl('docs/operations.md'), 'utf8')
  const section = page.slice(page.indexOf('\n## Metrics'), page.indexOf('\n## The log'))
  const documented = [...section.matchAll(/^\| `([a-z_]+)` \|([^|]*)\|/gm)].map(([, name, labels]) => [name, labels?.replaceAll('`', '').trim()])
  const own = createMetrics().registry.getMetricsAsArray().filter(({ name }) => name.startsWith('energy_expert_proxy_'))
  // prom-client keeps a histogram's le to itself, and its types know no labels at all.
  const labelsOf = (metric: object): string => 'upperBounds' in metric ? 'le' : 'labelNames' in metric ? [metric.labelNames].flat().join(', ') : ''
  t.strictSame(Object.fromEntries(documented), Object.fromEntries(own.map(metric => [metric.name.replace('energy_expert_proxy_', ''), labelsOf(metric)])))
  for (const [name] of section.matchAll(/energy_expert_proxy_[a-z_]+(?=[[{)\s])/g)) t.ok(own.some(metric => metric.name === name), `the alerts use ${name}`)
  for (const { name, help } of own) {
    t.match(name, /_(total|seconds|bytes|connections|pushes|records)$/, 'base units')
    t.match(help, /^[A-Z].*\.$/)
  }
})
