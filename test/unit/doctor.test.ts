import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock, type Clock } from '../../src/clock.js'
import { type DoctorParts, examine } from '../../src/doctor/doctor.js'
import { judgePermission, judgeSignature } from '../../src/doctor/judge-probe.js'
import { readVerdict } from '../../src/relay/verdict.js'
import { startConnectProxy } from '../support/connect-proxy.js'
import { CREDENTIAL, startCloud } from '../support/proxy.js'
import { FAST_ROOM } from '../support/queue-in-place.js'

/** Deadlines come ten times as soon. */
const hasty: Clock = { ...systemClock, after: (delayMs, callback) => systemClock.after(delayMs / 10, callback) }

async function lines (t: Test, endpoint: string, parts: Partial<DoctorParts> = {}, settings: Record<string, string> = {}): Promise<Record<string, string>> {
  const dataDir = mkdtempSync(join(FAST_ROOM, 'doctor-'))
  t.teardown(() => { rmSync(dataDir, { recursive: true, force: true }) })
  const environment = { DATA_DIR: dataDir, ENERGY_EXPERT_ENDPOINT: endpoint, ...settings }
  const clientOf = (): ReturnType<NonNullable<DoctorParts['clientOf']>> => ({ getCredential: async () => CREDENTIAL })
  const findings = await examine({ environment, clock: hasty, plant: undefined, onFinding: () => {}, clientOf, ...parts })
  return Object.fromEntries(findings.map(({ check, status, message, remedy }) => [check, `${status}: ${message} ${remedy ?? ''}`]))
}

t.test('a cloud that never answers is the fault of its own check, and what stands behind it is skipped', async t => {
  const cloud = await startCloud(t)
  cloud.inject('neverAnswers')
  const found = await lines(t, cloud.origin)
  t.match(found, { tcp: /^ok/, answer: /^fault: Energy Expert did not answer in time\. Look at the line/, clock: /^skipped/, server: /^ok/ })
})

t.test('an endpoint that takes connections and says nothing holds up no other check', async t => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const address = server.address()
  const found = await lines(t, `https://127.0.0.1:${typeof address === 'object' ? address?.port ?? '' : ''}`)
  t.match(found, { tcp: /^ok/, tls: /^fault: There was no TLS handshake \(ETIMEDOUT\)\. .* a firewall may let the connection through/, answer: /^skipped: .*tls/, server: /^ok/ })
})

t.test('a source of credentials that hangs becomes a fault; the cloud is asked all the same', async t => {
  const cloud = await startCloud(t)
  const found = await lines(t, cloud.origin, { clientOf: () => ({ getCredential: async () => await new Promise<never>(() => {}) }) })
  t.match(found, { credential: /^fault: There was no end within 20 s\./, answer: /^ok/, clock: /^ok/, signature: /^skipped: .*credential/ })
})

t.test('where a proxy leads to the cloud, the line and the probe go through it, and what it refuses is told in its own words', async t => {
  const cloud = await startCloud(t)
  const proxy = await startConnectProxy(t, { ports: { 'cloud.example:80': Number(new URL(cloud.origin).port) } })
  const settings = { HTTP_PROXY: proxy.origin.replace('://', '://plant:pass-word-of-the-proxy@'), ENERGY_EXPERT_ALLOW_HTTP: 'true' }
  const found = await lines(t, 'http://cloud.example', {}, settings)
  t.match(found, { 'way-out': /^ok: Connections go through the proxy that HTTP_PROXY names\./, dns: /^ok: The proxy looks the endpoint up/, tcp: /^ok: cloud\.example takes connections through the proxy/, answer: /^ok/ })
  t.notMatch(JSON.stringify(found), /pass-word/)
  t.ok(proxy.asked.every(host => host === 'cloud.example:80'))
  proxy.manner = { statusCode: 407 }
  t.match(await lines(t, 'http://cloud.example', {}, settings), { tcp: /^fault: cloud\.example: The proxy on the way out asks for another user or password \(407\)/, answer: /^skipped/ })
  t.match(await lines(t, 'http://cloud.example', {}, { ...settings, CA_FILE: '/nowhere/ca.pem' }), { 'way-out': /^fault: CA_FILE/, tcp: /^skipped: .*way-out/ })
})

t.test('each code of the gateway that tells of the account is told in words, with a remedy', async t => {
  const told = (code: string, statusCode = 400): string[] => {
    const verdict = readVerdict(statusCode, {}, Buffer.from(JSON.stringify({ Code: code, Message: 'a foreign word', RequestId: 'R-1' })))
    return [judgeSignature(verdict), judgePermission(verdict)].map(({ status, message, remedy }) => `${status}: ${message} ${remedy ?? ''}`)
  }
  for (const [code, words] of [
    ['InvalidAccessKeyId.NotFound', /does not know the AccessKey id/],
    ['InvalidAccessKeyId.Inactive', /is disabled\. .*Enable it/],
    ['SignatureDoesNotMatch', /The AccessKey secret is not that of the id/],
    ['InvalidTimeStamp.Expired', /Set the clock of this machine right/],
    ['IllegalTimestamp', /Set the clock of this machine right/],
    ['InvalidSecurityToken.Expired', /Get a new session/],
    ['InvalidSecurityToken.MismatchWithAccessKey', /not that of the AccessKey/],
    ['IncompleteSignature', /takes headers out/],
    ['MissingAuthorization', /takes headers out/],
    ['InvalidApi.NotFound', /Check ENERGY_EXPERT_REGION/],
    ['InvalidProtocol.NeedSsl', /begin with https/]
  ] as const) {
    const [signature = ''] = told(code)
    t.match(signature, /^fault: /, code)
    t.match(signature, words)
    t.ok(signature.includes(code) && !signature.includes('foreign'))
  }
  for (const code of ['Throttling', 'Throttling.User', 'ServiceUnavailable', 'InternalError']) t.match(told(code)[0], /^warning: /, code)
  for (const code of ['Forbidden.RAM', 'Forbidden', 'NoPermission']) t.match(told(code, 403), [/^ok: /, /^fault: The credential may not call energy:PushDeviceData/], code)
  for (const code of ['MissingDevices', 'InvalidDevices', 'InvalidParameter']) t.match(told(code), [/^ok: /, /^ok: energy:PushDeviceData is allowed/], code)
  t.match(told('Account.Overdue', 403), [/^ok: /, /^warning: .*\(Account\.Overdue\)/])
})
