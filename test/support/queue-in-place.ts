import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { MessageChannel } from 'node:worker_threads'
import { systemClock } from '../../src/clock.js'
import type { QueueThread } from '../../src/queue/log-keeper.js'
import type { ThreadData } from '../../src/queue/log-messages.js'
import { runQueueTask } from '../../src/queue/log-serve.js'

/** In memory where there is such a place: a sync of a busy disk may take longer than a whole test. */
export const FAST_ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Small for the many proxies of a suite: 16 MiB of ballast and a thread of its own take each of them a second. */
export const FAST_QUEUE = { ballastBytes: 65_536, startThread: startInPlace }

/** The work of the queue's thread, over a port as always, but in this thread. */
function startInPlace (data: ThreadData): QueueThread {
  const { port1: ours, port2: theirs } = new MessageChannel()
  // By then whoever starts it listens.
  setImmediate(() => { runQueueTask(theirs, data, systemClock) })
  const thread = {
    postMessage: ours.postMessage.bind(ours),
    on (event: string, listener: (value: unknown) => void) {
      // A port's end is its thread's end.
      ours.on(event === 'exit' ? 'close' : event, listener)
      return thread
    }
  }
  // A Worker's `on` is declared once for each event's name; all of them are passed on.
  return thread as unknown as QueueThread
}
