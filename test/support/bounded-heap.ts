// Prints by how many bytes the heap of a thread is bounded more narrowly once the queue was opened: `bounded-heap.js DATA_DIR`.
import { getHeapStatistics } from 'node:v8'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { systemClock } from '../../src/clock.js'
import { openQueueLog } from '../../src/queue/queue-log.js'

if (isMainThread) {
  const before = await limitOfThread()
  const log = await openQueueLog({ dataDir: process.argv[2] ?? '', queueBytesMax: 2 ** 20, clock: systemClock, ballastBytes: 1000 })
  process.stdout.write(String(before - await limitOfThread()))
  await log.close()
} else parentPort?.postMessage(getHeapStatistics().heap_size_limit)

async function limitOfThread (): Promise<number> {
  return await new Promise(resolve => { new Worker(new URL(import.meta.url)).once('message', resolve) })
}
