import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { systemClock } from '../clock.js'
import { readConfig } from '../config.js'
import { openQueueFile } from '../queue/queue-file.js'
import type { QueueCommandParts } from './with-queue.js'

/** What the queue's commands need of this process. */
export function queueParts (): QueueCommandParts {
  return {
    openQueue: () => openQueueFile(readConfig(process.env).dataDir, systemClock),
    now: () => systemClock.now(),
    stdout: process.stdout,
    stderr: process.stderr,
    drained,
    confirm: process.stdin.isTTY && process.stderr.isTTY ? confirm : undefined
  }
}

/** Whoever reads may have had enough, such as `head`: then the process ends with the failed write, as others do. */
async function drained (): Promise<void> {
  if (process.stdout.listenerCount('error', endQuietly) === 0) process.stdout.on('error', endQuietly)
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
}

function endQuietly (error: Error): void {
  if (!('code' in error && error.code === 'EPIPE')) throw error
  process.exit(0)
}

async function confirm (question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}
