import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { request } from 'undici'
import { makeWorkplace, runCommand, startCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'
import { onePush } from '../support/proxy.js'
import { projectUrl } from '../support/project.js'

const readme = readFileSync(projectUrl('README.md'), 'utf8')

/** What a shell would do with the curl line that the demo prints and the README shows. */
async function runCurlLine (line: string): Promise<{ statusCode: number, json: unknown }> {
  const [, url = '', header = '', body = ''] = /^curl -i (\S+) -H '([^']*)' -d '([^']*)'$/.exec(line) ?? []
  const [name = '', value = ''] = header.split(': ')
  const answer = await request(url, { method: 'POST', headers: { [name]: value, 'content-type': 'application/x-www-form-urlencoded' }, body })
  return { statusCode: answer.statusCode, json: await answer.body.json() }
}

t.test('the demo needs no setting: its curl line is answered with success and the push shows in its terminal', async t => {
  const workplace = makeWorkplace(t)
  const demo = startCommand(t, ['demo'], { ...workplace, env: { ...workplace.env, PORT: '0' } })
  const [line] = await demo.says(/^curl .*$/m)
  const { statusCode, json } = await runCurlLine(line)
  t.equal(statusCode, 200)
  t.match(json, { requestId: /^[0-9A-F-]{36}$/, data: 'success' })
  await demo.says(/received: .*signature verified/)
  const shape = (text: string): string => text.replace(/:\d+\//, ':PORT/').replace(/ee_[^']*/, 'KEY').replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'TIME')
  t.equal(shape(line), shape(/^curl .*$/m.exec(readme)?.[0] ?? ''), 'the README shows the same line')
})

t.test('the README\'s way to a running proxy works as it is written', async t => {
  const { folder, env } = makeWorkplace(t)
  const sandbox = startCommand(t, ['sandbox', '--port', '0'], { folder, env })
  const [, origin = ''] = await sandbox.says(/(http:\/\/127\.0\.0\.1:\d+)/)
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: origin, ALIBABA_CLOUD_ACCESS_KEY_ID: 'sandbox-key-id', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'sandbox-key-secret' }
  const commands = [...readme.matchAll(/^npx energy-expert-proxy ([^#\n]*)/gm)].map(([, words = '']) => [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? ''))
  t.equal(commands.length, 2)
  let printed = ''
  for (const args of commands) {
    const { code, stdout, stderr } = await runHere(args, { folder, env: settings })
    t.equal(code, 0, stderr)
    printed += stdout
  }
  const [key = ''] = /ee_[0-9a-z]+_[0-9a-z]+/.exec(printed) ?? []
  const proxy = startCommand(t, ['serve'], { folder, env: settings })
  const [, proxyOrigin = ''] = await proxy.says(/listens on (\S+)/)
  const answer = await request(`${proxyOrigin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(onePush) })
  t.equal(answer.statusCode, 200, proxy.stderr())
  await answer.body.dump()
  t.notMatch(proxy.stderr(), key)
})

t.test('a plant and a key that are made, changed and revoked beside a running server count within a second', async t => {
  const { folder, env } = makeWorkplace(t)
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: 'http://127.0.0.1:9' }
  const proxy = startCommand(t, ['serve'], { folder, env: settings })
  const [, origin = ''] = await proxy.says(/listens on (\S+)/)
  await runHere(['plants', 'add', 'north'], { folder, env: settings })
  const { id, key } = JSON.parse((await runHere(['keys', 'create', 'north', '--json'], { folder, env: settings })).stdout)
  const codeOf = async (): Promise<unknown> => {
    const answer = await request(`${origin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: '{}' })
    return (await answer.body.json() as { code: unknown }).code
  }
  async function becomes (code: string): Promise<boolean> {
    for (const endMs = performance.now() + 1000; performance.now() < endMs;) if (await codeOf() === code) return true
    return false
  }
  t.ok(await becomes('InvalidPush'), 'the new key is known')
  await runHere(['keys', 'revoke', id], { folder, env: settings })
  t.ok(await becomes('InvalidKey'), 'the revoked key is not')
})

t.test('explain shows what would become of a body and sends nothing', async t => {
  const { folder, env } = makeWorkplace(t)
  await runHere(['plants', 'add', 'north'], { folder, env })
  writeFileSync(join(folder, 'good.json'), '{"deviceType":1,"devices":[{"deviceId":"a","recordTime":"2021-09-08 18:40:00","data":{"Ua":226.0}}]}')
  const good = await runHere(['explain', '--plant', 'north', 'good.json'], { folder, env })
  t.equal(good.code, 0, good.stderr)
  t.match(good.stdout, /would be sent/)
  t.match(good.stdout, /number-to-string \(2\)/)
  t.match(good.stdout, '\nThe push:\n  device type 1\n  {"deviceId":"a","recordTime":"2021-09-08 18:40:00","data":{"Ua":"226.0"}}\nSent would be ')
  const many = { deviceType: '1', devices: Array.from({ length: 22 }, (_, index) => ({ deviceId: `m${index}`, recordTime: '2021-09-08 18:40:00', data: { Ua: '1\u009b' } })) }
  const told = await runHere(['explain', '--plant', 'north', '-'], { folder, env, input: JSON.stringify(many) })
  t.match(told.stdout, /\n {2}\{"deviceId":"m19"[^\n]*"1\\u009b"[^\n]*\n {2}and 2 more; --json has them all\n/)
  t.same(JSON.parse((await runHere(['explain', '--plant', 'north', '--json', '-'], { folder, env, input: JSON.stringify(many) })).stdout).push, many)
  t.match(good.stdout, /^content-type:application\/json; charset=utf-8$/m)
  const bad = await runCommand(['explain', '--plant', 'north', '--json', '-'], { folder, env, input: '{"deviceType":"1","devices":[{}]}' })
  t.equal(bad.code, 1)
  t.equal(JSON.parse(bad.stdout).code, 'InvalidPush')
  const tooLarge = await runHere(['explain', '--plant', 'north', '--json', '-'], { folder, env: { ...env, BODY_MAX_BYTES: '1024' }, input: `{}${' '.repeat(1023)}` })
  t.match({ code: tooLarge.code, told: JSON.parse(tooLarge.stdout) }, { code: 1, told: { code: 'BodyTooLarge' } }, 'what the proxy would refuse before it reads')
  writeFileSync(join(folder, '.env'), `DATA_DIR=${env.DATA_DIR ?? ''}\n`)
  const { DATA_DIR, ...withoutDataDir } = env
  t.equal((await runHere(['explain', '--plant', 'north', 'good.json'], { folder, env: withoutDataDir })).code, 0, 'a .env file is read')
  const unknown = await runHere(['explain', '--plant', 'nroth', 'good.json'], { folder, env })
  t.equal(unknown.code, 1)
  t.match(unknown.stderr, /north/)
})

t.test('every command explains itself, wrong use exits 2, a failure 1 with one sentence', async t => {
  const { folder, env } = makeWorkplace(t)
  for (const [run, command] of [[runCommand, []], [runHere, ['plants', 'add']]] as const) {
    t.match(await run([...command, '--help'], { folder, env }), { code: 0, stdout: /^Usage: energy-expert-proxy /, stderr: '' })
  }
  for (const [run, wrong] of [[runHere, ['nonsense']], [runCommand, ['plants', 'add', 'Not A Name']]] as const) {
    t.match(await run(wrong, { folder, env }), { code: 2, stdout: '', stderr: /.{10}/ })
  }
  const badSetting = await runHere(['serve'], { folder, env: { ...env, PORT: 'eighty', LOG_LEVEL: 'loud' } })
  t.equal(badSetting.code, 1)
  t.match(badSetting.stderr, /^The settings are wrong: PORT must be .*; LOG_LEVEL must be .*\.\n$/)
})
