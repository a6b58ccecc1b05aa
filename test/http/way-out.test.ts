import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { certificate } from '../support/certificate.js'
import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy.js'
import { CREDENTIAL, onePush, startProxy, type TestProxy } from '../support/proxy.js'
import { makeWorkplace, runCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'
import { scrape } from '../support/scrape.js'

const NAME = 'energyexpertexternal.cn-hangzhou.aliyuncs.com'
/** Looked for, plain and encoded, in all that each proxy of the suite says. */
const PASSWORD = 'PassWordOfTheSuite'

interface Behind {
  readonly cloud: Sandbox
  readonly out: ConnectProxy
  readonly proxy: TestProxy
  readonly caFile: string
}

/** A cloud with TLS under its public name, which only the proxy on the way out leads to. */
async function startBehind (t: Test, env: Record<string, string> = {}, caPem = certificate.cert): Promise<Behind> {
  const cloud = await startSandbox({ accounts: [CREDENTIAL], tls: certificate })
  t.teardown(async () => { await cloud.close() })
  const out = await startConnectProxy(t, { ports: { [`${NAME}:443`]: cloud.port }, login: `site:${PASSWORD}` })
  const caFile = join(t.testdir({ 'ca.pem': caPem }), 'ca.pem')
  const proxy = await startProxy(t, { cloud, env: { ENERGY_EXPERT_ENDPOINT: `https://${NAME}`, HTTPS_PROXY: `http://site:${PASSWORD}@127.0.0.1:${out.port}`, CA_FILE: caFile, ...env }, policy: { delivery: 'relay-or-store' } })
  return { cloud, out, proxy, caFile }
}

async function until (isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 1500 && !isSo(); n++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

t.test('a push goes through the proxy by a tunnel, kept for the next one, and the cloud verifies its signature', async t => {
  const { cloud, out, proxy } = await startBehind(t)
  for (let n = 0; n < 3; n++) t.match(await proxy.push(onePush), { statusCode: 200, headers: { 'x-delivery': 'relayed' } })
  t.equal(cloud.received().length, 3)
  t.same(out.asked, [`${NAME}:443`])
})

t.test('a proxy that lets nothing through: pushes are stored, told in its words, and delivered once it does', async t => {
  const { cloud, out, proxy } = await startBehind(t, { QUEUE_WAIT_MAX_MS: '1000' })
  const cases = [[{ statusCode: 407 }, 'PROXY_LOGIN'], [{ statusCode: 403 }, 'PROXY_REFUSED'], ['html', 'PROXY_BAD_ANSWER'], ['hangs-up', 'PROXY_UNREACHABLE']] as const
  for (const [manner, code] of cases) {
    out.manner = manner
    t.match(await proxy.push(onePush), { statusCode: 202 }, code)
    await until(() => proxy.log.some(line => line.includes(code)))
    const line = proxy.log.find(each => each.includes(code)) ?? '{}'
    t.match(line, /prox/, `${code} in the log, in words`)
    t.notMatch(line, /Blocked/)
  }
  const samples = [...(await scrape(proxy)).keys()].filter(name => name.startsWith('cloud_attempts_total'))
  for (const [, code] of cases.slice(0, 3)) t.ok(samples.some(name => name.includes(`code="${code}"`) && name.includes('unsent')), `${code} is counted as unsent`)
  t.notOk(samples.some(name => name.includes('maybe-arrived')))
  t.equal(cloud.attempts(), 0, 'nothing had gone')
  out.manner = 'tunnels'
  await until(() => cloud.received().length > 0)
  const { body } = await request(`${proxy.adminOrigin}/readyz`)
  t.match(await body.json(), { status: 'ready' })
})

t.test('a relay plant behind a proxy that hangs hears that nothing was sent, never that it may have arrived', async t => {
  const { cloud, out, proxy } = await startBehind(t, { RELAY_TIMEOUT_MS: '400' })
  proxy.registry.addPlant('relays', { delivery: 'relay' })
  const { key } = proxy.registry.createKey('relays', {})
  out.manner = 'never'
  const answer = await proxy.push(onePush, { 'x-api-key': key })
  t.match(answer, { statusCode: 503 })
  t.equal(answer.json().code, 'Cloud.Unreachable')
  t.ok(proxy.log.some(line => line.includes('through the proxy on the way out in time')))
  t.equal(cloud.attempts(), 0)
})

t.test('what NO_PROXY names is not asked for at the proxy', async t => {
  const { out, proxy } = await startBehind(t, { ENERGY_EXPERT_ENDPOINT: 'https://cloud.invalid', NO_PROXY: '.invalid', RELAY_TIMEOUT_MS: '300' })
  t.match(await proxy.push(onePush), { statusCode: 202 })
  t.same(out.asked, [])
})

t.test('CA_FILE: without the certificate nothing is sent; once it is in the file the next connection trusts it; a broken one changes nothing', async t => {
  const { cloud, proxy, caFile } = await startBehind(t, { QUEUE_WAIT_MAX_MS: '1000' }, OTHER)
  const put = async (pem: string): Promise<void> => {
    await writeFile(`${caFile}.new`, pem)
    await rename(`${caFile}.new`, caFile)
  }
  t.match(await proxy.push(onePush), { statusCode: 202 })
  t.ok(proxy.log.some(line => line.includes('is not trusted')))
  await put('broken')
  await until(() => proxy.log.some(line => line.includes('The new CA_FILE cannot be used')))
  t.equal(cloud.received().length, 0)
  await put(certificate.cert)
  await until(() => cloud.received().length === 1)
  t.equal(cloud.received().length, 1)
  t.equal(proxy.log.filter(line => line.includes('The new CA_FILE cannot be used')).length, 1)
})

t.test('a start with a proxy or a bundle that cannot be used is refused in a sentence without the value', async t => {
  const { folder, env } = makeWorkplace(t)
  const start = async (more: Record<string, string>, run = runHere): Promise<string> => {
    const { code, stderr } = await run(['serve'], { folder, env: { ...env, PORT: '0', ADMIN_PORT: '0', ...more } })
    t.equal(code !== 0, true)
    return stderr
  }
  t.match(await start({ HTTPS_PROXY: `ftp://site:${PASSWORD}@p:1` }), /HTTPS_PROXY must be the address of a proxy/)
  t.match(await start({ no_proxy: '10.*' }), /NO_PROXY must be/)
  t.match(await start({ CA_FILE: join(folder, 'none.pem') }, runCommand), /CA_FILE cannot be read \(ENOENT\)/)
  await writeFile(join(folder, 'bad.pem'), 'nothing')
  t.match(await start({ CA_FILE: join(folder, 'bad.pem') }), /CA_FILE holds no certificate in PEM/)
})

/** Any certificate that the cloud does not have. */
const OTHER = `-----BEGIN CERTIFICATE-----
MIIBkTCCATegAwIBAgIUbT+wouvScdpgknK8LSldTVtwpfYwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSb3RoZXItb2YtdGhlLXN1aXRlMCAXDTI2MTEyODEwMjgzOFoY
DzIxMjYxMTA0MTAyODM4WjAdMRswGQYDVQQDDBJvdGhlci1vZi10aGUtc3VpdGUw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARcw9CQUPQOz00mArpNCWM/HCRI/lBq
0sCa2smYZma6jKKPNEKiCyFyjU4pzBFTHibeUtPSgHRD/r3TjuZUKvPKo1MwUTAd
BgNVHQ4EFgQUvoj/E4/+rPKogzYo2Idj7L4kl7QwHwYDVR0jBBgwFoAUvoj/E4/+
rPKogzYo2Idj7L4kl7QwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF
AiEAogyF9Qc5Kk3lHEtIXf0zgi87ugEnGpqW6YQIgIUmSAMCIEN9cVXUnmvXh4bd
kkM1PCDFTEN4dch6TcTr8cewJriM
-----END CERTIFICATE-----
`
