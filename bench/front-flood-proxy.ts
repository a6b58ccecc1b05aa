// The proxy of front-flood.ts, in a process of its own: tells where it listens, its key, and how much memory it holds when asked.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.js'
import { readConfig } from '../src/config.js'
import { fixedBook } from '../src/credentials/fixed-book.js'
import { createLogger } from '../src/logger.js'
import { startServer } from '../src/server.js'

export interface ProxyReady { readonly origin: string, readonly key: string }
export interface ProxyMemory { readonly rssBytes: number, readonly heapBytes: number }

const [cloudOrigin = '', accessKeyId = '', accessKeySecret = ''] = process.argv.slice(2)
const dataDir = mkdtempSync(join(tmpdir(), 'bench-'))
process.once('exit', () => { rmSync(dataDir, { recursive: true, force: true }) })
const credential = { accessKeyId, accessKeySecret }
const server = await startServer({
  config: readConfig({ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DATA_DIR: dataDir, ENERGY_EXPERT_ENDPOINT: cloudOrigin }),
  logger: createLogger({ level: 'info', format: 'json', destination: { write: () => {} } }),
  clock: systemClock,
  book: fixedBook({ default: { kind: 'access-key', ...credential } })
})
server.registry.addPlant('bench', { requestsPerMinute: 0, delivery: 'relay' })

process.on('message', () => {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  const memory: ProxyMemory = { rssBytes: rss, heapBytes: heapUsed }
  process.send?.(memory)
})
process.once('disconnect', () => { process.exit() })
const ready: ProxyReady = { origin: server.origin, key: server.registry.createKey('bench', {}).key }
process.send?.(ready)
