import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../clock.js'
import { readConfig, type Config } from '../config.js'
import { fixedBook } from '../credentials/fixed-book.js'
import { createLogger } from '../logger.js'
import { startSandbox, type ReceivedPush } from '../sandbox/sandbox.js'
import { startServer, type Server, type ServerParts } from '../server.js'
import { endOnSignal } from './run-server.js'

const DEMO_CREDENTIAL = { accessKeyId: 'demo-access-key-id', accessKeySecret: 'demo-access-key-secret' }

/** The proxy and the sandbox cloud on loopback, with a plant and a key, all of it gone at the end. */
export async function runDemo (): Promise<void> {
  const print = (line: string): void => { process.stdout.write(`${line}\n`) }
  const sandbox = await startSandbox({ accounts: [DEMO_CREDENTIAL], onReceived: push => { print(describeReceived(push)) } })
  const dataDir = await mkdtemp(join(tmpdir(), 'energy-expert-proxy-demo-'))
  const config = readConfig({ HOST: '127.0.0.1', PORT: process.env.PORT, ADMIN_PORT: '0', DATA_DIR: dataDir, ENERGY_EXPERT_ENDPOINT: sandbox.origin })
  const logger = createLogger({ level: 'warn', format: 'text', destination: pino.destination({ dest: 2, sync: true }) })
  const book = fixedBook({ default: { kind: 'access-key', ...DEMO_CREDENTIAL } })
  const server = await startOnAFreePort({ config, logger, clock: systemClock, book })
  server.registry.addPlant('demo', {})
  const { key } = server.registry.createKey('demo', { label: 'demo' })

  print(`The proxy listens on ${server.origin}, the sandbox cloud on ${sandbox.origin}. Paste this in another terminal:\n`)
  print(curlLine(server.origin, key))
  print('\nPushes that the sandbox cloud received appear here. Ctrl+C ends the demo.\n')
  endOnSignal(config.shutdownTimeoutMs, logger, async () => {
    await server.close()
    await sandbox.close()
    await rm(dataDir, { recursive: true, force: true })
  })
}

/** The demo has no use for a certain port: when the usual one is taken, the system chooses. */
async function startOnAFreePort (parts: ServerParts & { readonly config: Config }): Promise<Server> {
  try {
    return await startServer(parts)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') || process.env.PORT !== undefined) throw error
    return await startServer({ ...parts, config: { ...parts.config, port: 0 } })
  }
}

function curlLine (origin: string, key: string): string {
  const recordTime = new Date(systemClock.now()).toLocaleString('sv-SE', { timeZone: 'Asia/Shanghai' })
  const push = { deviceType: '1', devices: [{ deviceId: 'meter-1', recordTime, data: { Ua: '226.0', Ep_imp: '325.0' } }] }
  return `curl -i ${origin}/api/v1/data/increment/push -H 'X-API-Key: ${key}' -d '${JSON.stringify(push)}'`
}

function describeReceived ({ push, requestId, body }: ReceivedPush): string {
  // A terminal obeys control characters, and a sender chose these.
  const shown = body.replace(/[\u007f-\u009f]/g, '?')
  return `received: deviceType ${JSON.stringify(push.deviceType)}, ${push.devices.length} device(s), signature verified, request id ${requestId}\n  ${shown}`
}
