import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock, type Clock } from '../../src/clock.js'
import { clientOf } from '../../src/credentials/client-of.js'
import { createCredentialSource, type CredentialSource } from '../../src/credentials/credential-source.js'
import type { CredentialSpec } from '../../src/credentials/credential-spec.js'
import { redactText } from '../../src/redact.js'
import { createWayOut, type WayOut } from '../../src/way-out/way-out.js'
import { openServer } from '../../src/sandbox/open-server.js'
import { certificate } from '../support/certificate.js'
import { enterEnvironment } from '../support/environment.js'
import { ManualClock } from '../support/manual-clock.js'
import { startTokenService, type Manner, type TokenService, type TokenServiceOptions } from '../support/token-service.js'
import { trusting } from '../support/trusting.js'

const KEY = { accessKeyId: 'LTAI5tMayAssumeTheRole', accessKeySecret: 'SecretThatMayAssumeTheRole' }
const ROLE = { roleArn: 'acs:ram::123456789012:role/pushes' }

interface Live {
  readonly source: CredentialSource
  /** The kinds of the problems that were told. */
  readonly problems: string[]
}

function live (spec: CredentialSpec, { clock = systemClock, allowHttp = false, wayOut = createWayOut() }: { clock?: Clock, allowHttp?: boolean, wayOut?: WayOut } = {}): Live {
  const problems: string[] = []
  const source = createCredentialSource({ clock, makeClient: link => clientOf(spec, { clock, allowHttp, wayOut }, link), onProblem: ({ kind }) => { problems.push(kind) } })
  return { source, problems }
}

const TOKEN = 'token.of.the.identity.provider.of.the.suite'

/** The kinds that ask a service, over the same stand-in. */
async function startService (t: Test, options: TokenServiceOptions = {}): Promise<{ service: TokenService, specs: CredentialSpec[] }> {
  const service = await startTokenService(t, { keys: [KEY], oidcToken: TOKEN, ...options })
  const oidcTokenFile = join(t.testdir({ token: `${TOKEN}\n` }), 'token')
  const specs: CredentialSpec[] = [
    { kind: 'ram-role', ...KEY, ...ROLE, stsEndpoint: service.origin },
    { kind: 'oidc-role', ...ROLE, oidcProviderArn: 'acs:ram::123456789012:oidc-provider/site', oidcTokenFile, stsEndpoint: service.origin },
    { kind: 'uri', uri: service.uri }
  ]
  return { service, specs }
}

t.test('AssumeRole is asked with all that the credential says, signed, by default for an hour', async t => {
  const session = { ...KEY, accessKeyId: 'STS.MayAssumeTheRole', securityToken: 'TokenThatMayAssumeTheRole' }
  const service = await startTokenService(t, { keys: [KEY, session] })
  const policy = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"energy:PushDeviceData","Resource":"*"}]}'
  t.match(await live({ kind: 'ram-role', ...KEY, ...ROLE, stsEndpoint: service.origin }).source.get(), service.issued[0] ?? {})
  await live({ kind: 'ram-role', ...session, ...ROLE, sessionName: 'plant north!', sessionSeconds: 900, policy, externalId: 'x(1)*', stsEndpoint: service.origin }).source.get()
  t.strictSame(service.asked, [
    { action: 'AssumeRole', fields: { RoleArn: ROLE.roleArn, RoleSessionName: 'energy-expert-proxy', DurationSeconds: '3600' } },
    { action: 'AssumeRole', fields: { RoleArn: ROLE.roleArn, RoleSessionName: 'plant north!', DurationSeconds: '900', Policy: policy, ExternalId: 'x(1)*' } }
  ])
  t.equal(redactText(`${KEY.accessKeySecret} ${session.securityToken}`), '*** ***', 'the redactor knows what asks, not only what was issued')
})

t.test('AssumeRoleWithOIDC is asked with the token that the file holds at that time', async t => {
  const { service, specs: [, spec] } = await startService(t)
  if (spec?.kind !== 'oidc-role') throw new Error('it is the second')
  const { source, problems } = live(spec)
  t.match(await source.get(), service.issued[0] ?? {})
  t.strictSame(service.asked, [{ action: 'AssumeRoleWithOIDC', fields: { RoleArn: ROLE.roleArn, RoleSessionName: 'energy-expert-proxy', DurationSeconds: '3600', OIDCProviderArn: spec.oidcProviderArn, OIDCToken: TOKEN } }])
  writeFileSync(spec.oidcTokenFile, 'another.token')
  await t.rejects(source.refresh(), { code: 'Credentials.Unavailable' })
  t.equal(service.asked[1]?.fields['OIDCToken'], 'another.token')
  t.same(problems, ['role-refused'])
  const gone = live({ ...spec, oidcTokenFile: join(t.testdirName, 'gone') })
  await t.rejects(gone.source.get(), { code: 'Credentials.Unavailable' })
  t.same(gone.problems, ['no-token-file'])
})

t.test('a session from a URI whose end nobody can tell is refused, since it would be used beyond it', async t => {
  let expiration: unknown
  const { port, close } = await openServer({ host: '127.0.0.1', port: 0, tls: undefined }, (_, response) => {
    response.end(JSON.stringify({ AccessKeyId: 'STS.ofAUri', AccessKeySecret: 'SecretOfAUri', SecurityToken: 'TokenOfAUri', Expiration: expiration }))
  })
  t.teardown(close)
  for (expiration of [undefined, null, '', 'soon', Date.now() + 3_600_000]) {
    const { source, problems } = live({ kind: 'uri', uri: `http://127.0.0.1:${port}/` })
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' }, String(expiration))
    t.same(problems, ['service-failed'])
  }
})

t.test('a token file that is a pipe, a device or a folder, or is endless, is a problem at once and holds up no other file', async t => {
  const { service, specs } = await startService(t)
  const spec = specs.find(each => each.kind === 'oidc-role')
  if (spec === undefined) throw new Error('There is no such kind.')
  const folder = t.testdir({ large: 'x'.repeat(70_000) })
  const pipe = join(folder, 'pipe')
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe])
  // Each that waited for the pipe would keep one of four threads that read files.
  for (const oidcTokenFile of [pipe, pipe, pipe, pipe, folder, '/dev/zero', join(folder, 'large')]) {
    const { source, problems } = live({ ...spec, oidcTokenFile })
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
    t.same(problems, ['no-token-file'], oidcTokenFile)
  }
  t.equal(service.asked.length, 0)
})

t.test('a thousand first calls at once ask each kind of service exactly once, and a session of 900 s is not asked for again on every call', async t => {
  const { service, specs } = await startService(t, { lifeMs: 900_000 })
  for (const spec of specs) {
    const before = service.asked.length
    const { source } = live('sessionSeconds' in spec || 'roleArn' in spec ? { ...spec, sessionSeconds: 900 } : spec)
    const got = await Promise.all(Array.from({ length: 1000 }, async () => await source.get()))
    for (let n = 0; n < 100; n++) got.push(await source.get())
    t.equal(new Set(got).size, 1, spec.kind)
    t.equal(service.asked.length - before, 1, spec.kind)
    const lifeMs = (got[0]?.expiresAtMs ?? 0) - Date.now()
    t.ok(lifeMs > 890_000 && lifeMs <= 900_000, `${spec.kind} lives for ${lifeMs} ms`)
  }
})

t.test('whatever a service does instead of issuing is a problem with a name, and nothing of its words is told', async t => {
  const { service, specs } = await startService(t)
  const refusal = (statusCode: number, code: string): Manner => ({ statusCode, code })
  const cases: ReadonlyArray<readonly [manner: Manner, ofRoles: string, ofUri: string | undefined]> = [
    ['html', 'service-failed', 'service-failed'],
    ['empty', 'service-failed', 'service-failed'],
    ['expired', 'expired', 'expired'],
    // The package's client bounds nothing: there the space behind the answer is read.
    ['endless', 'service-failed', undefined],
    ['hangs-up', 'unreachable', 'unreachable'],
    [refusal(503, 'ServiceUnavailable'), 'service-failed', 'service-failed'],
    [refusal(400, 'InvalidTimeStamp.Expired'), 'wrong-clock', 'wrong-clock'],
    [refusal(403, 'NoPermission'), 'role-refused', 'service-failed'],
    [refusal(404, 'EntityNotExist.Role'), 'role-refused', 'service-failed'],
    [refusal(404, 'InvalidAccessKeyId.NotFound'), 'key-refused', 'service-failed'],
    [refusal(302, 'Moved'), 'service-failed', 'service-failed']
  ]
  for (const spec of specs) {
    for (const [manner, ofRoles, ofUri] of cases) {
      if (spec.kind === 'uri' && ofUri === undefined) continue
      service.manner = manner
      const { source, problems } = live(spec)
      const error: unknown = await source.get().catch((error: unknown) => error)
      t.match(error, { code: 'Credentials.Unavailable' })
      t.same(problems, [spec.kind === 'uri' ? ofUri : ofRoles], `${spec.kind} ${JSON.stringify(manner)}`)
      t.notMatch(String(error instanceof Error && error.cause), /secret|log in/)
    }
  }
  await service.close()
  for (const spec of specs) {
    const { source, problems } = live(spec)
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
    t.same(problems, ['unreachable'], `${spec.kind}: nobody listens`)
  }
})

t.test('a service that never answers costs a push five seconds, and one of roles is given up after ten', async t => {
  const { service, specs } = await startService(t)
  service.manner = 'never'
  for (const spec of specs) {
    const before = service.asked.length
    const clock = new ManualClock(Date.now())
    const { source, problems } = live(spec, { clock })
    const answer = source.get().catch((error: unknown) => error)
    await until(() => service.asked.length > before)
    await clock.advance(5_000)
    t.match(await answer, { code: 'Credentials.Unavailable' })
    t.same(problems, ['slow'], spec.kind)
    // The package's own client would wait by the machine's clock.
    if (spec.kind === 'uri') continue
    await clock.advance(5_000)
    await until(() => clock.waiting === 0)
    t.equal(clock.waiting, 0, `${spec.kind}: no timer is left behind`)
  }
})

t.test('a machine whose clock is wrong is told so, and goes on by itself once it is right', async t => {
  const { specs } = await startService(t)
  for (const spec of specs.slice(0, 2)) {
    for (const offMs of [-86_400_000, 86_400_000]) {
      const clock = new ManualClock(Date.now() + offMs)
      const { source, problems } = live(spec, { clock })
      t.match(await source.get().catch((error: unknown) => error), { code: 'Credentials.Unavailable', cause: { message: /clock/ } })
      t.same(problems, ['wrong-clock'], spec.kind)
      clock.jump(-offMs)
      await clock.advance(1_000)
      t.match(await source.get(), { securityToken: /^IssuedToken/ })
      await until(() => clock.waiting === 0)
      t.equal(clock.waiting, 0, 'no timer is left behind')
    }
  }
})

t.test('keys and sessions that are set up as they are need no service; one that is over, or has no readable end, is refused', async t => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  t.strictSame(await live({ kind: 'access-key', ...KEY }).source.get(), KEY)
  const session = { kind: 'sts', ...KEY, securityToken: 'TokenOfASession' } as const
  t.strictSame(await live(session).source.get(), { ...KEY, securityToken: session.securityToken })
  const { source, problems } = live({ ...session, expiresAt: '2026-01-01T01:00:00Z' }, { clock })
  t.match(await source.get(), { expiresAtMs: Date.UTC(2026, 0, 1, 1) })
  await clock.advance(3_600_000)
  await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
  t.same(problems, ['session-over'])
  const unreadable = live({ ...session, expiresAt: 'tomorrow' })
  await t.rejects(unreadable.source.get(), { code: 'Credentials.Unavailable' })
  t.same(unreadable.problems, ['unusable-spec'])
})

t.test('profiles are read by their names, anew each time, and what is wrong with a file is told without a word of it', async t => {
  const home = enterEnvironment(t, {})
  for (const folder of ['.aliyun', '.alibabacloud']) mkdirSync(join(home, folder))
  const cli = (secret: string): void => {
    const profiles = [{ name: 'default', mode: 'AK', access_key_id: 'cli-default-id', access_key_secret: 'cli-default-secret' }, { name: 'north', mode: 'AK', access_key_id: 'cli-north-id', access_key_secret: secret }]
    writeFileSync(join(home, '.aliyun', 'config.json'), JSON.stringify({ current: 'default', profiles }))
  }
  cli('cli-north-secret')
  writeFileSync(join(home, '.alibabacloud', 'credentials'), '[default]\ntype = access_key\naccess_key_id = ini-default-id\naccess_key_secret = ini-default-secret\n[north]\ntype = access_key\naccess_key_id = ini-north-id\naccess_key_secret = ini-north-secret\n')
  t.match(await live({ kind: 'cli-profile' }).source.get(), { accessKeyId: 'cli-default-id' })
  t.match(await live({ kind: 'profile-file' }).source.get(), { accessKeyId: 'ini-default-id' })
  t.match(await live({ kind: 'profile-file', profile: 'north' }).source.get(), { accessKeyId: 'ini-north-id' })
  const { source } = live({ kind: 'cli-profile', profile: 'north' })
  t.match(await source.get(), { accessKeySecret: 'cli-north-secret' })
  cli('cli-rotated-secret')
  t.match(await source.refresh(), { accessKeySecret: 'cli-rotated-secret' })
  for (const spec of [{ kind: 'cli-profile', profile: 'gone' }, { kind: 'profile-file', profile: 'gone' }] as const) {
    const { source, problems } = live(spec)
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
    t.same(problems, ['broken-file'], spec.kind)
  }
  enterEnvironment(t, {})
  for (const kind of ['cli-profile', 'profile-file', 'ecs-role'] as const) {
    const { source, problems } = live({ kind })
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
    t.same(problems, [kind === 'ecs-role' ? 'failed' : 'broken-file'], kind)
  }
})

t.test('secrets come over https, or over http from this machine alone unless that is allowed', async t => {
  const service = await startTokenService(t, { keys: [KEY], tls: certificate })
  const spec = { kind: 'ram-role', ...KEY, ...ROLE, stsEndpoint: service.origin.replace('https://', '') } as const
  const untrusted = live(spec)
  await t.rejects(untrusted.source.get(), { code: 'Credentials.Unavailable' })
  t.same(untrusted.problems, ['unreachable'], 'a certificate that nobody vouches for')
  t.match(await live(spec, { wayOut: trusting(certificate.cert) }).source.get(), service.issued[0] ?? {})
  for (const stsEndpoint of ['http://sts.example', 'http://192.0.2.1:8080', 'https://user:pass@sts.example', 'https://sts.example/path', 'ftp://sts.example', 'not a host']) {
    const { source, problems } = live({ ...spec, stsEndpoint })
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
    t.same(problems, ['unusable-spec'], stsEndpoint)
  }
  for (const uri of ['http://192.0.2.1/token', 'ftp://127.0.0.1/token', 'token']) {
    const { source, problems } = live({ kind: 'uri', uri })
    await t.rejects(source.get(), { code: 'Credentials.Unavailable' })
    t.same(problems, ['unusable-spec'], uri)
  }
})

async function until (isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 1000 && !isSo(); n++) await new Promise(resolve => setTimeout(resolve, 5))
}
