// A proxy of dist in front of the sandbox cloud, on ports of the system's choice, with a plant that relays, one that stores, and their keys, for the scripts beside it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../dist/src/clock.js'
import { readConfig } from '../dist/src/config.js'
import { startSandbox } from '../dist/src/sandbox/sandbox.js'
import { startServer } from '../dist/src/server.js'

export async function startDemo (env = {}) {
  const credential = { accessKeyId: 'script-access-key-id', accessKeySecret: 'script-access-key-secret' }
  const dataDir = mkdtempSync(join(tmpdir(), 'energy-expert-proxy-'))
  const cloud = await startSandbox({ accounts: [credential] })
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DATA_DIR: dataDir, ENERGY_EXPERT_ENDPOINT: cloud.origin, ...env })
  const server = await startServer({ config, logger: pino({ level: 'silent' }), clock: systemClock, credentials: { get: async () => credential, refresh: async () => credential } })
  server.registry.addPlant('plant-1', { delivery: 'relay', relayTimeoutMs: 1000 })
  const { key } = server.registry.createKey('plant-1', {})
  server.registry.addPlant('plant-2', { delivery: 'store' })
  const { key: storeKey } = server.registry.createKey('plant-2', {})

  async function close () {
    await server.close()
    await cloud.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return { origin: server.origin, registry: server.registry, cloud, key, storeKey, close }
}
