import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Peer } from './peer.js'
import { freePort, untilOpen } from './ports.js'
import { registerPlant } from './register.js'

const PATH = '/api/v1/data/increment/push'
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Those with which `npm start` runs the proxy. */
function nodeFlags (): string[] {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { start: string } }
  return scripts.start.split(' ').filter(word => word.startsWith('--'))
}

function stopOf (child: ChildProcess, dataDir?: string): () => Promise<void> {
  return async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true })
  }
}

/** One of the scripts beside this file. */
export async function startScript (script: 'floor' | 'naive', cloudPort: number): Promise<Peer> {
  const port = await freePort()
  const child = spawn(process.execPath, [here(`./${script}.js`), String(port), `http://127.0.0.1:${cloudPort}`], { stdio: 'inherit', env: { PATH: process.env['PATH'] } })
  await untilOpen(port)
  return { url: `http://127.0.0.1:${port}${PATH}`, pid: child.pid ?? 0, keys: ['bench-key'], warms: true, stop: stopOf(child) }
}

/**
 * The proxy as it is run, in a folder of its own on the disk of the working directory.
 *
 * @param options.keys how many keys its plant has
 */
export async function startProxy (delivery: 'relay' | 'store', cloudPort: number, { keys = 1 } = {}): Promise<Peer> {
  const dataDir = mkdtempSync(join('.', 'bench-data-'))
  const made = registerPlant(dataDir, { delivery, requestsPerMinute: 0, queueMaxBytes: 2 ** 36 }, keys)
  const port = await freePort()
  const env = {
    PATH: process.env['PATH'],
    DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    PORT: String(port),
    ADMIN_PORT: '0',
    // A load that ends hangs up in the middle of its pushes, which is no news.
    LOG_LEVEL: 'silent',
    QUEUE_MAX_BYTES: String(2 ** 36),
    // 256 pushes of 1000 devices are 100 MB, of which the default refuses a part.
    BODIES_IN_FLIGHT_MAX_BYTES: String(2 ** 28),
    ENERGY_EXPERT_ENDPOINT: `http://127.0.0.1:${cloudPort}`,
    ALIBABA_CLOUD_ACCESS_KEY_ID: 'bench-key-id',
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'bench-key-secret'
  }
  const child = spawn(process.execPath, [...nodeFlags(), here('../../src/main.js'), 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  await untilOpen(port)
  return { url: `http://127.0.0.1:${port}${PATH}`, pid: child.pid ?? 0, keys: made, warms: true, stop: stopOf(child, dataDir) }
}

/** The proxy with a queue that answers every append at once and writes nothing: all but the delivery. */
export async function startAccepting (): Promise<Peer> {
  const dataDir = mkdtempSync(join('.', 'bench-data-'))
  const child = fork(here('../stored-answers-proxy.js'), [dataDir, 'unwritten'], { execArgv: nodeFlags() })
  const [{ origin, key }] = await once(child, 'message')
  return { url: `${origin}${PATH}`, pid: child.pid ?? 0, keys: [key], warms: true, stop: stopOf(child, dataDir) }
}
