// Tells its parent whenever a push is due. A timer of Node comes up to two milliseconds late, which is as long as an answer takes, and
// turning the event loop until the moment comes would take a processor from whoever is measured; a thread that sleeps does neither.
import { parentPort, workerData } from 'node:worker_threads'
import { monotonicMs } from './monotonic.js'

export interface Schedule {
  readonly startMs: number
  readonly everyMs: number
  readonly total: number
}

const { startMs, everyMs, total } = workerData as Schedule // Given by open-load.ts alone.
const never = new Int32Array(new SharedArrayBuffer(4))
for (let number = 0; number < total; number++) {
  const dueMs = startMs + number * everyMs
  const leftMs = dueMs - monotonicMs()
  if (leftMs > 0) Atomics.wait(never, 0, 0, leftMs)
  parentPort?.postMessage(dueMs)
}
