import t from 'tap'
import { systemClock, type Clock } from '../../src/clock.js'
import type { CredentialSpec } from '../../src/credentials/credential-spec.js'
import { startSandbox, type SandboxAccount } from '../../src/sandbox/sandbox.js'
import { MemoryBook } from '../support/memory-book.js'
import { CREDENTIAL, onePush, startProxy, type Answer } from '../support/proxy.js'
import { scrape } from '../support/scrape.js'
import { startTokenService } from '../support/token-service.js'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
const keyPair: CredentialSpec = { kind: 'access-key', ...CREDENTIAL }
const pushAt = (recordTime: string | undefined): object => ({ deviceType: '1', devices: [{ deviceId: 'meter-in-no-log', ...(recordTime === undefined ? undefined : { recordTime }), data: { Ua: '226.0' } }] })

async function until (isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 1500 && !isSo(); n++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

for (const offMs of [DAY_MS, -DAY_MS]) {
  t.test(`where the cloud's clock is ${offMs / DAY_MS} day off, record times and arrivals go by it, with a key pair and with a role`, async t => {
    const accounts: SandboxAccount[] = [CREDENTIAL]
    const cloud = await startSandbox({ accounts, now: () => Date.now() + offMs })
    t.teardown(async () => { await cloud.close() })
    const sts = await startTokenService(t, { keys: [CREDENTIAL], accounts })
    const role: CredentialSpec = { kind: 'ram-role', ...CREDENTIAL, roleArn: 'acs:ram::1:role/pushes', stsEndpoint: sts.origin }
    const proxy = await startProxy(t, { cloud, book: new MemoryBook({ default: keyPair, role, unused: role }) })
    const cloudAt = (minutes: number): string => new Date(Date.now() + offMs + minutes * 60_000).toISOString()
    for (const credential of ['default', 'role']) {
      proxy.registry.addPlant(credential, { credential, maxAge: '12h', maxFuture: '10m', defaultTime: 'arrival', delivery: 'relay' })
      proxy.registry.addPlant(`${credential}-open`, { credential, delivery: 'relay' })
      const headers = { 'x-api-key': proxy.registry.createKey(credential, {}).key }
      t.equal((await proxy.push(pushAt(cloudAt(5)), headers)).statusCode, 400, 'nothing is known of the cloud\'s clock yet')
      t.equal((await proxy.push(onePush, { 'x-api-key': proxy.registry.createKey(`${credential}-open`, {}).key })).statusCode, 200)
      t.equal((await proxy.push(pushAt(cloudAt(5)), headers)).statusCode, 200)
      t.match((await proxy.push(pushAt(cloudAt(30)), headers)).json(), { errors: [{ message: /ahead of the proxy's clock/ }] })
      t.equal((await proxy.push(pushAt(new Date().toISOString()), headers)).statusCode, 400, 'the machine\'s own time is a day off')
      t.equal((await proxy.push(pushAt(undefined), headers)).statusCode, 200)
      const arrival = String(JSON.parse(cloud.received().at(-1)?.body ?? '').devices[0].recordTime)
      t.ok(Math.abs(Date.parse(`${arrival.replace(' ', 'T')}+08:00`) - Date.now() - offMs) < 60_000, arrival)
    }
    const asked = sts.asked.length
    proxy.registry.addPlant('unused', { credential: 'unused', maxFuture: '10m' })
    const unused = { 'x-api-key': proxy.registry.createKey('unused', {}).key, 'x-dry-run': 'true' }
    t.equal((await proxy.push(pushAt(new Date().toISOString()), unused)).statusCode, 200, 'by the machine\'s clock')
    t.equal(sts.asked.length, asked, 'to look at the clock opens no account')
  })
}

t.test('a machine whose clock is days off delivers with a key pair, and tells by how much', async t => {
  for (const offMs of [3 * DAY_MS, -3 * DAY_MS]) {
    const proxy = await startProxy(t, { clock: { ...systemClock, now: () => Date.now() + offMs }, policy: { delivery: 'relay' } })
    t.equal((await proxy.push(onePush)).statusCode, 200)
    const skew = (await scrape(proxy)).get('clock_skew_seconds{credential="default"}') ?? (await scrape(proxy)).get('clock_skew_seconds')
    t.ok(Math.abs((skew ?? 0) + offMs / 1000) < 5, String(skew))
  }
})

t.test('a clock that is set by a year in the middle, and back, wedges nothing', async t => {
  for (const byMs of [YEAR_MS, -YEAR_MS]) {
    let offMs = 0
    const clock: Clock = { ...systemClock, now: () => Date.now() + offMs }
    const accounts: SandboxAccount[] = [CREDENTIAL]
    const cloud = await startSandbox({ accounts })
    t.teardown(async () => { await cloud.close() })
    const service = await startTokenService(t, { accounts, now: () => clock.now() })
    const proxy = await startProxy(t, { cloud, clock, env: { QUEUE_WAIT_MAX_MS: '1000' }, book: new MemoryBook({ default: keyPair, uri: { kind: 'uri', uri: service.uri } }), policy: { delivery: 'relay', maxAge: '12h', maxFuture: '10m', defaultTime: 'arrival' } })
    const keys = new Map<string, string>()
    const pushAs = async (plant: string, policy: Record<string, unknown>, headers: Record<string, string> = {}, body: object = onePush): Promise<Answer> => {
      if (!keys.has(plant)) {
        proxy.registry.addPlant(plant, policy)
        keys.set(plant, proxy.registry.createKey(plant, {}).key)
      }
      return await proxy.push(body, { 'x-api-key': keys.get(plant) ?? '', ...headers })
    }
    const limited = { delivery: 'relay', requestsPerMinute: 2 }
    t.equal((await proxy.push(pushAt(undefined))).statusCode, 200)
    t.equal((await pushAs('uri', { credential: 'uri', delivery: 'relay' })).statusCode, 200)
    const first = await pushAs('keyed', { delivery: 'relay' }, { 'idempotency-key': 'one' })
    for (let n = 0; n < 2; n++) await pushAs('limited', limited)
    cloud.inject('isDown')
    t.equal((await pushAs('stores', { delivery: 'store' })).statusCode, 202)
    for (const jumpMs of [byMs, 0]) {
      offMs = jumpMs
      cloud.heal()
      const before = cloud.received().length
      await until(() => cloud.received().length > before)
      t.ok(cloud.received().length > before, 'what waited is delivered')
      t.equal((await proxy.push(pushAt(new Date().toISOString()))).statusCode, 200, 'bounds go by the cloud\'s clock')
      t.equal((await pushAs('uri', {})).statusCode, 200, 'the session is had anew, or serves on')
      t.equal((await pushAs('keyed', {}, { 'idempotency-key': 'one' })).headers['x-original-request-id'], first.headers['x-request-id'], 'a repeat stays one')
      t.equal((await pushAs('limited', {})).statusCode, 429, 'a minute stays a minute')
      cloud.inject('isDown')
      t.equal((await pushAs('stores', {})).statusCode, 202)
    }
    cloud.heal()
  }
})
