import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { systemClock } from '../clock.js'
import { readConfig } from '../config.js'
import { openQueueFile } from '../queue/queue-file.js'
import type { Caller } from './caller.js'
import type { QueueCommandParts } from './with-queue.js'

/** What the queue's commands need of this process, and of who runs them. */
export function queueParts (caller: Caller): QueueCommandParts {
  const { stdin, stdout, stderr } = caller
  let isWatched = false
  return {
    openQueue: () => openQueueFile(readConfig(process.env).dataDir, systemClock),
    now: () => systemClock.now(),
    stdout,
    stderr,
    drained: async () => {
      if (!isWatched) stdout.on('error', error => { endQuietly(error, caller) })
      isWatched = true
      if (stdout.writableNeedDrain) await once(stdout, 'drain')
    },
    confirm: stdin.isTTY === true && stderr.isTTY === true ? async question => await confirm(question, caller) : undefined
  }
}

/** Whoever reads may have had enough, such as `head`: then the process ends with the failed write, as others do. */
function endQuietly (error: Error, caller: Caller): void {
  if (!('code' in error && error.code === 'EPIPE')) throw error
  caller.exit(0)
}

async function confirm (question: string, { stdin, stderr }: Caller): Promise<boolean> {
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}
