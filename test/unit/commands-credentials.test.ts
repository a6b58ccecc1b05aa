import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PlantsStore } from '../../src/store/plants-store.js'
import { formsOf, KEY_ID, openCredentialShell, SECRETS } from '../support/credential-shell.js'

t.test('the search for secrets finds one in any of its forms', async t => {
  for (const hidden of [`{"a":"${SECRETS.first}"}`, Buffer.from(`x${SECRETS.first}y`).toString('base64'), Buffer.from(`xy${SECRETS.first}`).toString('base64'), Buffer.from(SECRETS.first).toString('hex')]) {
    t.ok(formsOf(SECRETS.first).some(form => Buffer.from(hidden).includes(form)), hidden)
  }
})

t.test('a credential is added, listed, shown, tested, rotated, backed up and removed, and no secret of it is seen or lies in plain', async t => {
  const { folder, keyFile, run, json, put } = openCredentialShell(t)
  t.match(await run('credentials init-key'), { code: 0, stdout: /master\.key has a new master key/, stderr: '' })
  t.equal(statSync(keyFile).mode & 0o777, 0o600)
  const file = put('secret', `${SECRETS.first}\n`)
  t.match(await run(`credentials add north --kind access-key --access-key-id ${KEY_ID} --region ap-southeast-1 --secret-file ${file}`), { code: 0, stdout: /^Credential north, stored, .*accessKeySecret +\*\*\*\n/s, stderr: 'Give it to a plant with: plants set PLANT --credential north\n' })
  t.match(await json('credentials add south --kind sts --access-key-id STS.OfTheCommandLine9 --expires-at 2030-12-31T18:00:00Z --secret-stdin', `${SECRETS.first}\n${SECRETS.token}\n`), { name: 'south', kind: 'sts', fields: { accessKeyId: '***ine9', expiresAt: '2030-12-31T18:00:00Z' } })
  const shown = { accessKeyId: '***0001', accessKeySecret: '***', region: 'ap-southeast-1' }
  t.match(await json('credentials list'), [{ name: 'default', kind: 'default', from: 'built-in' }, { name: 'north', kind: 'access-key', from: 'stored', fields: shown, plants: [], problem: null }, { name: 'south' }])
  t.match((await run('credentials list')).stdout, /^NAME +KIND +ACCESS KEY +REGION OR ENDPOINT +FROM +CHANGED \(UTC\)\ndefault +default +built-in\nnorth +access-key +\*\*\*0001 +ap-southeast-1 +stored /)
  t.strictSame((await json('credentials show north')).fields, shown)
  t.match(await run('credentials test north'), { code: 0, stdout: /^north is good\. / })
  const rotated = await run(`credentials rotate north --access-key-id ${KEY_ID.replace('0001', '0002')} --secret-stdin`, SECRETS.second)
  t.match(rotated, { code: 0, stdout: /accessKeyId +\*\*\*0002\n.*region +ap-southeast-1|region +ap-southeast-1\n.*\*\*\*0002/s, stderr: 'A running server takes it over within a second.\n' })
  const renewed = await json('credentials rotate south --secret-stdin', `${SECRETS.second}\n${SECRETS.token}`)
  t.equal(renewed.fields.expiresAt, undefined, 'a token that goes takes its end along')
  t.match(await json(`credentials backup ${folder}/copy.db`), { credentials: 2, path: `${folder}/copy.db` })
  t.notOk(formsOf(SECRETS.second).some(form => readFileSync(join(folder, 'copy.db')).includes(form)))
  t.equal((await json('credentials add asked --kind uri --uri http://127.0.0.1:9/creds?key=TheTokenInTheAddress')).fields.uri, 'http://127.0.0.1:9/creds?***')
  t.match(await run('credentials remove south'), { code: 0, stdout: 'The credential south is removed.\n' })
  t.match(await run('credentials show south'), { code: 1, stdout: '', stderr: /^There is no credential "south"; "credentials list" shows which there are\.\n$/ })
})

t.test('a secret on the command line is refused with the reason, in every way to write it', async t => {
  const { run } = openCredentialShell(t)
  await run('credentials init-key')
  for (const flag of ['--access-key-secret', '--security-token', '--secret', '--token', '--password']) {
    for (const written of [[flag, SECRETS.first], [`${flag}=${SECRETS.first}`], [flag]]) {
      for (const command of [['add', 'north', '--kind', 'access-key', '--access-key-id', 'LTAI'], ['rotate', 'north']]) {
        if (written.length === 1 && command[0] === 'rotate') continue
        t.match(await run(['credentials', ...command, ...written], SECRETS.first), { code: 2, stdout: '', stderr: new RegExp(`^A secret on the command line can be read by every user .* so ${flag} is refused; `) })
      }
    }
    if (flag === '--security-token') break
  }
  t.match(await run(['credentials', 'add', 'north', '--kind', 'access-key', `--acces-key-secret=${SECRETS.first}`]), { code: 2, stderr: /unknown option '--acces-key-secret=\*\*\*'/ })
  t.equal((await run('credentials list --json')).stdout.match(/"name"/g)?.length, 1, 'nothing was stored')
})

t.test('wrong use is exit code 2 and what could not be done is 1, each with one sentence', async t => {
  const { dataDir, keyFile, folder, run, put } = openCredentialShell(t)
  const add = 'credentials add north --kind access-key --access-key-id LTAI5tNorth0000001'
  const rows: Array<readonly [line: string, code: number, sentence: RegExp]> = [
    [add, 1, /^There is no master key at .*; "credentials init-key" makes one/],
    ['credentials add Not_A_Name --kind ecs-role', 2, /^A credential's name has 1 to 63/],
    ['credentials add north --kind nothing', 2, /Allowed choices are access-key, sts/],
    ['credentials add north --kind ram-role --access-key-id LTAI --role-arn nonsense', 2, /^roleArn of north must be a role such as/],
    ['credentials add north --kind oidc-role --session-seconds 5', 2, /^roleArn of north is missing\. sessionSeconds of north must be a whole number from 900 to 43200\./],
    ['credentials add north --kind ecs-role --access-key-id LTAI', 2, /^accessKeyId of north is not known to the kind ecs-role, which takes roleName, region/],
    ['credentials rotate north --secret-stdin', 1, /^There is no credential "north"/],
    ['credentials rotate default --secret-stdin', 1, /^default is built in and has no secret/],
    ['credentials remove default', 1, /^default is built in/],
    ['credentials remove north', 1, /^There is no credential "north"/],
    ['credentials rekey', 2, /required option '--new-key-file <file>' not specified/],
    [`credentials init-key ${dataDir}/key`, 1, /lies in DATA_DIR/],
    [`credentials backup ${folder}/copy.db`, 1, /^There is no stored credential in /],
    ['credentials init-key', 0, /^$/],
    ['credentials init-key', 1, /is there already and stays as it is/],
    [add, 2, /^There is no terminal to ask for the AccessKey secret; use --secret-file FILE, or --secret-stdin\.$/m],
    ['credentials add machine --kind ecs-role', 0, /^Give it to a plant with: plants set PLANT --credential machine\n$/],
    ['credentials add machine --kind ecs-role', 1, /^There is a credential machine already; "credentials rotate machine"/],
    ['credentials rotate machine --secret-stdin', 2, /^A credential of the kind ecs-role has no secret to rotate/],
    [`credentials init-key ${folder}/other.key`, 1, /^Credentials are stored already, and a new key would not open them/]
  ]
  for (const [line, code, sentence] of rows) {
    const finished = await run(line)
    t.match({ code: finished.code, stderr: finished.stderr }, { code, stderr: sentence }, line)
    if (code !== 0) t.equal(finished.stdout, '', line)
  }
  put('master.key', readFileSync(keyFile, 'utf8'), 0o640)
  t.match(await run('credentials add south --kind ecs-role'), { code: 1, stderr: /^Others than its owner may read or write .*chmod 600 / })
})

t.test('a credential that a plant uses is removed only by force, and the list says who uses what', async t => {
  const { dataDir, run, json } = openCredentialShell(t)
  await run('credentials init-key')
  await run('credentials add machine --kind ecs-role')
  await run('plants add north')
  await run('plants add south')
  // The policy's own flag may come with another version: what counts is what is stored.
  const store = new PlantsStore(dataDir)
  store.updatePolicy('south', JSON.stringify({ credential: 'machine' }))
  store.close()
  t.match(await json('credentials list'), [{ name: 'default', plants: ['north'] }, { name: 'machine', plants: ['south'] }])
  t.match(await run('credentials remove machine'), { code: 1, stdout: '', stderr: /^machine is used by south; give that plant another credential first, or remove it with --force\.\n$/ })
  t.strictSame(await json('credentials remove machine --force'), { name: 'machine', removed: true, plants: ['south'] })
  t.match((await run('credentials list')).stderr, 'There is no credential machine, but south names it; add it, or change the plant with "plants set".\n')
})

t.test('declared credentials stand beside stored ones; one in both places is told, and the stored one can be removed', async t => {
  const { env, folder, run, json, put } = openCredentialShell(t)
  env['CREDENTIALS_FILE'] = put('credentials.yaml', 'declared: { kind: access-key, accessKeyId: LTAI5tDeclared0007, accessKeySecret: "${OF_ENVIRONMENT}" }\n') // eslint-disable-line no-template-curly-in-string
  env['OF_ENVIRONMENT'] = SECRETS.declared
  await run('credentials init-key')
  t.match(await json('credentials list'), [{ name: 'declared', from: 'declared', fields: { accessKeyId: '***0007' } }, { name: 'default' }])
  t.match(await run('credentials add declared --kind ecs-role'), { code: 1, stderr: 'declared is declared in CREDENTIALS_FILE; change it there.\n' })
  t.match(await run('credentials rotate declared --secret-stdin', 'x'), { code: 1, stderr: 'declared is declared in CREDENTIALS_FILE; change it there.\n' })
  t.match(await run('credentials remove declared'), { code: 1, stderr: 'declared is declared in CREDENTIALS_FILE; change it there.\n' })
  await run('credentials add both --kind ecs-role')
  put('credentials.yaml', 'both: { kind: ecs-role }\n')
  t.match((await run('credentials list')).stderr, /^both is both stored and declared/)
  t.match(await run('credentials remove both'), { code: 0 })
  put('credentials.yaml', `north: { kind: access-key, accessKeyId: LTAI, accessKeySecret: "${SECRETS.declared} and a blank" }\n`)
  t.match(await run('credentials list'), { code: 1, stdout: '', stderr: 'accessKeySecret of north must be visible ASCII characters without blanks.\n' })
  rmSync(join(folder, 'credentials.yaml'))
  t.match(await run('credentials list'), { code: 1, stdout: '', stderr: 'CREDENTIALS_FILE is not there.\n' })
})
