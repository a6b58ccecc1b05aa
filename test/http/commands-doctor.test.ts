import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openServer } from '../../src/sandbox/open-server.js'
import { certificate } from '../support/certificate.js'
import { CREDENTIAL, onePush, startProxy } from '../support/proxy.js'
import { projectPath } from '../support/project.js'
import { newEntry, startQueue, startThread } from '../support/queue.js'
import { runCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'
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
    CATALOG_FILE: put('catalog.csv', (await runHere(['catalog', 'template'], { folder, env })).stdout),
    CREDENTIALS_FILE: put('credentials.yaml', 'north: { kind: ecs-role }\n'),
    MASTER_KEY_FILE: join(folder, 'master.key')
  }
  await runHere(['credentials', 'init-key', settings.MASTER_KEY_FILE], { folder, env })
  const proxy = await startProxy(t, { dataDir, cloud })
  const filesBefore = readdirSync(dataDir).sort()
  const { code, lines, faults, warnings } = await examine({ ...settings, ADMIN_PORT: new URL(proxy.adminOrigin).port }, [], runCommand)
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

t.test('what answers at ADMIN_PORT in the proxy\'s place is never taken for it', async t => {
  const { examine, cloud, dataDir } = await openClinic(t)
  await startProxy(t, { dataDir, cloud })
  let answer: readonly [statusCode: number, text: string] = [200, '']
  const { port, close } = await openServer({ host: '127.0.0.1', port: 0, tls: undefined }, (_, response) => { response.writeHead(answer[0], { 'content-type': 'application/json' }).end(answer[1]) })
  t.teardown(close)
  const answers: ReadonlyArray<typeof answer> = [[200, '{}'], [200, '{"status":"ok"}'], [503, '{"reasons":[null]}'], [503, '{"reasons":"x"}'], [503, `{"status":"not-ready","reasons":[{"check":"${'x'.repeat(9_000)}","message":""}]}`], [200, '<html>']]
  for (answer of answers) {
    const { faults, lines } = await examine({ ADMIN_PORT: String(port) })
    t.strictSame(faults, ['readyz'], answer[1].slice(0, 60))
    t.match(lines['readyz'], /is no proxy of this kind \(status \d+\)\. .*look at ADMIN_HOST and ADMIN_PORT/)
  }
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
  await runHere(['credentials', 'init-key'], { folder, env: keyed })
  const added = await runHere(['credentials', 'add', 'default', '--kind', 'access-key', '--access-key-id', 'LTAI5tStoredAndUnknown', '--secret-stdin'], { folder, env: keyed, input: 'ASecretThatIsStored00000\n' })
  t.equal(added.code, 0, added.stderr)
  const keyless = await examine()
  t.strictSame(keyless.faults, ['stored'])
  t.match(keyless.lines, { stored: /Stored credentials need a master key: set MASTER_KEY_FILE/, credential: /^skipped: .*stored/ })
  const { lines } = await examine(keyed)
  t.match(lines, { stored: /^ok: One stored credential opens/, credential: /^ok: default \(access-key\): AccessKey id \*\*\*nown/, signature: /InvalidAccessKeyId\.NotFound/ })
})

t.test('a plant with a credential of its own has that one tried, at its own endpoint; one whose credential is not known is told', async t => {
  const { examine, folder, env, cloud } = await openClinic(t)
  const plants = async (...args: string[]): Promise<unknown> => (await runHere(['plants', ...args], { folder, env })).code
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
  t.equal((await runHere(['doctor', 'plant-1'], { folder, env })).code, 2)
})

t.test('a setting that cannot be read is the one fault, without its value; the rest is skipped', async t => {
  const { examine } = await openClinic(t)
  const { faults, lines } = await examine({ PORT: 'nonsense-value' })
  t.strictSame(faults, ['settings'])
  t.match(lines, { settings: /PORT must be a whole number from 0 to 65535/, credential: /^skipped: .*settings/, answer: /^skipped/ })
  t.notMatch(JSON.stringify(lines), /nonsense-value/)
})
