// Builds the image's file tree by the steps of the Dockerfile in an empty folder, starts it as a container would be started
// (another user, nothing writable but the volume, process 1 where the machine allows), and pushes through it.
// There is no Docker engine here: what this cannot show is the base image itself.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from './dockerfile.js'

const context = fileURLToPath(new URL('..', import.meta.url))
const log = line => { process.stdout.write(`${line}\n`) }
const isRoot = process.getuid() === 0
const children = []

function check (holds, promise) {
  if (!holds) throw new Error(`It does not hold that ${promise}.`)
  log(`ok: ${promise}`)
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** The stage's own command, as its own user, in its own folder, with nothing of this environment. */
function run (stage, args, { env = {}, asProcessOne = false } = {}) {
  const [uid, gid] = stage.user.split(':').map(Number)
  const [program, ...rest] = args
  const node = program === 'node' ? process.execPath : program
  const unshared = ['--fork', '--pid', '--mount-proc', '--kill-child', 'setpriv', '--reuid', String(uid), '--regid', String(gid), '--clear-groups', node, ...rest]
  const child = spawn(asProcessOne ? 'unshare' : node, asProcessOne ? unshared : rest, {
    cwd: join(stage.root, stage.workdir),
    env: { PATH: process.env.PATH, ...stage.env, DATA_DIR: join(stage.root, stage.env.DATA_DIR), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot && !asProcessOne ? { uid, gid } : {})
  })
  children.push(child)
  let stderr = ''
  child.stderr.on('data', piece => { stderr += piece })
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), stderr: () => stderr }
}

/** What a command prints, once it has ended well. */
async function output (stage, args, options) {
  const { child, stderr } = run(stage, args, options)
  let stdout = ''
  child.stdout.on('data', piece => { stdout += piece })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr()}`)
  return stdout
}

/** Whether namespaces can be made here, so that the proxy can be process 1. */
const canBeProcessOne = isRoot && spawnSync('unshare', ['--fork', '--pid', '--mount-proc', 'setpriv', '--version']).status === 0

/** To the process itself: `unshare` stands before it and does not pass signals on. */
function killInside ({ pid, exitCode }) {
  if (exitCode !== null) return
  const inside = canBeProcessOne ? Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) : pid
  if (inside > 0) process.kill(inside, 'SIGTERM')
}

function checkTree ({ root, workdir }) {
  const at = path => existsSync(join(root, workdir, path))
  check(['typescript', 'tap', 'eslint'].every(name => !at(`node_modules/${name}`)), 'no development package is in the image')
  check(['src', 'test', '.env', 'data'].every(name => !at(name)), 'no source, test, setting or data is in the image')
  const { dependencies } = JSON.parse(readFileSync(join(root, workdir, 'package.json'), 'utf8'))
  check(Object.keys(dependencies).every(name => at(`node_modules/${name}/package.json`)), 'every dependency is in the image')
}

async function pushThrough (stage) {
  const entry = (...args) => [...stage.entrypoint, ...args]
  const sandbox = run(stage, entry('sandbox', '--json', '--port', '0'))
  const { origin, settings } = JSON.parse((await sandbox.lines.next()).value)
  await output(stage, entry('plants', 'add', 'north'))
  const { key } = JSON.parse(await output(stage, entry('keys', 'create', 'north', '--json')))

  const ADMIN_PORT = String(await freePort())
  const proxy = run(stage, [...stage.entrypoint, ...stage.command], { env: { ...settings, HOST: '127.0.0.1', PORT: '0', ADMIN_PORT }, asProcessOne: canBeProcessOne })
  const { value: greeting } = await proxy.lines.next()
  if (greeting === undefined) throw new Error(`The proxy did not start: ${proxy.stderr()}`)
  const ownOrigin = greeting.split(' ').at(-1)
  await output(stage, stage.healthcheck, { env: { ADMIN_PORT } })
  log('ok: the HEALTHCHECK finds the proxy alive')
  const ready = await fetch(`http://127.0.0.1:${ADMIN_PORT}/readyz`)
  check(ready.status === 200, 'the proxy is ready')
  const push = { deviceType: '1', devices: [{ deviceId: 'meter-1', recordTime: '2021-09-08 18:40:00', data: { Ua: '226.0' } }] }
  const answer = await fetch(`${ownOrigin}/api/v1/data/increment/push`, { method: 'POST', headers: { 'x-api-key': key }, body: JSON.stringify(push) })
  check(answer.status === 200 && (await answer.json()).data === 'success', 'a push is answered with success')
  const received = await (await fetch(`${origin}/received`)).text()
  check(received.includes('meter-1'), 'the cloud received it, its signature verified')

  // It would wait a minute for the first to let go of the volume.
  const second = run(stage, [...stage.entrypoint, ...stage.command], { env: { ...settings, PORT: '0', ADMIN_PORT: '0', SHUTDOWN_TIMEOUT_MS: '60000' }, asProcessOne: canBeProcessOne })
  const secondEnded = once(second.child, 'exit')
  // Again and again, since a signal before its first line of code has run is lost on process 1.
  const signals = setInterval(() => { killInside(second.child) }, 100)
  check((await secondEnded)[0] === 0, 'a second one on the same volume can be told to stop waiting')
  clearInterval(signals)

  const ended = once(proxy.child, 'exit')
  killInside(proxy.child)
  const [code] = await ended
  check(code === 0, `the proxy${canBeProcessOne ? ', as process 1,' : ''} ends in order on SIGTERM`)
  const dead = await output(stage, stage.healthcheck, { env: { ADMIN_PORT } }).then(() => false, () => true)
  check(dead, 'the HEALTHCHECK finds it gone')
}

const startedAtMs = performance.now()
const workplace = mkdtempSync(join(tmpdir(), 'docker-steps-'))
// The other user must be able to come to its volume.
chmodSync(workplace, 0o755)
try {
  const stage = build({ text: readFileSync(join(context, 'Dockerfile'), 'utf8'), context, workplace, log })
  checkTree(stage)
  if (isRoot) check(spawnSync(process.execPath, ['-e', 'require("fs").writeFileSync("x", "")'], { cwd: join(stage.root, stage.workdir), uid: Number(stage.user.split(':')[0]) }).status !== 0, 'the user of the image cannot write to its code')
  await pushThrough(stage)
  log(`The image's tree starts and pushes (${Math.round((performance.now() - startedAtMs) / 1000)} s).`)
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(workplace, { recursive: true, force: true })
}
