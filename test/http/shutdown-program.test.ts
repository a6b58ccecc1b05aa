import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { openRegistry } from '../../src/plants/registry.js'
import { CREDENTIAL, onePush, startCloud } from '../support/proxy.js'
import { exchange, parseAnswer } from '../support/raw-socket.js'
import { makeWorkplace, runCommand, startCommand } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'

const BODY = JSON.stringify(onePush)
const rawPush = (key: string): string => `POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`

async function until (holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await new Promise(resolve => { setTimeout(resolve, 10) })
}

/** The real program with a plant, its key and a sandbox cloud. */
async function startProgram (t: Test): Promise<{ program: ReturnType<typeof startCommand>, port: number, key: string, cloud: Awaited<ReturnType<typeof startCloud>> }> {
  const cloud = await startCloud(t)
  const { folder, env } = makeWorkplace(t)
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ENERGY_EXPERT_ENDPOINT: cloud.origin, ALIBABA_CLOUD_ACCESS_KEY_ID: CREDENTIAL.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: CREDENTIAL.accessKeySecret, RELAY_TIMEOUT_MS: '20000', SHUTDOWN_TIMEOUT_MS: '10000' }
  const registry = openRegistry({ dataDir: env['DATA_DIR'] ?? '', clock: systemClock })
  registry.addPlant('north', { delivery: 'relay' })
  const { key } = registry.createKey('north', {})
  registry.close()
  const program = startCommand(t, ['serve'], { folder, env: settings })
  const [, port] = await program.says(/listens on http:\/\/127\.0\.0\.1:(\d+)/)
  return { program, port: Number(port), key, cloud }
}

t.test('the program ends on SIGTERM with 0 once its last push is answered, and says one line on standard output', async t => {
  const { program, port, key, cloud } = await startProgram(t)
  cloud.inject('dribbles', { ms: 5 })
  const received = exchange(port, [rawPush(key)], () => false)
  await until(() => cloud.attempts() === 1)
  program.child.kill('SIGTERM')
  const [code] = await once(program.child, 'close')
  t.equal(code, 0, program.stderr())
  t.equal(parseAnswer(await received)?.statusCode, 200)
  t.match(program.stdout(), /^energy-expert-proxy listens on http:\/\/127\.0\.0\.1:\d+\n$/)
  for (const line of program.stderr().trim().split('\n')) t.ok(JSON.parse(line).msg.length > 0)
})

t.test('a second signal ends the program at once, with 1', async t => {
  const { program, port, key, cloud } = await startProgram(t)
  cloud.inject('neverAnswers')
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.write(rawPush(key))
  await until(() => cloud.attempts() === 1)
  program.child.kill('SIGINT')
  await until(() => program.stderr().includes('shuts down'))
  program.child.kill('SIGINT')
  const startMs = performance.now()
  const [code] = await once(program.child, 'close')
  t.equal(code, 1)
  t.ok(performance.now() - startMs < 5_000, 'the push would have held it for 10 s')
  socket.destroy()
})

t.test('a start that cannot be is one plain sentence that names what to change, and exit code 1', async t => {
  const { folder, env } = makeWorkplace(t)
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => { taken.close() })
  // An address of the server is an object when it listens on a port.
  const { port } = taken.address() as AddressInfo
  const closedDir = join(folder, 'closed')
  mkdirSync(closedDir)
  writeFileSync(join(closedDir, 'other'), '')
  chmodSync(closedDir, 0o500)
  const base = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', SHUTDOWN_TIMEOUT_MS: '0' }
  const cases: ReadonlyArray<readonly [Record<string, string>, RegExp]> = [
    [{ PORT: String(port) }, new RegExp(`^The proxy cannot listen on 127\\.0\\.0\\.1, port ${port}: another program uses it; .*PORT\\.\\n$`)],
    [{ DATA_DIR: join(folder, 'other-file', 'data') }, /DATA_DIR/],
    [{ PORT: 'x', ADMIN_PORT: '-1', LOG_FORMAT: 'xml', ENERGY_EXPERT_ENDPOINT: 'ftp://secret-host' }, /^The settings are wrong: PORT .*; ADMIN_PORT .*; ENERGY_EXPERT_ENDPOINT .*; LOG_FORMAT .*\.\n$/],
    // Root may write everywhere.
    ...(process.getuid?.() === 0 ? [] : [[{ DATA_DIR: closedDir }, /DATA_DIR/] as const])
  ]
  writeFileSync(join(folder, 'other-file'), '')
  for (const [settings, sentence] of cases) {
    // One of them in a process of its own, for its exit code and all that it writes.
    const run = settings['PORT'] === String(port) ? runCommand : runHere
    const { code, stdout, stderr } = await run(['serve'], { folder, env: { ...base, ...settings } })
    t.equal(code, 1, stderr)
    t.match(stderr.split('\n').filter(line => !line.startsWith('{')).join('\n'), sentence)
    t.equal(stdout, '')
    t.notMatch(stderr, /secret-host|\n {4}at /)
  }
})

t.test('a second server on the same DATA_DIR says so, and the first goes on', async t => {
  const { folder, env } = makeWorkplace(t)
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', SHUTDOWN_TIMEOUT_MS: '100' }
  const first = startCommand(t, ['serve'], { folder, env: settings })
  const [, origin = ''] = await first.says(/listens on (\S+)/)
  const second = await runCommand(['serve'], { folder, env: settings })
  t.equal(second.code, 1)
  t.match(second.stderr, /^Another server uses DATA_DIR .*\n$/)
  t.equal((await fetch(origin)).status, 200)
})
