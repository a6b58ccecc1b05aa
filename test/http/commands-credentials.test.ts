import { execFile } from 'node:child_process'
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { formsOf, KEY_ID, openCredentialShell, SECRETS } from '../support/credential-shell.js'
import { PLAIN_NODE, projectPath, projectUrl } from '../support/project.js'
import { PROGRAM, runCommand, startCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

const execute = promisify(execFile)

t.test('a terminal is asked for the secret and echoes nothing of it', async t => {
  if (!await execute('python3', ['-c', 'import pty']).then(() => true, () => false)) {
    t.pass('python3 is not on this machine', { skip: true })
    return
  }
  const { folder, env, dataDir, keyFile, run } = openCredentialShell(t)
  await run('credentials init-key')
  // The prompt is waited for, as somebody would who types.
  const typist = [
    'import os, pty, sys',
    'pid, terminal = pty.fork()',
    'if pid == 0: os.execvpe(sys.argv[2], sys.argv[2:], os.environ)',
    'said, sent = b"", False',
    'while True:',
    '  try: piece = os.read(terminal, 4096)',
    '  except OSError: break',
    '  if not piece: break',
    '  said += piece',
    '  if not sent and b"not shown: " in said: sent = os.write(terminal, sys.argv[1].encode() + b"\\r") > 0',
    'sys.stdout.buffer.write(said)',
    'sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))'
  ].join('\n')
  const { stdout } = await execute('python3', ['-c', typist, SECRETS.first, ...PROGRAM, 'credentials', 'add', 'north', '--kind', 'access-key', '--access-key-id', KEY_ID], { cwd: folder, env, timeout: 30_000 })
  t.match(stdout, /^AccessKey secret, not shown: \r\nCredential north, stored/)
  t.notOk(formsOf(SECRETS.first).some(form => stdout.includes(form.toString('latin1'))))
  // What was typed is what is stored.
  const { stdout: stored } = await execute(PLAIN_NODE[0], [...PLAIN_NODE.slice(1), '--input-type=module', '-e', [
    `import { openConfiguredVault } from ${JSON.stringify(projectUrl('dist/src/credentials/credential-book.js').href)}`,
    `const vault = openConfiguredVault({ dataDir: ${JSON.stringify(dataDir)}, credentials: { masterKeyFile: ${JSON.stringify(keyFile)} }, allowHttp: false })`,
    'process.stdout.write(vault.list()[0].spec.accessKeySecret)'
  ].join('\n')])
  t.equal(stored, SECRETS.first)
})

t.test('a server does not start on a name in two places, a faulty file or credentials that it cannot open; one that runs keeps its own through a change of the key', async t => {
  const { env, folder, run, put } = openCredentialShell(t)
  await run('credentials init-key')
  await run('credentials add machine --kind ecs-role')
  const settings: Record<string, string> = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: 'http://127.0.0.1:9' }
  const { MASTER_KEY_FILE: _, ...keyless } = settings
  t.match(await runCommand(['serve'], { folder, env: keyless }), { code: 1, stderr: /^Stored credentials need a master key: set MASTER_KEY_FILE / })
  const declaring = { ...settings, CREDENTIALS_FILE: put('credentials.yaml', `machine: { kind: ecs-role }\nnorth: { kind: access-key, accessKeyId: LTAI, accessKeySecret: "${SECRETS.declared} and a blank" }\n`) }
  t.match(await runHere(['serve'], { folder, env: declaring }), { code: 1, stdout: '', stderr: 'accessKeySecret of north must be visible ASCII characters without blanks.\n' })
  put('credentials.yaml', 'machine: { kind: ecs-role }\n')
  t.match(await runHere(['serve'], { folder, env: declaring }), { code: 1, stdout: '', stderr: /^machine is both stored and declared in CREDENTIALS_FILE; take its entry out of the file, or the stored one with "credentials remove machine"\.\n$/ })
  const proxy = startCommand(t, ['serve'], { folder, env: settings })
  await proxy.says(/listens on/)
  await run(`credentials rekey --new-key-file ${folder}/new.key`)
  for (let tries = 0; tries < 200 && !proxy.stderr().includes('need a hand'); tries++) await new Promise(resolve => { setTimeout(resolve, 50) })
  t.match(proxy.stderr(), /Stored or declared RAM credentials need a hand.*/)
  t.match(await runHere(['serve'], { folder, env: settings }), { code: 1, stderr: /^The stored credentials were sealed with another master key/ })
  renameSync(join(folder, 'new.key'), join(folder, 'master.key'))
  t.match((await run('credentials list')).stderr, '')
})

t.test('a test of the default chain asks it, and its exit code tells what came of it', async t => {
  const { env, run } = openCredentialShell(t)
  Object.assign(env, { ALIBABA_CLOUD_ACCESS_KEY_ID: KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET: SECRETS.first })
  t.match(await run('credentials test default'), { code: 0, stdout: 'default is good. Its source gave a credential with the AccessKey id ***0001.\n', stderr: '' })
  env['ALIBABA_CLOUD_ACCESS_KEY_SECRET'] = `${SECRETS.first} and a blank`
  const { code, stdout, stderr } = await run('credentials test default --json')
  t.equal(code, 1)
  t.match(JSON.parse(stdout), { name: 'default', kind: 'default', ok: false, message: /^The source of RAM credentials gave an AccessKey id, secret or token that is empty or holds blanks/ })
  t.match(stderr, /^default is not good\. The source of RAM credentials gave /)
})

t.test('ram-policy prints the one permission that the proxy needs, as JSON to paste', async t => {
  const { run } = openCredentialShell(t)
  const policy = { Version: '1', Statement: [{ Effect: 'Allow', Action: 'energy:PushDeviceData', Resource: '*' }] }
  const { code, stdout, stderr } = await run('ram-policy')
  t.match({ code, stderr }, { code: 0, stderr: '' })
  t.strictSame(JSON.parse(stdout), policy)
  t.equal((await run('ram-policy --json')).stdout, `${JSON.stringify(policy)}\n`)
})

t.test('the commands and the file of docs/operations.md work as they are written', async t => {
  const { env, folder, keyFile, run, put } = openCredentialShell(t)
  const text = readFileSync(projectPath('docs/operations.md'), 'utf8')
  const section = text.slice(text.indexOf('\n## RAM credentials\n'), text.indexOf('\n## In a container\n')).replaceAll('/etc/energy-expert-proxy', folder)
  put('north.secret', `${SECRETS.first}\n`)
  const lines = [...section.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trim().split('\n'))
  t.equal(lines.length, 9)
  for (const line of lines) {
    const [, from = '', to = ''] = /^mv (\S+) (\S+)$/.exec(line) ?? []
    if (from !== '') renameSync(from, to)
    else if (line.startsWith('export ')) t.equal(line, `export MASTER_KEY_FILE=${keyFile}`)
    else t.match(await run(line.replace('npx energy-expert-proxy ', '')), { code: 0 }, line)
  }
  t.match((await run('credentials show north')).stdout, /\*\*\*0002/)
  const [, yaml = ''] = /^```yaml\n(.*?)^```/ms.exec(section) ?? []
  await run('credentials remove north')
  env['CREDENTIALS_FILE'] = put('credentials.yaml', yaml.replace('/run/secrets/north', join(folder, 'north.secret')))
  Object.assign(env, { SOUTH_ACCESS_KEY_ID: KEY_ID, SOUTH_ACCESS_KEY_SECRET: SECRETS.declared })
  t.match(JSON.parse((await run('credentials list --json')).stdout), [{ name: 'default' }, { name: 'north', kind: 'access-key' }, { name: 'south', kind: 'ram-role', fields: { accessKeyId: '***0001', region: 'ap-southeast-1' } }])
})
