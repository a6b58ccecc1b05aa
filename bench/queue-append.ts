// What an append costs: `npm run bench:queue [DIRECTORY]`. The directory should lie on the disk that the queue will use.
// Beside it, the least that any durable log can do: 64 bodies written in one piece and one fdatasync, again and again.
import { randomUUID } from 'node:crypto'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../src/clock.js'
import { openQueueLog, type QueueLog } from '../src/queue/queue-log.js'

const BODY = Buffer.alloc(2000, 'x')
const SECONDS = 5
const dataDir = mkdtempSync(join(process.argv[2] ?? '.', 'bench-queue-'))
/** Each commit is one sync; copying the log into the file adds two for every 4 MB of it. */
let commits = 0

function report (what: string, count: number, elapsedMs: number, latenciesMs: number[], syncs: number): void {
  latenciesMs.sort((a, b) => a - b)
  const at = (share: number): string => (latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0).toFixed(2)
  console.log(`${what.padEnd(34)} ${String(Math.round(count / elapsedMs * 1000)).padStart(8)} a second   p50 ${at(0.5).padStart(7)} ms   p99 ${at(0.99).padStart(7)} ms   ${syncs} syncs`)
}

/** One writer, 64 bodies a sync. */
function benchRawLog (): void {
  const file = openSync(join(dataDir, 'raw.log'), 'w')
  const batch = Buffer.concat(Array.from({ length: 64 }, () => BODY))
  const latenciesMs: number[] = []
  const start = performance.now()
  while (performance.now() - start < SECONDS * 1000) {
    const begun = performance.now()
    writeSync(file, batch)
    fdatasyncSync(file)
    latenciesMs.push(performance.now() - begun)
  }
  closeSync(file)
  report('raw append, 64 a sync', latenciesMs.length * 64, performance.now() - start, latenciesMs, latenciesMs.length)
}

/** Each appender waits for its answer before it appends again. */
async function benchAppenders (log: QueueLog, appenders: number): Promise<void> {
  const latenciesMs: number[] = []
  const commitsBefore = commits
  const start = performance.now()
  await Promise.all(Array.from({ length: appenders }, async () => {
    while (performance.now() - start < SECONDS * 1000) {
      const begun = performance.now()
      await log.append({ requestId: randomUUID(), plant: 'alpha', deviceType: '1', body: BODY, recordCount: 1, receivedAtMs: Date.now(), plantBytesMax: 2 ** 40 })
      latenciesMs.push(performance.now() - begun)
    }
  }))
  report(`append, ${appenders} at a time`, latenciesMs.length, performance.now() - start, latenciesMs, commits - commitsBefore)
}

const log = await openQueueLog({
  dataDir,
  queueBytesMax: 2 ** 40,
  clock: systemClock,
  startThread: data => {
    const thread = new Worker(new URL('../src/queue/queue-thread.js', import.meta.url), { workerData: data })
    thread.on('message', ({ kind }: { kind: string }) => { if (kind === 'answers') commits++ })
    return thread
  }
})
try {
  for (let round = 1; round <= 2; round++) {
    benchRawLog()
    for (const appenders of [1, 16, 64]) await benchAppenders(log, appenders)
  }
} finally {
  await log.close()
  rmSync(dataDir, { recursive: true })
}
