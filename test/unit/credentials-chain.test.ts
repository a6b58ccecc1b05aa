import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { createCredentialSource } from '../../src/credentials/credential-source.js'
import { makeDefaultChain } from '../../src/credentials/default-chain.js'
import { redactError } from '../../src/redact.js'
import { enterEnvironment } from '../support/environment.js'
import { ManualClock } from '../support/manual-clock.js'

t.test('keys of the environment are found, and a rotated one is seen by a fresh client', async t => {
  enterEnvironment(t, { ALIBABA_CLOUD_ACCESS_KEY_ID: 'env-key-id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'env-key-secret' })
  const source = createCredentialSource({ clock: systemClock })
  t.same(await source.get(), { accessKeyId: 'env-key-id', accessKeySecret: 'env-key-secret' })
  process.env['ALIBABA_CLOUD_SECURITY_TOKEN'] = 'env-token'
  t.same(await source.refresh(), { accessKeyId: 'env-key-id', accessKeySecret: 'env-key-secret', securityToken: 'env-token' })
})

t.test('a key in ~/.aliyun/config.json is found, its rotation too, and a broken file is told without a word of it', async t => {
  const home = enterEnvironment(t, {})
  const write = (text: string): void => { writeFileSync(join(home, '.aliyun', 'config.json'), text) }
  mkdirSync(join(home, '.aliyun'))
  const profile = { name: 'default', mode: 'AK', access_key_id: 'file-key-id', access_key_secret: 'file-key-secret' }
  write(JSON.stringify({ current: 'default', profiles: [profile] }))
  t.same(await makeDefaultChain().getCredential(), { accessKeyId: 'file-key-id', accessKeySecret: 'file-key-secret', securityToken: undefined, expiresAtMs: undefined, link: 'cli_profile' })
  write(JSON.stringify({ current: 'default', profiles: [{ ...profile, access_key_secret: 'rotated' }] }))
  t.equal((await makeDefaultChain('cli_profile').getCredential()).accessKeySecret, 'rotated')
  write(`${JSON.stringify(profile)},`)
  const problems: Error[] = []
  const failure: unknown = await createCredentialSource({ clock: systemClock, onProblem: problem => { problems.push(problem) } }).get().catch((error: unknown) => error)
  const told = JSON.stringify([problems.map(redactError), redactError(failure), redactError(await makeDefaultChain().getCredential().catch((error: unknown) => error))])
  t.match(told, /~\/.aliyun\/config.json/)
  t.notMatch(told, /file-key/)
})

t.test('an external command may name the expiry', async t => {
  const home = enterEnvironment(t, {})
  mkdirSync(join(home, '.aliyun'))
  const printed = { mode: 'StsToken', access_key_id: 'printed-key-id', access_key_secret: 'printed', sts_token: 'printed-token', expiration: '2099-01-01T00:00:00Z' }
  const script = join(home, 'print.mjs')
  writeFileSync(script, `console.log(${JSON.stringify(JSON.stringify(printed))})`)
  writeFileSync(join(home, '.aliyun', 'config.json'), JSON.stringify({ current: 'x', profiles: [{ name: 'x', mode: 'External', process_command: `${process.execPath} ${script}` }] }))
  t.match(await makeDefaultChain().getCredential(), { accessKeyId: 'printed-key-id', expiresAtMs: Date.UTC(2099, 0, 1), link: 'cli_profile' })
})

/** A credentials URI on loopback; each answer is what `answer` says for the n-th question. */
async function startIssuer (t: Test, answer: (n: number) => { statusCode: number, body: unknown }): Promise<{ url: string, asked: () => number }> {
  let asked = 0
  const server = createServer((_, response) => {
    const { statusCode, body } = answer(asked++)
    response.writeHead(statusCode, { 'content-type': 'application/json', connection: 'close' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  // A server that listens on TCP has an address of this form.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, asked: () => asked }
}

const issued = (n: number, lifeMs: number): unknown => ({
  Code: 'Success',
  AccessKeyId: `STS.issued-key-${n}`,
  AccessKeySecret: 'issued-secret',
  SecurityToken: `issued-token-${n}`,
  Expiration: new Date(Date.now() + lifeMs).toISOString().replace(/\.\d+Z$/, 'Z')
})

t.test('a credentials URI is asked once by a thousand pushes, its expiry is known, its outage changes nothing before that', async t => {
  const issuer = await startIssuer(t, n => n === 0 ? { statusCode: 200, body: issued(n, 600_000) } : { statusCode: 500, body: 'secret text' })
  enterEnvironment(t, { ALIBABA_CLOUD_CREDENTIALS_URI: issuer.url })
  const problems: string[] = []
  const source = createCredentialSource({ clock: systemClock, onProblem: problem => { problems.push(problem.kind) } })
  const [credential] = await Promise.all(Array.from({ length: 1000 }, async () => await source.get()))
  t.equal(issuer.asked(), 1)
  t.match(credential, { accessKeyId: 'STS.issued-key-0', securityToken: 'issued-token-0' })
  t.ok(Math.abs((credential?.expiresAtMs ?? 0) - Date.now() - 600_000) < 5000)
  await t.rejects(source.refresh(), { code: 'Credentials.Unavailable' })
  t.equal(await source.get(), credential)
  t.same(problems, ['service-failed'])
})

t.test('a credentials URI that issues what has expired, or a page, gives no credential', async t => {
  for (const [body, kind] of [[issued(0, -1000), 'expired'], ['<html>', 'service-failed'], [{ Code: 'Success' }, 'service-failed']] as const) {
    const issuer = await startIssuer(t, () => ({ statusCode: 200, body }))
    enterEnvironment(t, { ALIBABA_CLOUD_CREDENTIALS_URI: issuer.url })
    const problems: string[] = []
    const source = createCredentialSource({ clock: systemClock, onProblem: problem => { problems.push(problem.kind) } })
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
    t.same(problems, [kind])
  }
})

t.test('a failed chain is asked whole again: what was missing may be there now', async t => {
  enterEnvironment(t, {})
  const clock = new ManualClock()
  const source = createCredentialSource({ clock, random: () => 0 })
  await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
  Object.assign(process.env, { ALIBABA_CLOUD_ACCESS_KEY_ID: 'late-key-id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'late-key-secret' })
  await t.rejects(source.get(), { code: 'Credentials.Unavailable' }, 'within the pause nothing is asked')
  await clock.advance(500)
  t.equal((await source.get()).accessKeyId, 'late-key-id')
})
