import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { request } from 'undici'
import type { CredentialSpec } from '../../src/credentials/credential-spec.js'
import { startSandbox, type Sandbox, type SandboxAccount } from '../../src/sandbox/sandbox.js'
import { enterEnvironment } from '../support/environment.js'
import { MemoryBook } from '../support/memory-book.js'
import { type Answer, CREDENTIAL, onePush, startProxy, type ProxyOptions, type TestProxy } from '../support/proxy.js'
import { refuseLeaks } from '../support/refuse-leaks.js'
import { scrape } from '../support/scrape.js'
import { startTokenService } from '../support/token-service.js'

const NORTH = { accessKeyId: 'LTAI5tNorthOfTheSuite', accessKeySecret: 'NorthSecretOfTheSuite0000000' }
const SOUTH = { accessKeyId: 'LTAI5tSouthOfTheSuite', accessKeySecret: 'SouthSecretOfTheSuite0000000' }
const keyPair = (pair: typeof NORTH): CredentialSpec => ({ kind: 'access-key', ...pair })

async function startCloudOf (t: Test, accounts: readonly SandboxAccount[]): Promise<Sandbox> {
  const cloud = await startSandbox({ accounts })
  t.teardown(async () => { await cloud.close() })
  return cloud
}

interface TwoPlants extends TestProxy {
  /** As a plant that is made with these policies when it first pushes. */
  readonly pushAs: (plant: string, policy: Record<string, unknown>, headers?: Record<string, string>) => Promise<Answer>
}

async function startPlants (t: Test, options: ProxyOptions): Promise<TwoPlants> {
  const proxy = await startProxy(t, options)
  t.teardown(() => { refuseLeaks(proxy.log, [NORTH.accessKeySecret, SOUTH.accessKeySecret, NORTH.accessKeyId, SOUTH.accessKeyId, 'OfTheSuite']) })
  const keys = new Map<string, string>()
  return Object.assign(proxy, {
    pushAs: async (plant: string, policy: Record<string, unknown>, headers: Record<string, string> = {}) => {
      if (!keys.has(plant)) {
        proxy.registry.addPlant(plant, policy)
        keys.set(plant, proxy.registry.createKey(plant, {}).key)
      }
      return await proxy.push(onePush, { 'x-api-key': keys.get(plant) ?? '', ...headers })
    }
  })
}

async function readyz ({ adminOrigin }: TestProxy): Promise<{ statusCode: number, json: any }> {
  const { statusCode, body } = await request(`${adminOrigin}/readyz`)
  return { statusCode, json: await body.json() }
}

async function until (isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 1000 && !isSo(); n++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

t.test('every kind of credential pushes, and the cloud verifies signature and token', async t => {
  const accounts: SandboxAccount[] = [NORTH]
  const cloud = await startCloudOf(t, accounts)
  const sts = await startTokenService(t, { keys: [SOUTH], oidcToken: 'token.of.the.suite', accounts })
  const home = enterEnvironment(t, { ALIBABA_CLOUD_ACCESS_KEY_ID: NORTH.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: NORTH.accessKeySecret })
  const session = { ...SOUTH, accessKeyId: 'STS.SessionOfTheSuite', securityToken: 'SessionTokenOfTheSuite' }
  accounts.push(session)
  for (const folder of ['.aliyun', '.alibabacloud']) mkdirSync(join(home, folder))
  writeFileSync(join(home, 'token'), 'token.of.the.suite')
  writeFileSync(join(home, '.aliyun', 'config.json'), JSON.stringify({ current: 'x', profiles: [{ name: 'x', mode: 'StsToken', access_key_id: session.accessKeyId, access_key_secret: session.accessKeySecret, sts_token: session.securityToken }] }))
  writeFileSync(join(home, '.alibabacloud', 'credentials'), `[default]\ntype = access_key\naccess_key_id = ${NORTH.accessKeyId}\naccess_key_secret = ${NORTH.accessKeySecret}\n`)
  const role = { roleArn: 'acs:ram::1:role/pushes', stsEndpoint: sts.origin }
  const specs: Record<string, CredentialSpec> = {
    'access-key': keyPair(NORTH),
    sts: { kind: 'sts', ...session },
    'ram-role': { kind: 'ram-role', ...SOUTH, ...role },
    'oidc-role': { kind: 'oidc-role', ...role, oidcProviderArn: 'acs:ram::1:oidc-provider/site', oidcTokenFile: join(home, 'token') },
    uri: { kind: 'uri', uri: sts.uri },
    'cli-profile': { kind: 'cli-profile' },
    'profile-file': { kind: 'profile-file' },
    default: { kind: 'default' }
  }
  const book = new MemoryBook(specs)
  const proxy = await startPlants(t, { cloud, book })
  for (const name of Object.keys(specs)) t.equal((await proxy.pushAs(name, { credential: name, delivery: 'relay' })).statusCode, 200, name)
  const issued = sts.issued.map(({ accessKeyId }) => accessKeyId)
  t.strictSame(cloud.received().map(({ accessKeyId }) => accessKeyId), [NORTH.accessKeyId, session.accessKeyId, ...issued, session.accessKeyId, NORTH.accessKeyId, NORTH.accessKeyId])
  const details = (await readyz(proxy)).json.details.credentials
  for (const name of Object.keys(specs)) t.match(details[name], ['ram-role', 'oidc-role', 'uri'].includes(name) ? /^valid until 20/ : 'valid', name)
  const samples = await scrape(proxy)
  t.equal(samples.get('credential_refreshes_total{credential="uri"}'), 1)
  const expiryOf = (name: string): string => `credential_expiry_timestamp_seconds{credential="${name}"}`
  t.ok((samples.get(expiryOf('ram-role')) ?? 0) > Date.now() / 1000 + 3500)
  book.set('ram-role', keyPair(NORTH))
  book.remove('uri')
  const later = await scrape(proxy)
  t.same(['ram-role', 'oidc-role', 'uri'].map(name => later.has(expiryOf(name))), [false, true, false], 'what is not in use any more warns nobody of its end')
})

t.test('a credential that is not there: relay plants hear 503, the others are stored, alarm, log and readiness name it; once it is there all goes on', async t => {
  const cloud = await startCloudOf(t, [CREDENTIAL, NORTH])
  const book = new MemoryBook({ default: keyPair(CREDENTIAL) })
  const proxy = await startPlants(t, { cloud, book })
  const refused = await proxy.pushAs('relays', { credential: 'north', delivery: 'relay' })
  t.match([refused.statusCode, refused.json().code, refused.headers['retry-after']], [503, 'Credentials.Unknown', '10'])
  t.notMatch(refused.text, /north/)
  for (const plant of ['stores', 'tries']) t.equal((await proxy.pushAs(plant, { credential: 'north', delivery: plant === 'stores' ? 'store' : 'relay-or-store' })).statusCode, 202)
  t.equal((await proxy.push(onePush)).statusCode, 200, 'the plants of the other account go on')
  const lineWith = (field: string): string | undefined => proxy.log.find(line => line.includes(field))
  await until(() => lineWith('"alarm":"unsent"') !== undefined)
  t.match(JSON.parse(lineWith('"alarm":"unsent"') ?? '{}'), { code: 'Credentials.Unknown', account: 'north' })
  t.match(JSON.parse(lineWith('that is not known') ?? '{}'), { credential: 'north', level: 50 })
  t.match(await readyz(proxy), { statusCode: 200, json: { details: { credentials: { default: 'valid', north: /^There is no credential of that name/ }, queue: { alarmCode: 'Credentials.Unknown' } } } })
  book.set('north', keyPair(NORTH))
  await until(() => cloud.received().length === 3)
  t.strictSame(cloud.received().map(({ accessKeyId }) => accessKeyId), [CREDENTIAL.accessKeyId, NORTH.accessKeyId, NORTH.accessKeyId])
  t.equal((await proxy.pushAs('relays', {})).statusCode, 200)
  t.match(await readyz(proxy), { json: { details: { credentials: { north: 'valid' }, queue: { alarms: 0 } } } })
})

t.test('a wrong clock of this machine is named on the readiness page and in the log', async t => {
  const sts = await startTokenService(t, { keys: [NORTH], now: () => Date.now() - 86_400_000 })
  const book = new MemoryBook({ default: { kind: 'ram-role', ...NORTH, roleArn: 'acs:ram::1:role/pushes', stsEndpoint: sts.origin } })
  const proxy = await startPlants(t, { book })
  t.match(await readyz(proxy), { statusCode: 503, json: { reasons: [{ check: 'credentials', message: /^default: The token service refuses the time of this machine/ }] } })
  t.match(JSON.parse(proxy.log.find(line => line.includes('No RAM credential could be had')) ?? '{}'), { credential: 'default', error: { message: /set its clock right/ } })
})

t.test('a credential that was changed is tried at once, whatever the one before had to wait for', async t => {
  const cloud = await startCloudOf(t, [NORTH, SOUTH])
  const book = new MemoryBook({ north: keyPair(NORTH) })
  const proxy = await startPlants(t, { cloud, book })
  cloud.inject('throttles', { times: 1, retryAfterMs: 300_000 })
  t.equal((await proxy.pushAs('north', { credential: 'north', delivery: 'store' })).statusCode, 202)
  await until(() => cloud.attempts() === 1)
  await proxy.pushAs('north', {})
  book.set('north', keyPair(SOUTH))
  await until(() => cloud.received().length > 0)
  t.equal(cloud.received()[0]?.accessKeyId, SOUTH.accessKeyId)
})

t.test('when no credential that plants use is to be had the proxy is not ready, and says of each why', async t => {
  const book = new MemoryBook({ north: { kind: 'sts', ...NORTH, securityToken: 'NorthTokenOfTheSuite', expiresAt: '2020-01-01T00:00:00Z' } })
  const proxy = await startPlants(t, { book, policy: { credential: 'north' } })
  t.match(await readyz(proxy), { statusCode: 503, json: { reasons: [{ check: 'credentials', message: /^north: The session that was set up has expired/ }] } })
  t.equal((await proxy.pushAs('relays', { credential: 'north', delivery: 'relay' })).json().code, 'Credentials.Unavailable')
  t.ok((await scrape(proxy)).get('credential_failures_total{credential="north"}'))
  t.match(JSON.parse(proxy.log.find(line => line.includes('No RAM credential could be had')) ?? '{}'), { credential: 'north', error: { message: /expired/ } })
})

t.test('an account that the cloud refuses keeps its pushes, and the plants of another are relayed all the while', async t => {
  const cloud = await startCloudOf(t, [{ ...NORTH, refusedWith: 'Forbidden.RAM' }, SOUTH])
  const proxy = await startPlants(t, { cloud, book: new MemoryBook({ north: keyPair(NORTH), south: keyPair(SOUTH) }) })
  for (let n = 0; n < 20; n++) {
    t.equal((await proxy.pushAs('north', { credential: 'north' })).statusCode, 202)
    t.equal((await proxy.pushAs('south', { credential: 'south' })).statusCode, 200)
  }
  t.equal(cloud.received().every(({ accessKeyId }) => accessKeyId === SOUTH.accessKeyId), true)
})

t.test('a credential may have an endpoint and a signed host of its own, and a dry run shows them', async t => {
  const [cloud, other] = [await startCloudOf(t, [CREDENTIAL]), await startCloudOf(t, [NORTH])]
  const specs: Record<string, CredentialSpec> = {
    default: keyPair(CREDENTIAL),
    north: { ...keyPair(NORTH), endpoint: other.origin, signedHost: 'energyexpertexternal.ap-southeast-1.aliyuncs.com' },
    far: { ...keyPair(NORTH), region: 'ap-southeast-1' },
    mapped: { ...keyPair(NORTH), region: 'ap-southeast-1', endpoint: 'https://10.10.10.100:9988' },
    open: { ...keyPair(NORTH), endpoint: 'http://10.10.10.100:9988' },
    nowhere: { ...keyPair(NORTH), region: 'atlantis-1' }
  }
  const proxy = await startPlants(t, { cloud, book: new MemoryBook(specs) })
  t.equal((await proxy.pushAs('north', { credential: 'north', delivery: 'relay' })).statusCode, 200)
  t.equal((await proxy.push(onePush)).statusCode, 200)
  t.equal(other.received()[0]?.headers['host'], 'energyexpertexternal.ap-southeast-1.aliyuncs.com')
  t.strictSame([cloud.received().length, other.received().length], [1, 1])
  const path = '/api/v1/data/increment/push'
  const shown = async (plant: string): Promise<Array<string | undefined>> => {
    const { request } = (await proxy.pushAs(plant, { credential: plant }, { 'x-dry-run': 'true' })).json()
    return [request?.url, request?.headers.host]
  }
  t.strictSame(await shown('north'), [other.origin + path, 'energyexpertexternal.ap-southeast-1.aliyuncs.com'])
  t.strictSame(await shown('far'), [`https://energyexpertexternal.ap-southeast-1.aliyuncs.com${path}`, 'energyexpertexternal.ap-southeast-1.aliyuncs.com'])
  t.strictSame(await shown('mapped'), [`https://10.10.10.100:9988${path}`, 'energyexpertexternal.ap-southeast-1.aliyuncs.com'])
  for (const plant of ['open', 'nowhere']) {
    t.equal((await proxy.pushAs(plant, { credential: plant, delivery: 'relay' })).json().code, 'Credentials.Unavailable', plant)
    t.equal((await proxy.pushAs(plant, {}, { 'x-dry-run': 'true' })).json().code, 'Credentials.Unavailable', plant)
  }
  t.equal((await proxy.pushAs('lost', { credential: 'lost' }, { 'x-dry-run': 'true' })).json().code, 'Credentials.Unknown')
})

t.test('what waits of a plant that was removed goes to no account where there are several', async t => {
  const cloud = await startCloudOf(t, [CREDENTIAL, NORTH])
  const book = new MemoryBook({ default: keyPair(CREDENTIAL) })
  const proxy = await startPlants(t, { cloud, book })
  book.set('south', keyPair(SOUTH))
  await proxy.pushAs('north', { credential: 'north' })
  proxy.registry.removePlant('north', { force: true })
  book.set('north', keyPair(NORTH))
  await until(() => proxy.log.some(line => line.includes('"account":"(none)"')))
  t.match(await readyz(proxy), { json: { details: { queue: { waiting: 1, alarmCode: 'Credentials.Unknown' } } } })
  t.equal(cloud.received().length, 0)
  proxy.registry.addPlant('north', { credential: 'north' })
  await until(() => cloud.received().length === 1)
  t.strictSame(cloud.received().map(({ accessKeyId }) => accessKeyId), [NORTH.accessKeyId])
  t.match(await readyz(proxy), { json: { details: { queue: { alarms: 0 } } } })
})
