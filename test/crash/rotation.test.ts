import { join } from 'node:path'
import t from 'tap'
import type { CredentialSpec } from '../../src/credentials/credential-spec.js'
import { startSandbox, type SandboxAccount } from '../../src/sandbox/sandbox.js'
import { MemoryBook } from '../support/memory-book.js'
import { startProxy } from '../support/proxy.js'
import { startTokenService } from '../support/token-service.js'

const [PUSHES, ROTATIONS] = process.env['CRASH_ROUNDS'] === undefined ? [500, 10] : [10_000, 50]
const SENDERS = 16
const TRIES_MAX = 200

const pairOf = (name: string, n: number): { accessKeyId: string, accessKeySecret: string } => ({ accessKeyId: `LTAI5t${name}Rotated${n}`, accessKeySecret: `${name}SecretOfTheRotation${n}x` })

/** Plants by what sends for them: keys, roles that are asked for with keys or with an OIDC token, and a credentials URI; each in every way of delivery. */
const PLANTS = ['keys', 'roles', 'oidc', 'uri'].flatMap(credential => ['relay', 'relay-or-store', 'store'].map(delivery => ({ name: `${credential}-${delivery}`, credential, delivery })))

t.test(`${PUSHES} pushes while keys, roles and sessions of every service are rotated ${ROTATIONS} times: each is delivered, stored or told to come again, and none is lost`, async t => {
  // Whatever is not in here any more is refused at once: the old key is deleted in the moment in which the new one takes over.
  const accounts: SandboxAccount[] = [pairOf('Keys', 0)]
  const mayAssume = [pairOf('Roles', 0)]
  const arrived = new Map<string, number>()
  const cloud = await startSandbox({
    accounts,
    onReceived: ({ push }) => {
      // The sandbox verified that these are device records.
      for (const { deviceId } of push.devices as Array<{ deviceId: string }>) arrived.set(deviceId, (arrived.get(deviceId) ?? 0) + 1)
    }
  })
  t.teardown(async () => { await cloud.close() })
  const sts = await startTokenService(t, { keys: mayAssume, oidcToken: 'token-of-the-rotation', accounts })
  const oidcTokenFile = join(t.testdir({ token: 'token-of-the-rotation' }), 'token')
  const roleOf = (n: number): CredentialSpec => ({ kind: 'ram-role', ...pairOf('Roles', n), roleArn: `acs:ram::1:role/pushes-${n}`, stsEndpoint: sts.origin })
  const oidcOf = (n: number): CredentialSpec => ({ kind: 'oidc-role', roleArn: `acs:ram::1:role/oidc-${n}`, oidcProviderArn: 'acs:ram::1:oidc-provider/plants', oidcTokenFile, stsEndpoint: sts.origin })
  const uriOf = (n: number): CredentialSpec => ({ kind: 'uri', uri: `${sts.uri}?rotation=${n}` })
  const book = new MemoryBook({ keys: { kind: 'access-key', ...pairOf('Keys', 0) }, roles: roleOf(0), oidc: oidcOf(0), uri: uriOf(0) })
  // So long that no push is in doubt on a machine that hardly runs: it would arrive twice by right, and meet several rotations.
  const proxy = await startProxy(t, { cloud, book, env: { LOG_LEVEL: 'info', RELAY_TIMEOUT_MS: '120000' } })
  const keys = PLANTS.map(({ name, credential, delivery }) => {
    proxy.registry.addPlant(name, { credential, delivery, requestsPerMinute: 0 })
    return proxy.registry.createKey(name, {}).key
  })

  function rotate (n: number): void {
    accounts.push(pairOf('Keys', n))
    mayAssume.push(pairOf('Roles', n))
    book.set('keys', { kind: 'access-key', ...pairOf('Keys', n) })
    book.set('roles', roleOf(n))
    book.set('oidc', oidcOf(n))
    book.set('uri', uriOf(n))
    const issued = new Set(sts.issued.map(({ accessKeyId }) => accessKeyId))
    const gone = accounts.filter(({ accessKeyId }) => accessKeyId === pairOf('Keys', n - 1).accessKeyId || issued.has(accessKeyId))
    for (const account of gone) accounts.splice(accounts.indexOf(account), 1)
    mayAssume.shift()
  }

  const answers = new Map<string, number>()
  let begun = 0
  async function sendOne (n: number): Promise<void> {
    const body = { deviceType: '1', devices: [{ deviceId: `device-${n}`, recordTime: '2026-01-01 00:00:00', data: { Ua: '226.0' } }] }
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { statusCode, json } = await proxy.push(body, { 'x-api-key': keys[n % keys.length] ?? '' })
      const told = statusCode < 300 ? String(statusCode) : json().code
      answers.set(told, (answers.get(told) ?? 0) + 1)
      if (statusCode !== 503) return
      await new Promise(resolve => { setTimeout(resolve, 20) })
    }
  }
  let rotations = 0
  await Promise.all(Array.from({ length: SENDERS }, async () => {
    while (begun < PUSHES) {
      const n = begun++
      if (n > rotations * PUSHES / ROTATIONS) rotate(++rotations)
      await sendOne(n)
    }
  }))
  t.equal(rotations, ROTATIONS)
  for (let n = 0; n < 6000 && arrived.size < PUSHES; n++) await new Promise(resolve => { setTimeout(resolve, 10) })
  t.equal(arrived.size, PUSHES, 'none is lost')
  t.strictSame([...arrived].filter(([, times]) => times > 1), [], 'a refusal of the old key is no doubt: nothing arrives twice')
  t.strictSame([...answers.keys()].filter(told => !['200', '202', 'Credentials.Unavailable'].includes(told)), [], 'and nobody hears that the account is at fault')
  t.equal(sts.asked.length <= 6 * (ROTATIONS + 1), true, `${sts.asked.length} questions to the token service`)
})
