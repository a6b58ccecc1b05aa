import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { certificate } from '../support/certificate.js'
import { CREDENTIAL } from '../support/proxy.js'
import { runCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'
import { openClinic } from '../support/run-doctor.js'

t.test('people read one line each, and how many faults there are on standard error', async t => {
  const { folder, env } = await openClinic(t)
  const { code, stdout, stderr } = await runCommand(['doctor', '--plant', 'plant-1'], { folder, env })
  t.equal(code, 0, stdout)
  t.equal(stderr, 'no faults, no warnings.\n')
  for (const line of stdout.trimEnd().split('\n')) t.match(line, /^(?:ok|skipped) +[a-z-]+ +[\w/].*\.$/)
})

t.test('without a credential the credential is the fault; clock and line are judged all the same', async t => {
  const { examine } = await openClinic(t)
  const { faults, lines } = await examine({ ALIBABA_CLOUD_ACCESS_KEY_ID: undefined, ALIBABA_CLOUD_ACCESS_KEY_SECRET: undefined })
  t.strictSame(faults, ['credential'])
  t.match(lines, { credential: /No source of RAM credentials answered; set ALIBABA_CLOUD_ACCESS_KEY_ID /, answer: /^ok/, clock: /^ok/, signature: /^skipped: .*credential/, permission: /^skipped/ })
})

for (const { what, env, account, names } of [
  { what: 'a wrong secret', env: { ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'AnotherSecretThanTheRightOne00' }, names: { signature: /^fault: The signature does not match\. \(SignatureDoesNotMatch\) The AccessKey secret is not that of the id/, permission: /^skipped: .*signature/ } },
  { what: 'an unknown AccessKey', env: { ALIBABA_CLOUD_ACCESS_KEY_ID: 'LTAI5tNobodyKnowsThisOne' }, names: { signature: /^fault: Alibaba Cloud does not know the AccessKey id\. \(InvalidAccessKeyId\.NotFound\)/, permission: /^skipped/ } },
  { what: 'a missing RAM permission', account: 'Forbidden.RAM', names: { signature: /^ok/, permission: /^fault: The credential may not call energy:PushDeviceData \(Forbidden\.RAM\)\. Give its RAM user or role the policy that "ram-policy" prints\./ } }
]) {
  t.test(`${what} is the one fault, with its remedy`, async t => {
    const { examine } = await openClinic(t, account === undefined ? {} : { accounts: [{ ...CREDENTIAL, refusedWith: account }] })
    // One of them in a process of its own, for its exit code.
    const { faults, lines } = await examine(env, [], account === undefined ? runHere : runCommand)
    t.strictSame(faults, Object.keys(names).filter(name => /fault/.test(String(names[name as keyof typeof names]))))
    t.match(lines, names)
  })
}

t.test('what says nothing of the account is a warning: a throttle, a cloud that is unwell, a code that is not known', async t => {
  const { examine, cloud } = await openClinic(t)
  for (const [fault, options, check, words] of [
    ['throttles', {}, 'signature', /The account is throttled \(Throttling\.User\)/],
    ['isDown', {}, 'signature', /Energy Expert is unwell \(InternalError\)/],
    ['refuses', { code: 'Account.Overdue', statusCode: 403 }, 'permission', /a code that is not known \(Account\.Overdue\)/]
  ] as const) {
    cloud.heal()
    cloud.inject(fault, options)
    const { faults, warnings, lines } = await examine()
    t.strictSame({ faults, warnings }, { faults: [], warnings: [check] })
    t.match(lines[check], words)
  }
})

t.test('a clock that is off by a day is a warning with an AccessKey, whose signatures are corrected, and a fault with a session', async t => {
  const account = { accessKeyId: 'STS.NTestSessionOfTheDoctor', accessKeySecret: 'SessionSecretOfTheDoctor0000', securityToken: 'SessionTokenOfTheDoctor00000' }
  const { examine, folder } = await openClinic(t, { now: () => Date.now() + 86_400_000, accounts: [CREDENTIAL, account] })
  const withKey = await examine()
  t.strictSame([withKey.faults, withKey.warnings], [[], ['clock']])
  t.match(withKey.lines, { clock: /is 24 h behind the cloud's\. Set it right: signatures are corrected/, permission: /^ok/ })
  writeFileSync(join(folder, 'credentials.yaml'), `default: { kind: sts, accessKeyId: ${account.accessKeyId}, accessKeySecret: ${account.accessKeySecret}, securityToken: ${account.securityToken} }\n`, { mode: 0o600 })
  const withSession = await examine({ CREDENTIALS_FILE: join(folder, 'credentials.yaml') })
  t.strictSame(withSession.faults, ['clock'])
  t.match(withSession.lines, { credential: /with a session token/, clock: /Set it right, and keep it so with a time service/, permission: /^ok/ })
})

t.test('an endpoint that refuses connections, or whose name nobody knows, is named; what builds upon it is skipped', async t => {
  const { examine, cloud } = await openClinic(t)
  await cloud.close()
  const refused = await examine()
  t.strictSame(refused.faults, ['tcp'])
  t.match(refused.lines, { tcp: /The endpoint refuses connections\. \(ECONNREFUSED\) Check ENERGY_EXPERT_ENDPOINT/, tls: /^skipped: .*tcp/, clock: /^skipped/, permission: /^skipped/, server: /^ok/ })
  const nameless = await examine({ ENERGY_EXPERT_ENDPOINT: 'https://no-such-name.invalid' })
  t.strictSame(nameless.faults, ['dns'])
  t.match(nameless.lines['dns'], /no-such-name\.invalid could not be resolved/)
})

t.test('a certificate of another name, and one that nobody vouches for, are told with whose they are', async t => {
  const { examine, folder } = await openClinic(t, { tls: certificate })
  const unknown = await examine()
  t.strictSame(unknown.faults, ['tls'])
  t.match(unknown.lines, { tls: /is not trusted.* \(DEPTH_ZERO_SELF_SIGNED_CERT\) It is for .*IP Address:127\.0\.0\.1.*CA_FILE/, answer: /^skipped: .*tls/ })
  writeFileSync(join(folder, 'ca.crt'), certificate.cert)
  const other = await examine({ CA_FILE: join(folder, 'ca.crt'), ENERGY_EXPERT_SIGNED_HOST: 'energyexpertexternal.ap-southeast-1.aliyuncs.com' })
  t.strictSame(other.faults, ['tls'])
  t.match(other.lines['tls'], /for another name than the signed host; .*\(ERR_TLS_CERT_ALTNAME_INVALID\) .* The certificate must be for energyexpertexternal\.ap-southeast-1\.aliyuncs\.com\./)
})

t.test('an endpoint that speaks no TLS, and one whose Host the gateway does not know', async t => {
  const { examine, cloud } = await openClinic(t)
  const plain = await examine({ ENERGY_EXPERT_ENDPOINT: cloud.origin.replace('http:', 'https:') })
  t.strictSame(plain.faults, ['tls'])
  t.match(plain.lines['tls'], /There was no TLS handshake .*Check that ENERGY_EXPERT_ENDPOINT is an https:\/\/ port/)
  const misnamed = await examine({ ENERGY_EXPERT_SIGNED_HOST: 'ecs.aliyuncs.com' })
  t.strictSame(misnamed.faults, ['signature'])
  t.match(misnamed.lines['signature'], /\(InvalidProduct\.NotFound\) Check ENERGY_EXPERT_REGION/)
})

t.test('a page of something in between, and a redirect, are no Energy Expert', async t => {
  const { examine, cloud } = await openClinic(t)
  for (const [fault, words] of [['isAnErrorPage', /status 502, a page in HTML\)\. Check ENERGY_EXPERT_ENDPOINT; a captive page/], ['redirects', /status 302/]] as const) {
    cloud.heal()
    cloud.inject(fault)
    const { faults, lines } = await examine()
    t.strictSame(faults, ['answer'])
    t.match(lines, { answer: words, clock: /^skipped: .*answer/ })
  }
})

t.test('a cloud that takes the empty push is a warning: nothing can be stored by it', async t => {
  const { examine } = await openClinic(t)
  const asked: string[] = []
  const server = createServer((request, response) => {
    request.on('data', chunk => { asked.push(String(chunk)) }).on('end', () => { response.end('{"requestId":"83A5A7DD-8974-5769-952E-590A97BEA34E","data":"success"}') })
    response.setHeader('x-acs-request-id', '83A5A7DD-8974-5769-952E-590A97BEA34E')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const address = server.address()
  const { faults, warnings, lines } = await examine({ ENERGY_EXPERT_ENDPOINT: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` })
  t.strictSame({ faults, warnings }, { faults: [], warnings: ['permission'] })
  t.match(lines['permission'], /The empty push was taken instead of refused/)
  t.strictSame(asked, ['{"deviceType":"1","devices":[]}'], 'one question, without a record')
})
