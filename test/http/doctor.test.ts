import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { certificate } from '../support/certificate.js'
import { CREDENTIAL, onePush, startProxy } from '../support/proxy.js'
import { projectPath } from '../support/project.js'
import { newEntry, startQueue, startThread } from '../support/queue.js'
import { runCommand } from '../support/run-command.js'
import { openClinic } from '../support/run-doctor.js'
import { fill, smallDisk } from '../support/small-disk.js'

const pair = (name: string): { TLS_CERT_FILE: string, TLS_KEY_FILE: string } => ({
  TLS_CERT_FILE: projectPath(`test/support/tls-plants/${name}.crt`),
  TLS_KEY_FILE: projectPath(`test/support/tls-plants/${name}.key`)
})

t.test('where all is well every line is ok and the exit code 0, beside a running proxy and with every file that can be named', async t => {
  const { folder, env, cloud, dataDir, examine } = await openClinic(t, { tls: certificate })
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const settings = {
    ...pair('first'),
    NODE_EXTRA_CA_CERTS: put('ca.crt', certificate.cert),
    CATALOG_FILE: put('catalog.csv', (await runCommand(['catalog', 'template'], { folder, env })).stdout),
    CREDENTIALS_FILE: put('credentials.yaml', 'north: { kind: ecs-role }\n'),
    MASTER_KEY_FILE: join(folder, 'master.key')
  }
  await runCommand(['credentials', 'init-key', settings.MASTER_KEY_FILE], { folder, env })
  const proxy = await startProxy(t, { dataDir, cloud })
  const filesBefore = readdirSync(dataDir).sort()
  const { code, lines, faults, warnings } = await examine({ ...settings, ADMIN_PORT: new URL(proxy.adminOrigin).port })
  t.strictSame({ code, faults, warnings }, { code: 0, faults: [], warnings: [] }, JSON.stringify(lines, null, 2))
  t.match(lines, {
    'data-dir': /^ok: .* can be written\./,
    'disk-sync': /^ok: A write is safe on disk after [\d.]+ ms\./,
    plants: /^ok: One plant may push\./,
    queue: /^ok: Nothing waits/,
    'plants-tls': /^ok: .* is good until 2099-12-31\./,
    catalog: /^ok: CATALOG_FILE holds 1 device types/,
    declared: /^ok: CREDENTIALS_FILE declares one credential\./,
    'master-key': /^ok/,
    credential: /^ok: default \(default, found in env\): AccessKey id \*\*\*uite, without an end/,
    endpoint: /^ok: Pushes go to https:\/\/127\.0\.0\.1:\d+\./,
    tls: /^ok: TLSv1\.3, verified for 127\.0\.0\.1 against the roots that Node brings along and NODE_EXTRA_CA_CERTS; the certificate is good until 2099-12-31\./,
    clock: /^ok/,
    permission: /^ok: energy:PushDeviceData is allowed; the empty push was refused as it should be \(InvalidDevices\)\./,
    server: /^ok: A proxy runs/,
    readyz: /^ok: It is ready\./,
    alarms: /^ok/
  })
  t.strictSame(readdirSync(dataDir).sort(), filesBefore, 'it leaves no file')
  t.equal(cloud.received().length, 0, 'and sends no push that could be taken')
})

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
  { what: 'a disabled AccessKey', account: 'InvalidAccessKeyId.Inactive', names: { signature: /^fault: The AccessKey is disabled\. .* Enable it/ } },
  { what: 'an expired session token', account: 'InvalidSecurityToken.Expired', names: { signature: /^fault: The session token is expired/ } },
  { what: 'a missing RAM permission', account: 'Forbidden.RAM', names: { signature: /^ok/, permission: /^fault: The credential may not call energy:PushDeviceData \(Forbidden\.RAM\)\. Give its RAM user or role the policy that "ram-policy" prints\./ } },
  { what: 'a missing RAM permission, in the other words', account: 'NoPermission', names: { permission: /^fault/ } }
]) {
  t.test(`${what} is the one fault, with its remedy`, async t => {
    const { examine } = await openClinic(t, account === undefined ? {} : { accounts: [{ ...CREDENTIAL, refusedWith: account }] })
    const { faults, lines } = await examine(env)
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
  t.match(unknown.lines, { tls: /is not trusted.* \(DEPTH_ZERO_SELF_SIGNED_CERT\) It is for .*IP Address:127\.0\.0\.1.*NODE_EXTRA_CA_CERTS/, answer: /^skipped: .*tls/ })
  writeFileSync(join(folder, 'ca.crt'), certificate.cert)
  const other = await examine({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.crt'), ENERGY_EXPERT_SIGNED_HOST: 'energyexpertexternal.ap-southeast-1.aliyuncs.com' })
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

t.test('an expired certificate of the plants\' port, and a key that is not its own', async t => {
  const { examine } = await openClinic(t)
  const expired = await examine(pair('expired'))
  t.strictSame(expired.faults, ['plants-tls'])
  t.match(expired.lines['plants-tls'], /expired on 2021-01-01\. Renew it/)
  const mixed = await examine({ ...pair('first'), TLS_KEY_FILE: pair('second').TLS_KEY_FILE })
  t.strictSame(mixed.faults, ['plants-tls'])
  t.match(mixed.lines['plants-tls'], /TLS_KEY_FILE is not the key of the certificate/)
})

t.test('a DATA_DIR that cannot be used is told, and the cloud is asked all the same', async t => {
  const { examine, folder } = await openClinic(t)
  writeFileSync(join(folder, 'file'), '')
  for (const dataDir of [join(folder, 'file'), join(folder, 'file', 'below')]) {
    const { faults, lines } = await examine({ DATA_DIR: dataDir })
    t.strictSame(faults, ['data-dir'])
    t.match(lines, { 'data-dir': /A part of the path is a file; point DATA_DIR at a directory\./, 'disk-space': /^skipped: .*data-dir/, plants: /^skipped/, queue: /^skipped/, server: /^skipped/, permission: /^ok/ })
  }
  const { faults, lines } = await examine({ DATA_DIR: join(folder, 'not', 'yet') })
  t.strictSame(faults, [])
  t.match(lines, { 'data-dir': /^ok: .*not\/yet is not there yet; the proxy makes it\./, plants: /^warning: There is no plant yet/ })
  t.strictSame(readdirSync(folder).filter(name => name === 'not'), [], 'looking makes nothing')
})

t.test('a disk that is nearly full, and one that cannot be written', async t => {
  const { examine } = await openClinic(t)
  const dataDir = smallDisk(t, 4)
  if (dataDir === undefined) {
    t.pass('only root may mount a disk of its own')
    return
  }
  const small = await examine({ DATA_DIR: dataDir })
  t.strictSame(small.faults, ['disk-space'])
  t.match(small.lines, { 'disk-space': /nearly full: \d MiB are free\. Free some space/, 'disk-sync': /^ok/ })
  fill(join(dataDir, 'filler'))
  const full = await examine({ DATA_DIR: dataDir })
  t.strictSame(full.faults, ['disk-space', 'disk-sync'])
  t.match(full.lines['disk-sync'], /The disk that holds DATA_DIR is full; free some space\./)
  execFileSync('mount', ['-o', 'remount,ro', dataDir])
  const fixed = await examine({ DATA_DIR: dataDir })
  t.strictSame(fixed.faults, ['data-dir'])
  t.match(fixed.lines['data-dir'], /The file system is read-only; point DATA_DIR at a disk that can be written\./)
})

t.test('parked pushes, those that wait and alarms are told, beside a running proxy and after its end', async t => {
  const { examine, cloud, dataDir } = await openClinic(t)
  const proxy = await startProxy(t, { dataDir, cloud })
  proxy.registry.setPlant('plant-1', { onRefusal: 'park' })
  cloud.inject('refuses', { times: 1, code: 'InvalidParameter', statusCode: 400 })
  t.equal((await proxy.push(onePush)).statusCode, 202)
  cloud.inject('refuses', { code: 'Forbidden.RAM' })
  proxy.registry.setPlant('plant-1', { delivery: 'store' })
  t.equal((await proxy.push(onePush)).statusCode, 202)
  const alarm = async (): Promise<boolean> => (await (await fetch(`${proxy.adminOrigin}/readyz`)).text()).includes('account-fault')
  for (let tries = 0; tries < 500 && !await alarm(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
  const running = await examine({ ADMIN_PORT: new URL(proxy.adminOrigin).port })
  t.strictSame([running.faults, running.warnings], [['permission'], ['parked', 'alarms']], JSON.stringify(running.lines))
  t.match(running.lines, {
    queue: /^ok: One push waits, the oldest since 2\d{3}-/,
    parked: /One record is parked, of plant-1\. "queue list" says why/,
    alarms: /One alarm of the queue: account-fault \(Forbidden\.RAM\) since 2\d{3}-/
  })
  await proxy.close()
  const stopped = await examine()
  t.match(stopped.lines, { queue: /One push waits/, parked: /One record is parked/, server: /^ok: No proxy runs/, readyz: /^skipped: No proxy runs/ })
})

t.test('a push that fails by itself at the head of its lane, and a queue that is full, are told by the disk alone', async t => {
  const { examine, dataDir } = await openClinic(t)
  const { log } = await startQueue(t, { dataDir, startThread })
  const { id } = await log.append(newEntry({ plant: 'plant-1', body: Buffer.alloc(600_000, 1) }))
  await log.noteFailure([id], { atMs: 1_700_000_000_000, inDoubt: false })
  const failing = await examine()
  t.strictSame([failing.faults, failing.warnings], [[], ['queue', 'failing']])
  t.match(failing.lines, { queue: /One push waits, the oldest since 2023-11-14T22:13:20\.000Z; the queue is 5\d % full\. Mend/, failing: /Pushes of plant-1, device type 1, fail while they are sent: once since 2023-11-14/ })
  await log.append(newEntry({ plant: 'plant-1', body: Buffer.alloc(600_000, 1) }))
  const full = await examine()
  t.strictSame(full.faults, ['queue'])
  t.match(full.lines['queue'], /The queue is full; .* or raise QUEUE_MAX_BYTES\./)
})

t.test('a proxy that runs and is not found at ADMIN_PORT is a fault', async t => {
  const { examine, cloud, dataDir } = await openClinic(t)
  await startProxy(t, { dataDir, cloud })
  const { faults, lines } = await examine({ ADMIN_PORT: '1' })
  t.strictSame(faults, ['readyz'])
  t.match(lines['readyz'], /A proxy runs, but http:\/\/127\.0\.0\.1:1\/readyz does not answer \(ECONNREFUSED\)/)
})

t.test('files that settings name are judged: catalog, declared credentials, master key', async t => {
  const { examine, folder } = await openClinic(t)
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  const { faults, lines } = await examine({
    CATALOG_FILE: put('catalog.csv', 'type,point\n1,\n'),
    CREDENTIALS_FILE: put('credentials.yaml', 'north: { kind: access-key, accessKeyId: LTAI5tNorth, accessKeySecret: "two words-of-a-secret" }\n'),
    MASTER_KEY_FILE: put('master.key', 'c2hvcnQ=\n')
  })
  t.strictSame(faults, ['catalog', 'declared', 'master-key'])
  t.match(lines, {
    catalog: /CATALOG_FILE cannot be used: /,
    declared: /accessKeySecret of north must be visible ASCII characters without blanks\. Mend CREDENTIALS_FILE/,
    'master-key': /does not hold a master key/,
    credential: /^skipped: .*declared/
  })
  t.notMatch(JSON.stringify(lines), /two words-of/)
  chmodSync(join(folder, 'master.key'), 0o644)
  t.match((await examine({ MASTER_KEY_FILE: join(folder, 'master.key') })).lines['master-key'], /chmod 600/)
})

t.test('stored credentials without the key that opens them are a fault; with it one takes the place of the default chain', async t => {
  const { examine, folder, env } = await openClinic(t)
  const keyed = { ...env, MASTER_KEY_FILE: join(folder, 'master.key') }
  await runCommand(['credentials', 'init-key'], { folder, env: keyed })
  const added = await runCommand(['credentials', 'add', 'default', '--kind', 'access-key', '--access-key-id', 'LTAI5tStoredAndUnknown', '--secret-stdin'], { folder, env: keyed, input: 'ASecretThatIsStored00000\n' })
  t.equal(added.code, 0, added.stderr)
  const keyless = await examine()
  t.strictSame(keyless.faults, ['stored'])
  t.match(keyless.lines, { stored: /Stored credentials need a master key: set MASTER_KEY_FILE/, credential: /^skipped: .*stored/ })
  const { lines } = await examine(keyed)
  t.match(lines, { stored: /^ok: One stored credential opens/, credential: /^ok: default \(access-key\): AccessKey id \*\*\*nown/, signature: /InvalidAccessKeyId\.NotFound/ })
})

t.test('a plant with a credential of its own has that one tried, at its own endpoint; one whose credential is not known is told', async t => {
  const { examine, folder, env, cloud } = await openClinic(t)
  const plants = async (...args: string[]): Promise<unknown> => (await runCommand(['plants', ...args], { folder, env })).code
  t.strictSame([await plants('add', 'north', '--credential', 'north'), await plants('add', 'south', '--credential', 'south')], [0, 0])
  writeFileSync(join(folder, 'credentials.yaml'), `north: { kind: access-key, accessKeyId: ${CREDENTIAL.accessKeyId}, accessKeySecret: ${CREDENTIAL.accessKeySecret}, endpoint: "${cloud.origin}" }\n`, { mode: 0o600 })
  const settings = { CREDENTIALS_FILE: join(folder, 'credentials.yaml'), ENERGY_EXPERT_ENDPOINT: 'http://127.0.0.1:9' }
  const { lines: north } = await examine(settings, ['--plant', 'north'])
  t.match(north, { plants: /^ok: The plant north may push, with the credential north\./, credential: /^ok: north \(access-key\)/, endpoint: /^ok: Pushes go to http:/, permission: /^ok/ })
  const south = await examine(settings, ['--plant', 'south'])
  t.strictSame(south.faults, ['credential'])
  t.match(south.lines, { endpoint: /^skipped: .*credential/, permission: /^skipped/ })
  t.match(south.lines['credential'], /The plant's credential south is not known\. "credentials add south" stores one/)
  const any = await examine({}, [])
  t.match(any.lines, { plants: /3 plants may push\. They use 3 credentials; here default is tried/, permission: /^ok/ })
})

t.test('an unknown plant is a fault, and where its pushes would go is not guessed; a known one has its credential tried', async t => {
  const { examine, folder, env } = await openClinic(t)
  const unknown = await examine({}, ['--plant', 'plant-2'])
  t.strictSame(unknown.faults, ['plants'])
  t.match(unknown.lines, { plants: /There is no plant "plant-2"; did you mean plant-1\?/, credential: /^skipped: .*plants/, endpoint: /^skipped: .*credential/, dns: /^skipped: .*endpoint/, permission: /^skipped/ })
  t.match((await examine({}, ['--plant', 'plant-1'])).lines, { plants: /^ok: The plant plant-1 may push/, permission: /^ok/ })
  t.equal((await runCommand(['doctor', 'plant-1'], { folder, env })).code, 2)
})

t.test('a setting that cannot be read is the one fault, without its value; the rest is skipped', async t => {
  const { examine } = await openClinic(t)
  const { faults, lines } = await examine({ PORT: 'nonsense-value' })
  t.strictSame(faults, ['settings'])
  t.match(lines, { settings: /PORT must be a whole number from 0 to 65535/, credential: /^skipped: .*settings/, answer: /^skipped/ })
  t.notMatch(JSON.stringify(lines), /nonsense-value/)
})
