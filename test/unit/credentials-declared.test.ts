import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readDeclared, type DeclaredCredentials } from '../../src/credentials/read-declared.js'
import { random } from '../support/queue-ledger.js'

const SECRET = 'Secret0fADeclaredCredential'
const ENVIRONMENT = { PLANT_SECRET: SECRET, EMPTY: '', LOOKS_LIKE: 'file:/etc/hostname', NESTED: '${PLANT_SECRET}' } // eslint-disable-line no-template-curly-in-string

function declare (t: Test, text: string | Buffer, files: Record<string, string> = {}): DeclaredCredentials & { folder: string, file: string } {
  const folder = t.testdir({})
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content, { mode: 0o600 })
  const file = join(folder, 'credentials.yaml')
  writeFileSync(file, typeof text === 'string' ? text.replaceAll('FOLDER', folder) : text, { mode: 0o600 })
  return { ...readDeclared(file, { environment: ENVIRONMENT, allowHttp: false }), folder, file }
}

/** The faults of a text; none of them may quote a value. */
function faultsOf (t: Test, text: string): readonly string[] {
  const { faults, specs } = declare(t, text)
  t.notMatch(faults.join('\n'), SECRET)
  if (faults.length > 0) t.equal(specs.size, 0, 'a file with a fault declares nothing')
  return faults
}

const pair = (lines: string): string => `north:\n  kind: access-key\n  accessKeyId: LTAI5tDeclared0001\n${lines.replace(/^/gm, '  ')}\n`

t.test('a file names credentials of every kind, with secrets from the environment and from files', async t => {
  const { specs, faults, warnings, files, folder, file } = declare(t, [
    'north:',
    '  kind: access-key',
    '  accessKeyId: LTAI5tDeclared0001',
    '  accessKeySecret: ${PLANT_SECRET}', // eslint-disable-line no-template-curly-in-string
    '  region: ap-southeast-1',
    'south: { kind: sts, accessKeyId: STS.Declared0002, accessKeySecret: "file:FOLDER/secret", securityToken: "file:FOLDER/token", expiresAt: 2030-12-31T18:00:00Z }',
    'west: { kind: ram-role, accessKeyId: LTAI5tDeclared0003, accessKeySecret: "file:FOLDER/secret", roleArn: "acs:ram::1234567890123456:role/energy", sessionSeconds: 900 }',
    'oidc: { kind: oidc-role, roleArn: "acs:ram::1234567890123456:role/energy", oidcProviderArn: "acs:ram::1234567890123456:oidc-provider/k8s", oidcTokenFile: /var/run/token }',
    'machine: { kind: ecs-role }',
    'asked: { kind: uri, uri: "http://127.0.0.1:9/$${HOST}" }', // eslint-disable-line no-template-curly-in-string
    'cli: { kind: cli-profile, profile: energy }',
    'ini: { kind: profile-file }',
    'default: { kind: ecs-role, roleName: energy }'
  ].join('\n'), { secret: `${SECRET}-of-file\n`, token: 'a-token\r\n' })
  t.strictSame([...faults, ...warnings], [])
  t.strictSame(files, [file, join(folder, 'secret'), join(folder, 'token')])
  t.strictSame([...specs.keys()], ['north', 'south', 'west', 'oidc', 'machine', 'asked', 'cli', 'ini', 'default'])
  t.match(specs.get('north'), { kind: 'access-key', accessKeySecret: SECRET, region: 'ap-southeast-1' })
  t.match(specs.get('south'), { accessKeySecret: `${SECRET}-of-file`, securityToken: 'a-token', expiresAt: '2030-12-31T18:00:00Z' })
  t.equal(specs.get('west')?.kind === 'ram-role' && specs.get('west')?.kind, 'ram-role')
  t.match(specs.get('asked'), { uri: 'http://127.0.0.1:9/${HOST}' }, 'a doubled $ stands for itself') // eslint-disable-line no-template-curly-in-string
  for (const empty of ['', '# nothing yet\n', '{}']) t.strictSame({ ...declare(t, empty), files: [], folder: '', file: '' }, { specs: new Map(), faults: [], warnings: [], files: [], folder: '', file: '' })
})

t.test('every fault names the credential and the field, and no value', async t => {
  /* eslint-disable no-template-curly-in-string */
  const cases: ReadonlyArray<readonly [text: string, fault: RegExp]> = [
    [pair(''), /^accessKeySecret of north is missing\.$/],
    [pair('accessKeySecret: ${NOT_SET}'), /^accessKeySecret of north names a variable of the environment that is not set\.$/],
    [pair('accessKeySecret: ${EMPTY}'), /that is not set/],
    [pair(`accessKeySecret: \${${SECRET}}`), /^accessKeySecret of north names a variable/],
    [pair(`accessKeySecret: file:/${SECRET}`), /^accessKeySecret of north names a file that is not there\.$/],
    [pair('accessKeySecret: file:secret'), /^accessKeySecret of north must name its file by an absolute path/],
    [pair('accessKeySecret: file:FOLDER/gone'), /^accessKeySecret of north names a file that is not there\.$/],
    [pair('accessKeySecret: file:FOLDER'), /names a file that is no ordinary file\.$/],
    [pair(`accessKeySecret: "${SECRET} with blanks"`), /^accessKeySecret of north must be visible ASCII characters without blanks\.$/],
    [pair('accessKeySecret: 12345678901234567890'), /^accessKeySecret of north must be text of 1 to 4096 characters, in quotes where it looks like a number\.$/],
    [pair(`accessKeySecret: "${SECRET.repeat(200)}"`), /^accessKeySecret of north must be text of 1 to 4096/],
    [pair(`accessKeySecret: [${SECRET}]`), /^accessKeySecret of north must be text/],
    [pair(`accessKeySecret: ${SECRET}\naccessKeyid: x`), /^accessKeyid of north is not known to the kind access-key, which takes accessKeyId, accessKeySecret, region/],
    [pair(`accessKeySecret: ${SECRET}\n${SECRET}: x`), /^A field of north is not known/],
    [pair(`accessKeySecret: ${SECRET}\nendpoint: http://10.0.0.1`), /^endpoint of north must be https:\/\//],
    [pair(`accessKeySecret: ${SECRET}\nendpoint: https://h/${SECRET}`), /^endpoint of north must be an origin/],
    [pair(`accessKeySecret: ${SECRET}\nsignedHost: ${SECRET}/x`), /^signedHost of north must be a host name/],
    [pair(`accessKeySecret: ${SECRET}\nregion: ${SECRET}`), /^region of north must be a region id/],
    [`north: { kind: access-keys, accessKeySecret: ${SECRET} }`, /^The kind of north must be one of access-key, sts, /],
    [`north: ${SECRET}`, /^The credential north must be a mapping/],
    [`north: [${SECRET}]`, /^The credential north must be a mapping/],
    [`${SECRET}: { kind: ecs-role }`, /^A name in line 1 of CREDENTIALS_FILE cannot be used\. A credential's name has 1 to 63/],
    ['\n__proto__: { kind: ecs-role }', /^A name in line 2/],
    ['north: { kind: ram-role, roleArn: x, accessKeyId: LTAI, accessKeySecret: y, sessionSeconds: 60 }', /^roleArn of north must be a role such as .*|^sessionSeconds of north must be a whole number from 900 to 43200\.$/],
    ['north: { kind: oidc-role, roleArn: "acs:ram::1:role/a", oidcProviderArn: "acs:ram::1:oidc-provider/a", oidcTokenFile: "file:/a" }', /^oidcTokenFile of north must be the path alone, without file:/],
    ['north: { kind: uri, uri: "file:///etc/passwd" }', /^uri of north must be an address that begins with http/],
    ['north: { kind: uri, uri: "http://192.0.2.1/token" }', /^uri of north must be https:\/\/ \(http:\/\/ is for loopback alone/],
    ...[`https://user:${SECRET}@sts.example`, `user:${SECRET}@sts.example`, `https://sts.example/${SECRET}`, `sts.example/${SECRET}`].map((stsEndpoint): [string, RegExp] =>
      [`north: { kind: ram-role, roleArn: "acs:ram::1:role/a", accessKeyId: LTAI, accessKeySecret: y, stsEndpoint: "${stsEndpoint}" }`, /^stsEndpoint of north must be a host such as /])
  ]
  /* eslint-enable no-template-curly-in-string */
  for (const [text, fault] of cases) t.match(faultsOf(t, text)[0], fault, text.slice(0, 100))
  t.equal(faultsOf(t, pair('region: X\nendpoint: y')).length, 3, 'all of them at once')
  const many = faultsOf(t, Array.from({ length: 30 }, (_, n) => `n${n}: {}`).join('\n'))
  t.equal(many.length, 21)
  t.equal(many[20], 'There are 10 faults more.')
})

t.test('what the environment or a file holds is taken as it is, and refers to nothing further', async t => {
  const { specs, faults } = declare(t, 'a: { kind: ecs-role, roleName: "${LOOKS_LIKE}" }\nb: { kind: ecs-role, roleName: "${NESTED}" }\nc: { kind: ecs-role, roleName: "x-${PLANT_SECRET}-${PLANT_SECRET}" }') // eslint-disable-line no-template-curly-in-string
  t.strictSame(faults, [])
  t.strictSame([...specs.values()].map(spec => spec.kind === 'ecs-role' && spec.roleName), [ENVIRONMENT.LOOKS_LIKE, ENVIRONMENT.NESTED, `x-${SECRET}-${SECRET}`])
})

t.test('YAML that could mean anything else, or grow, is refused with its line, and not quoted', async t => {
  const cases: ReadonlyArray<readonly [text: string, fault: RegExp]> = [
    [`north: [${SECRET}`, /is no YAML that is understood here: BAD_INDENT in line 1/],
    [`a: { kind: ecs-role }\na: { kind: uri, uri: ${SECRET} }`, /DUPLICATE_KEY in line 2, column 1/],
    [`a: !!binary ${SECRET}`, /TAG_RESOLVE_FAILED in line 1/],
    [`a: !secret ${SECRET}`, /TAG_RESOLVE_FAILED/],
    [`? { ${SECRET}: 1 }\n: 2`, /NON_STRING_KEY/],
    [`a: { kind: ecs-role }\n--- ${SECRET}`, /MULTIPLE_DOCS/],
    [SECRET, /must hold a mapping/],
    [`- ${SECRET}`, /must hold a mapping/],
    ['a: *gone', /must hold a mapping of names to credentials, whose aliases stay within bounds/],
    [['a: &a [1,1,1,1,1,1,1,1,1,1]', ...['b', 'c', 'd', 'e', 'f'].map((name, n) => `${name}: &${name} [${Array(10).fill(`*${'abcde'[n] ?? ''}`).join(',')}]`)].join('\n'), /aliases stay within bounds/]
  ]
  for (const [text, fault] of cases) t.match(faultsOf(t, text)[0], fault, text.slice(0, 60))
  const shared = declare(t, 'north: &shared { kind: ecs-role, region: ap-southeast-1 }\nsouth: *shared\n')
  t.strictSame([...shared.specs.keys()], ['north', 'south'], 'an alias itself is welcome')
  t.match(declare(t, `# ${'x'.repeat(1_048_576)}`).faults, [/^CREDENTIALS_FILE is larger than 1048576 bytes\.$/])
  t.match(declare(t, Buffer.from([0x61, 0xff])).faults, [/^CREDENTIALS_FILE is no text in UTF-8\.$/])
  t.match(readDeclared(join(t.testdir({}), 'gone'), { environment: {}, allowHttp: false }).faults, ['CREDENTIALS_FILE is not there.'])
})

t.test('a file of nothing but nesting ends no process, and brackets within texts are none', async t => {
  const forms: ReadonlyArray<(depth: number) => string> = [
    depth => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`,
    depth => `a: ${'{ a: '.repeat(depth)}`,
    depth => '- '.repeat(depth),
    depth => '? '.repeat(depth),
    depth => Array.from({ length: depth }, (_, n) => `${' '.repeat(n)}a:`).join('\n')
  ]
  // Twice, since V8 compiles a pattern when it is used again, and ends the process where the stack has no room for that.
  for (const depth of [250, 1_400, 5_000, 1_400, 5_000]) {
    for (const form of forms) {
      const text = form(depth)
      if (text.length < 1_000_000) t.same(faultsOf(t, text), ['CREDENTIALS_FILE nests deeper than any credential does.'], `${text.slice(0, 8)} ${depth} deep`)
    }
  }
  const opened = '['.repeat(1_000)
  t.same(faultsOf(t, `${pair(`accessKeySecret: "${opened}"`)}${`south: { kind: ecs-role, roleName: '{${opened}' } # ${opened}`}`), [])
})

t.test('a secret that every user of the machine may read is used, with a warning that names its place', async t => {
  const folder = t.testdir({})
  const secret = join(folder, 'secret')
  const file = join(folder, 'credentials.yaml')
  const warningsOf = (text: string, mode: number, secretMode: number): readonly string[] => {
    writeFileSync(secret, SECRET)
    chmodSync(secret, secretMode)
    writeFileSync(file, text)
    chmodSync(file, mode)
    const { warnings, specs } = readDeclared(file, { environment: ENVIRONMENT, allowHttp: false })
    t.equal(specs.size, 1)
    t.notMatch(warnings.join(), SECRET)
    return warnings
  }
  t.match(warningsOf(pair(`accessKeySecret: file:${secret}`), 0o600, 0o644), [new RegExp(`^accessKeySecret of north names the file ${secret}, which every user of this machine may read or write`)])
  t.match(warningsOf(pair(`accessKeySecret: ${SECRET}`), 0o644, 0o600), [/^CREDENTIALS_FILE holds a secret of north itself, and every user of this machine may read or write it: chmod 600 /])
  t.strictSame(warningsOf(pair(`accessKeySecret: file:${secret}`), 0o644, 0o640), [], 'a file without a secret of its own may be open, a group may have the secret')
  t.strictSame(warningsOf(pair('accessKeySecret: ${PLANT_SECRET}'), 0o644, 0o600), []) // eslint-disable-line no-template-curly-in-string
})

t.test('a file with errors of any kind is told without its secrets, and never ends the process', async t => {
  const chance = random(20_260_101)
  const below = (n: number): number => Math.floor(chance() * n)
  const whole = `${pair(`accessKeySecret: ${SECRET}`)}south: { kind: sts, accessKeyId: a, accessKeySecret: "${SECRET}", securityToken: "${SECRET}" }\nb: &x { kind: uri, uri: "https://${SECRET}/" }\nc: *x\n`
  // eslint-disable-next-line no-template-curly-in-string
  const bits = [...'{}[]:,&*!|>%@`"\'#-? \n\t\0\u2028<~', SECRET, '__proto__', '---', '${X}', '$${', 'file:/', 'file:', '!!js', '*x', '&x', '<<: *x']
  let read = 0
  for (let round = 0; round < 1000; round++) {
    let text = whole
    for (let change = below(6); change >= 0; change--) {
      const at = below(text.length)
      text = text.slice(0, at) + (chance() < 0.5 ? bits[below(bits.length)] ?? '' : '') + text.slice(at + below(4))
    }
    const { specs, faults, warnings } = declare(t, text)
    if ([...faults, ...warnings].join('\n').includes(SECRET)) t.fail(JSON.stringify({ text, faults, warnings }))
    if (specs.size > 0) read++
  }
  t.ok(read > 50 && read < 950, `${read} of 1000 were still good`)
})
