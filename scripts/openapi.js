// Writes openapi/openapi.json: what a running proxy answers at /openapi.json. Needs dist: `npm run openapi` builds it first.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../dist/src/clock.js'
import { readConfig } from '../dist/src/config.js'
import { startServer } from '../dist/src/server.js'

const dataDir = mkdtempSync(join(tmpdir(), 'openapi-'))
try {
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', ADMIN_PORT: '0', DATA_DIR: dataDir })
  const credentials = { get: () => Promise.reject(new Error('nothing is pushed here')), refresh: () => Promise.reject(new Error('nothing is pushed here')) }
  const server = await startServer({ config, logger: pino({ level: 'silent' }), clock: systemClock, credentials })
  const document = await (await fetch(`${server.origin}/openapi.json`)).json()
  await server.close()
  writeFileSync(new URL('../openapi/openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`)
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
