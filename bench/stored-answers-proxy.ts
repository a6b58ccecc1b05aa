// The proxy of stored-answers.ts, in a process of its own. With `unwritten` its queue answers every append at once and
// writes nothing: the same route without the disk.
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../src/clock.js'
import { readConfig } from '../src/config.js'
import { fixedBook } from '../src/credentials/fixed-book.js'
import { createLogger } from '../src/logger.js'
import type { QueueThread } from '../src/queue/log-keeper.js'
import type { FromThread, QueueRequest, ThreadData, ToThread } from '../src/queue/log-messages.js'
import { unpackAppends } from '../src/queue/log-pack-columns.js'
import { startServer } from '../src/server.js'

export interface ProxyReady { readonly origin: string, readonly key: string }
export interface ProxySyncs { readonly commits: number }

const [dataDir = '', mode = ''] = process.argv.slice(2)
let commits = 0

function startWritingThread (data: ThreadData): QueueThread {
  const thread = new Worker(fileURLToPath(new URL('../src/queue/queue-thread.js', import.meta.url)), { workerData: data })
  thread.on('message', ({ kind }: FromThread) => { if (kind === 'answers') commits++ })
  return thread
}

function startUnwritingThread (): QueueThread {
  const thread = new EventEmitter()
  let nextId = 1
  const tell = (message: FromThread): void => { setImmediate(() => { thread.emit('message', message) }) }
  const resultOf = ({ kind }: QueueRequest): unknown => {
    if (kind === 'append') return { id: nextId, laneId: 1, laneSeq: nextId++ }
    if (kind === 'usage') return { bytes: 0, lanes: [], parked: [] }
    return kind === 'lanes' || kind === 'read' || kind === 'findStored' ? [] : undefined
  }
  const postMessage = (message: ToThread): void => {
    if (message.kind === 'close') setImmediate(() => { thread.emit('exit', 0) })
    // Each answer has the shape that its request asks for.
    else tell({ kind: 'answers', answers: [...unpackAppends(message.appends), ...message.requests].map(({ id, request }) => ({ id, result: resultOf(request) })) as Extract<FromThread, { kind: 'answers' }>['answers'] })
  }
  tell({ kind: 'opened', report: { waiting: 0, parked: 0, lost: [], setAside: undefined }, synced: true })
  return Object.assign(thread, { postMessage }) as unknown as QueueThread
}

const credential = { accessKeyId: 'bench-key-id', accessKeySecret: 'bench-key-secret' }
const server = await startServer({
  // Nobody listens there: what is measured is storing, and not what is delivered meanwhile.
  config: readConfig({ HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', DATA_DIR: join(dataDir, mode), ENERGY_EXPERT_ENDPOINT: 'http://127.0.0.1:9', QUEUE_MAX_BYTES: String(2 ** 36), BODIES_IN_FLIGHT_MAX_BYTES: String(2 ** 28) }),
  logger: createLogger({ level: 'warn', format: 'json', destination: { write: () => {} } }),
  clock: systemClock,
  book: fixedBook({ default: { kind: 'access-key', ...credential } }),
  queueLog: { startThread: mode === 'unwritten' ? startUnwritingThread : startWritingThread }
})
server.registry.addPlant('bench', { requestsPerMinute: 0, delivery: 'store', queueMaxBytes: 2 ** 36 })

process.on('message', () => { process.send?.({ commits } satisfies ProxySyncs) })
process.once('disconnect', () => { process.exit() })
process.send?.({ origin: server.origin, key: server.registry.createKey('bench', {}).key } satisfies ProxyReady)
