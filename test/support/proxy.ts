import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { request as undiciRequest, type Dispatcher } from 'undici'
import { systemClock, type Clock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import type { CredentialSource } from '../../src/credentials/credential-source.js'
import type { CredentialBook } from '../../src/credentials/credential-spec.js'
import { fixedBook } from '../../src/credentials/fixed-book.js'
import type { FrontOptions } from '../../src/front-options.js'
import { createLogger } from '../../src/logger.js'
import type { Registry } from '../../src/plants/registry.js'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js'
import { startServer } from '../../src/server.js'
import { checkAnswer } from './check-answer.js'
import { checkAnswersOf } from './check-raw-answers.js'
import { FAST_QUEUE, FAST_ROOM } from './queue-in-place.js'
import { refuseLeaks, refuseSecretShapes, refuseSecretsOnDisk } from './refuse-leaks.js'

export const CREDENTIAL = { accessKeyId: 'LTAI5tTestKeyIdOfTheSuite', accessKeySecret: 'TestKeySecretOfTheSuite000000' }

/** Its id stands in no log line, so that a leak of a body is found by looking for it. */
export const onePush = {
  deviceType: '1',
  devices: [{ deviceId: 'meter-in-no-log', recordTime: '2021-09-08 18:40:00', data: { Ua: '226.0', Ep_imp: '325.0' } }]
}

export interface ProxyOptions {
  /** The cloud; default: a sandbox that is started and ended with the test. */
  readonly cloud?: Sandbox
  readonly policy?: Parameters<Registry['addPlant']>[1]
  readonly key?: Parameters<Registry['createKey']>[1]
  /** More settings, by their outside names. */
  readonly env?: Readonly<Record<string, string>>
  /** In place of every source; default: those of the book. */
  readonly credentials?: CredentialSource
  /** Default: CREDENTIAL as `default`. */
  readonly book?: CredentialBook
  readonly clock?: Clock
  /** A data directory that outlives the proxy; default: one of its own. A plant that is there already gets another key. */
  readonly dataDir?: string
  /** What differs from the bounds of the front. */
  readonly front?: Partial<FrontOptions>
}

export interface Answer {
  readonly statusCode: number
  readonly headers: Dispatcher.ResponseData['headers']
  readonly text: string
  json: () => any
}

export interface TestProxy {
  readonly origin: string
  readonly port: number
  /** Where health and metrics are. */
  readonly adminOrigin: string
  readonly dataDir: string
  readonly cloud: Sandbox
  readonly registry: Registry
  /** The plant's API key and the id it is known by. */
  readonly key: string
  readonly keyId: string
  readonly log: readonly string[]
  /** Pushes a value as JSON, or text and bytes as they are, with the key unless other headers carry one. */
  push: (body: unknown, headers?: Record<string, string>) => Promise<Answer>
  request: (path: string, options?: { method?: string, headers?: Record<string, string>, body?: string | Buffer }) => Promise<Answer>
  close: () => Promise<void>
}

export async function startCloud (t: Test): Promise<Sandbox> {
  const sandbox = await startSandbox({ accounts: [CREDENTIAL] })
  t.teardown(async () => { await sandbox.close() })
  return sandbox
}

/** The whole proxy on a port of the system's choice, with one plant and one key; it ends with the test. */
export async function startProxy (t: Test, options: ProxyOptions = {}): Promise<TestProxy> {
  const cloud = options.cloud ?? await startCloud(t)
  const dataDir = options.dataDir ?? mkdtempSync(join(FAST_ROOM, 'proxy-test-'))
  const log: string[] = []
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'trace', SHUTDOWN_TIMEOUT_MS: '2000', ENERGY_EXPERT_ENDPOINT: cloud.origin, ...options.env })
  const logger = createLogger({ level: config.logLevel, format: 'json', destination: { write: line => { log.push(line) } } })
  const { credentials, book = fixedBook({ default: { kind: 'access-key', ...CREDENTIAL } }) } = options
  const server = await startServer({ config, logger, clock: options.clock ?? systemClock, book, sourceOf: credentials && (() => credentials), front: { throttledDelayMs: 0, ...options.front }, queueLog: FAST_QUEUE })
  checkAnswersOf(Number(new URL(server.origin).port))
  if (server.registry.listPlants().length === 0) server.registry.addPlant('plant-1', options.policy ?? {})
  const keys: string[] = []
  // Every key that a test makes is looked for in the log, not the first alone.
  const registry: Registry = {
    ...server.registry,
    createKey: (...given) => {
      const created = server.registry.createKey(...given)
      keys.push(created.key.slice(-30))
      return created
    }
  }
  const { key, id: keyId } = registry.createKey('plant-1', options.key ?? {})

  let closed = false
  let leak: unknown
  async function close (): Promise<void> {
    if (closed) return
    closed = true
    await server.close()
    try {
      refuseSecretsOnDisk(dataDir)
    } catch (error) {
      leak = error
    }
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
  t.teardown(async () => {
    const told = closed ? [] : await Promise.all(['/metrics', '/readyz'].map(async path => await tellOf(`${server.adminOrigin}${path}`)))
    await close()
    // Every test that starts a proxy is also a test of its silence. Behind the end, so that its last lines count and a leak leaves nothing running.
    for (const text of told) refuseSecretShapes(text, 'the admin port')
    if (leak !== undefined) throw leak
    refuseLeaks(log, [...keys, CREDENTIAL.accessKeySecret, CREDENTIAL.accessKeyId, 'meter-in-no-log'])
  })

  async function request (path: string, { method = 'GET', headers = {}, body }: { method?: string, headers?: Record<string, string>, body?: string | Buffer } = {}): Promise<Answer> {
    const response = await undiciRequest(`${server.origin}${path}`, { method: method as Dispatcher.HttpMethod, headers, ...(body === undefined ? {} : { body }) })
    const text = await response.body.text()
    const sent = { headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])), body: String(body ?? '') }
    // The pages show examples of every way to send a key.
    if (!/^\/(?:docs|openapi)/.test(path)) refuseSecretShapes(`${JSON.stringify(response.headers)}\n${text}`, 'an answer')
    checkAnswer({ method, target: path, request: sent, statusCode: response.statusCode, headers: response.headers, body: text })
    return { statusCode: response.statusCode, headers: response.headers, text, json: () => JSON.parse(text) }
  }

  async function push (body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    const carriesKey = Object.keys(headers).some(name => /^(x-api-key|authorization|x-acs-bearer-token)$/i.test(name))
    return await request('/api/v1/data/increment/push', { method: 'POST', body: bytes, headers: { ...(carriesKey ? {} : { 'x-api-key': key }), ...headers } })
  }

  return { origin: server.origin, port: Number(new URL(server.origin).port), adminOrigin: server.adminOrigin, dataDir, cloud, registry, key, keyId, log, push, request, close }
}

/** What an operator sees at the end; nothing where the admin port is silent by then. */
async function tellOf (url: string): Promise<string> {
  try {
    const { body } = await undiciRequest(url, { signal: AbortSignal.timeout(2_000) })
    return await body.text()
  } catch {
    return ''
  }
}
