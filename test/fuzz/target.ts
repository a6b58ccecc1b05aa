import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp } from '../../src/app.js'
import { systemClock } from '../../src/clock.js'
import type { FrontOptions } from '../../src/front-options.js'
import { createLogger } from '../../src/logger.js'
import { openRegistry } from '../../src/plants/registry.js'
import { RememberedPushes } from '../../src/queue/remembered-pushes.js'
import { createSendOnce } from '../../src/queue/send-once.js'

/** What the target tells on its start. */
export interface TargetReady { readonly port: number, readonly key: string, readonly inUrl: string }

/** What it tells when asked for its state. */
export interface TargetState {
  readonly rssBytes: number
  readonly connections: number
  readonly bodiesInFlightBytes: number
  /** Log lines of failures that are ours. */
  readonly failures: readonly string[]
}

/** Short, so that a connection that is left alone ends soon; long enough for a right push on a machine that is busy. */
const QUICK: Partial<FrontOptions> = { headersTimeoutMs: 4_000, bodyTimeoutMs: 4_000, lingerTimeoutMs: 800, keepAliveTimeoutMs: 1_000, connectionsCheckingIntervalMs: 100, throttledDelayMs: 5 }
const FRONTS: Readonly<Record<string, Partial<FrontOptions>>> = {
  lax: { ...QUICK, failuresPerMinuteMax: 1e9 },
  general: { ...QUICK, failuresPerMinuteMax: 1e9 },
  strict: { ...QUICK, failuresPerMinuteMax: 50, connectionsMax: 40, connectionsPerAddressMax: 24, isShared: () => false, headersMaxBytes: 4_096 }
}

// A process of its own, so that a crash is seen as one: the plants' port with a cloud that confirms at once.
const dataDir = mkdtempSync(join(tmpdir(), 'fuzz-'))
process.once('exit', () => { rmSync(dataDir, { recursive: true, force: true }) })
const failures: string[] = []
const logger = createLogger({ level: 'error', format: 'json', destination: { write: line => { failures.push(line) } } })
const registry = openRegistry({ dataDir, clock: systemClock })
registry.addPlant('fuzz', { requestsPerMinute: 0 })
const app = await buildApp({
  logger,
  clock: systemClock,
  version: '0.0.0',
  registry,
  receipts: { find: async () => undefined },
  deliver: async () => ({ kind: 'relayed', cloudRequestId: undefined }),
  sendOnce: createSendOnce(new RememberedPushes({ clock: systemClock, windowMs: 60_000 }), systemClock),
  preview: () => ({ method: 'POST', url: 'https://example.invalid/', headers: {}, canonicalRequest: '' }),
  takesFastPath: process.argv[2] !== 'general',
  bodyMaxBytes: 65_536,
  bodiesInFlightMaxBytes: 8_388_608,
  front: FRONTS[process.argv[2] ?? 'lax'] ?? {}
})
await app.listen({ host: '127.0.0.1', port: 0 })

process.on('message', () => {
  globalThis.gc?.()
  app.server.getConnections((_error, connections) => {
    const state: TargetState = { rssBytes: process.memoryUsage().rss, connections, bodiesInFlightBytes: app.bodiesInFlightBytes(), failures: failures.splice(0) }
    process.send?.(state)
  })
})
process.once('disconnect', () => { process.exit() })
// An address of a server that listens on a port is an object.
const ready: TargetReady = { port: (app.server.address() as AddressInfo).port, key: registry.createKey('fuzz', {}).key, inUrl: registry.createKey('fuzz', { inUrl: true }).key }
process.send?.(ready)
