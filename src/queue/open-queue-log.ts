import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../clock.js'
import { StoreError } from '../store/store-error.js'
import { QueueClient, type Downtime } from './log-client.js'
import type { QueueThread } from './log-keeper.js'
import type { ThreadData } from './log-messages.js'
import type { OpenReport, QueueLog, QueueNotice } from './queue-log.js'

export interface QueueLogParts {
  readonly dataDir: string
  /** The whole queue, parked included, in bytes as the disk counts. */
  readonly queueBytesMax: number
  readonly clock: Clock
  /** How often changes of other processes are looked for. Default 250. */
  readonly pollMs?: number
  /** Space that is held for the bookkeeping on a full disk. Default 16 MiB: the log has up to 4 MB, and one transaction more. */
  readonly ballastBytes?: number
  /** Finished receipts that are kept, and up to a 200th part more. Default 100,000. */
  readonly receiptsMax?: number
  /** How long they are kept. Default 30 days. */
  readonly receiptsAgeMsMax?: number
  /** Default a worker thread of queue-thread.js. */
  readonly startThread?: (data: ThreadData) => QueueThread
}

const DAY_MS = 86_400_000
const NOTHING_OPENED: OpenReport = { waiting: 0, parked: 0, lost: [], setAside: undefined, full: true }
/** A file that is damaged again each time it was recovered lies on a disk that should not be written to. */
const RECOVERIES_MAX = 3
const EARLY_MAX = 100
/** Little of what the thread makes lives on: more would be taken up and win nothing. */
const YOUNG_FLAG = '--max-semi-space-size=2'

/**
 * Opens queue.db in a thread of its own. A damaged file is set aside and what can be read of it is carried over; on a
 * full disk the log opens without its store, refuses pushes, and goes on by itself when there is room.
 *
 * @throws StoreError in a plain sentence when the data directory cannot be used, or a newer version wrote the file
 */
export async function openQueueLog (parts: QueueLogParts): Promise<QueueLog> {
  const { clock, startThread = startWorker } = parts
  const events = new Events()
  let client: QueueClient | undefined
  try {
    const opened = await new Promise<OpenReport>((resolve, reject) => {
      let isOpen = false
      let startedFull = false
      client = new QueueClient({
        clock,
        startThread: task => startThread({ ...settings(parts), task, atMs: clock.now() }),
        onOpened: report => {
          if (isOpen) events.reopened(report)
          if (startedFull) events.notify({ kind: 'disk-full', full: false })
          startedFull = false
          isOpen = true
          if (report.lost.length > 0) events.notify({ kind: 'lost', lost: report.lost })
          resolve(report)
        },
        onDown: (down, retries) => {
          if (isOpen) events.failed(down)
          else if (down.full) {
            isOpen = startedFull = true
            events.notify({ kind: 'disk-full', full: true })
            resolve(NOTHING_OPENED)
          } else if (isFinal(down, retries)) reject(new StoreError(down.code, down.message))
        },
        onMessage: message => {
          if (message.kind === 'changed') events.changed()
          else events.notify(message.notice)
        }
      })
    })
    if (client === undefined) throw new TypeError('The promise above runs at once.')
    return buildLog(client, events, opened)
  } catch (error) {
    await client?.close()
    throw error
  }
}

/** Whether another try could not help at the start: a read or a sync that fails once may have been an accident. */
function isFinal ({ damaged, code }: Downtime, retries: number): boolean {
  if (damaged) return retries >= RECOVERIES_MAX
  return !code.startsWith('SQLITE_IOERR') || retries > 0
}

function buildLog (client: QueueClient, events: Events, opened: OpenReport): QueueLog {
  return {
    opened,
    append: entry => client.ask({ kind: 'append', entry }),
    park: async push => { await client.ask({ kind: 'park', push }) },
    lanes: () => client.ask({ kind: 'lanes' }),
    read: (laneId, bounds) => client.ask({ kind: 'read', laneId, bounds }),
    settle: async settlements => { await client.ask({ kind: 'settle', settlements }) },
    noteFailure: async (ids, note) => { await client.ask({ kind: 'noteFailure', ids, note }) },
    noteBegun: async (ids, note) => { await client.ask({ kind: 'noteBegun', ids, note }) },
    noteDelivered: async records => { await client.ask({ kind: 'noteDelivered', records }) },
    noteRelayed: async note => { await client.ask({ kind: 'noteRelayed', note }) },
    takeBack: async (requestId, records) => { await client.ask({ kind: 'takeBack', requestId, records }) },
    receipt: requestId => client.ask({ kind: 'receipt', requestId }),
    remembered: bounds => client.ask({ kind: 'remembered', ...bounds }),
    usage: () => client.ask({ kind: 'usage' }),
    onChange: listener => { events.onChange(listener) },
    onNotice: listener => { events.onNotice(listener) },
    close: () => client.close()
  }
}

/** Who listens; what the thread tells before anybody does, at its start, is kept for the first. */
class Events {
  readonly #changeListeners: Array<() => void> = []
  readonly #noticeListeners: Array<(notice: QueueNotice) => void> = []
  #early: QueueNotice[] = []

  onChange (listener: () => void): void {
    this.#changeListeners.push(listener)
  }

  onNotice (listener: (notice: QueueNotice) => void): void {
    this.#noticeListeners.push(listener)
    for (const notice of this.#early) listener(notice)
    this.#early = []
  }

  notify (notice: QueueNotice): void {
    if (this.#noticeListeners.length === 0 && this.#early.length < EARLY_MAX) this.#early.push(notice)
    for (const listener of this.#noticeListeners) listener(notice)
  }

  changed (): void {
    for (const listener of this.#changeListeners) listener()
  }

  failed ({ code, message }: Downtime): void {
    this.notify({ kind: 'failed', code, message })
  }

  reopened (report: OpenReport): void {
    this.notify({ kind: 'reopened', report })
    this.changed()
  }
}

function settings ({ dataDir, queueBytesMax, pollMs = 250, ballastBytes = 16_777_216, receiptsMax = 100_000, receiptsAgeMsMax = 30 * DAY_MS }: QueueLogParts): Omit<ThreadData, 'task' | 'atMs'> {
  return { dataDir, queueBytesMax, pollMs, ballastBytes, receiptsMax, receiptsAgeMsMax }
}

function startWorker (data: ThreadData): QueueThread {
  // Read when the thread's heap is made; an option of the command line would go before resourceLimits.
  setFlagsFromString(YOUNG_FLAG)
  return new Worker(new URL('./queue-thread.js', import.meta.url), { workerData: data })
}
