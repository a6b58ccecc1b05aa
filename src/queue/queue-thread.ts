import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../clock.js'
import { runQueueTask } from './log-serve.js'

// The entry of the worker thread; log-client.ts starts it, with a ThreadData.
if (parentPort !== null) runQueueTask(parentPort, workerData, systemClock)
