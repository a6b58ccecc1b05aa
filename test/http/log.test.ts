import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { openLogDestination } from '../../src/log-destination.js'
import { openRegistry } from '../../src/plants/registry.js'
import { BoundedLines } from '../../src/plugins/bounded-lines.js'
import { ManualClock } from '../support/manual-clock.js'
import { CREDENTIAL, onePush, startCloud, startProxy } from '../support/proxy.js'
import { exchange, parseAnswer } from '../support/raw-socket.js'
import { makeWorkplace, startCommand } from '../support/run-command.js'

const BODY = JSON.stringify(onePush)
const NONSENSE = '\0\r\n'

/** The real program, its standard error where `through` leads it. */
async function startProgram (t: Test, { format = 'json', through = [] }: { format?: string, through?: readonly string[] }): Promise<{ program: ReturnType<typeof startCommand>, port: number, key: string }> {
  const cloud = await startCloud(t)
  const { folder, env } = makeWorkplace(t)
  const settings = { ...env, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', LOG_FORMAT: format, ENERGY_EXPERT_ENDPOINT: cloud.origin, ALIBABA_CLOUD_ACCESS_KEY_ID: CREDENTIAL.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: CREDENTIAL.accessKeySecret }
  const registry = openRegistry({ dataDir: env['DATA_DIR'] ?? '', clock: systemClock })
  registry.addPlant('north', {})
  const { key } = registry.createKey('north', {})
  registry.close()
  const program = startCommand(t, ['serve'], { folder, env: settings, through })
  const [, port] = await program.says(/listens on http:\/\/127\.0\.0\.1:(\d+)/)
  return { program, port: Number(port), key }
}

async function serves (port: number, key: string): Promise<boolean> {
  const head = `POST /api/v1/data/increment/push HTTP/1.1\r\nHost: p\r\nX-API-Key: ${key}\r\nContent-Length: ${BODY.length}\r\n\r\n`
  for (let n = 0; n < 5; n++) await exchange(port, [NONSENSE], () => false)
  return parseAnswer(await exchange(port, [head + BODY]))?.statusCode === 200
}

t.test('a log that cannot be written, from the start or later, ends neither the proxy nor its pushes', async t => {
  for (const format of ['json', 'text']) {
    const { program, port, key } = await startProgram(t, { format, through: ['bash', '-c', 'exec "$@" 2>/dev/full', 'bash'] })
    t.ok(await serves(port, key), `${format}: on a full disk`)
    program.child.kill('SIGTERM')
    t.strictSame(await once(program.child, 'close'), [0, null], format)
  }
  for (const format of ['json', 'text']) {
    const { program, port, key } = await startProgram(t, { format })
    program.child.stderr?.destroy()
    t.ok(await serves(port, key), `${format}: without a reader`)
    program.child.kill('SIGTERM')
    t.strictSame(await once(program.child, 'close'), [0, null], format)
  }
})

t.test('lines that a full disk cannot take are counted, and the latest kept ones are written when there is room', async t => {
  const full = openSync('/dev/full', 'w')
  const { destination, linesDropped } = openLogDestination(full)
  for (let n = 0; n < 100; n++) destination.write(`${'a'.repeat(999)}\n`)
  t.equal(linesDropped(), 100 - 65)
  closeSync(full)
  const { folder } = makeWorkplace(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    t.pass('only root may mount a disk of its own')
    return
  }
  t.teardown(() => { execFileSync('umount', ['-l', folder]) })
  const path = join(folder, 'log')
  const file = openSync(path, 'a')
  const small = openLogDestination(file)
  for (let n = 10; n < 60; n++) small.destination.write(`${n}${'a'.repeat(997)}\n`)
  execFileSync('mount', ['-o', 'remount,size=1m', folder])
  small.destination.write('60\n')
  t.equal(small.linesDropped(), 0)
  t.strictSame(readFileSync(path, 'utf8').trim().split('\n').map(line => Number(line.slice(0, 2))), Array.from({ length: 51 }, (_, n) => n + 10))
  closeSync(file)
})

t.test('a loop of nonsense does not fill the log', async t => {
  const proxy = await startProxy(t)
  for (let n = 0; n < 100; n++) await exchange(proxy.port, [NONSENSE])
  const lines = proxy.log.filter(line => JSON.parse(line).code === 'InvalidRequest')
  // The minute may turn once in between.
  t.ok(lines.length >= 30 && lines.length <= 60, `${lines.length} lines`)
})

t.test('of lines that may be many so many are written in a minute, and then how many more there were', async t => {
  const clock = new ManualClock()
  const told: number[] = []
  const lines = new BoundedLines({ clock, linesPerMinuteMax: 2, onLeftOut: leftOut => { told.push(leftOut) } })
  t.strictSame([lines.take(), lines.take(), lines.take(), lines.take()], [true, true, false, false])
  await clock.advance(60_000)
  t.strictSame(told, [2])
  t.strictSame([lines.take(), lines.take()], [true, true])
  await clock.advance(60_000)
  t.strictSame(told, [2], 'nothing was left out')
})
