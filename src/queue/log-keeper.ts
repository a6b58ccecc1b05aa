import type { Clock } from '../clock.js'
import type { FromThread, ThreadData, ToThread } from './log-messages.js'

/** What is needed of a worker thread. */
export interface QueueThread {
  postMessage: (message: ToThread, memory: readonly ArrayBuffer[]) => void
  on: (event: 'message' | 'error' | 'exit', listener: (value: unknown) => void) => unknown
}

export type ThreadTask = ThreadData['task']
type Down = Extract<FromThread, { kind: 'down' }>

export interface KeeperParts {
  readonly startThread: (task: ThreadTask) => QueueThread
  readonly clock: Clock
  /** Everything that a thread says but its end. */
  readonly onMessage: (message: Exclude<FromThread, Down>) => void
  /** A thread ended without being asked to; `retries` tells how often in a row. Another one is started unless `close` is called. */
  readonly onDown: (down: Down, retries: number) => void
}

const PAUSE_MS_MAX = 30_000
/** A thread that served for so long did not fail at once. */
const STEADY_MS = 60_000

/** Keeps the queue's thread alive: whatever ends it, another takes its place, after a recovery if the file was damaged. */
export class ThreadKeeper {
  readonly #parts: KeeperParts
  #thread: QueueThread | undefined
  #down: Down | undefined
  #retries = 0
  #startedAtMs = 0
  #cancelPause = (): void => {}
  #onClosed: (() => void) | undefined

  constructor (parts: KeeperParts) {
    this.#parts = parts
  }

  start (task: ThreadTask = 'serve'): void {
    const thread = this.#parts.startThread(task)
    this.#thread = thread
    this.#startedAtMs = this.#parts.clock.monotonicMs()
    this.#down = undefined
    thread.on('message', value => {
      // Only queue-thread.ts is at the other end.
      const message = value as FromThread
      if (message.kind === 'down') this.#down = message
      else this.#parts.onMessage(message)
    })
    thread.on('error', error => {
      this.#down ??= { kind: 'down', damaged: false, full: false, code: 'DEFECT', message: `The queue's thread failed: ${error instanceof Error ? error.name : typeof error}.` }
    })
    thread.on('exit', () => { this.#onExit(task) })
  }

  post (message: ToThread, memory: readonly ArrayBuffer[] = []): void {
    this.#thread?.postMessage(message, memory)
  }

  /** Resolves when the thread has ended, and with it its connection. */
  async close (): Promise<void> {
    this.#cancelPause()
    if (this.#thread === undefined) return
    await new Promise<void>(resolve => {
      this.#onClosed = resolve
      this.post({ kind: 'close' })
    })
  }

  #onExit (task: ThreadTask): void {
    this.#thread = undefined
    if (this.#onClosed !== undefined) {
      this.#onClosed()
      return
    }
    if (task === 'recover' && this.#down === undefined) {
      this.start('serve')
      return
    }
    const down = this.#down ?? { kind: 'down', damaged: false, full: false, code: 'DEFECT', message: 'The queue\'s thread ended by itself.' }
    if (this.#parts.clock.monotonicMs() - this.#startedAtMs > STEADY_MS) this.#retries = 0
    this.#parts.onDown(down, this.#retries)
    this.#restart(down.damaged && task === 'serve' ? 'recover' : 'serve')
  }

  /** At once after the first failure, then after 1, 2, 4 s and so on. */
  #restart (task: ThreadTask): void {
    const retry = this.#retries++
    if (retry === 0) {
      this.start(task)
      return
    }
    // The clock's timers never keep a process alive, and one that is about to start has nothing else that would.
    const keepAlive = setInterval(() => {}, 1_000_000)
    const cancel = this.#parts.clock.after(Math.min(PAUSE_MS_MAX, 1000 * 2 ** (retry - 1)), () => {
      clearInterval(keepAlive)
      this.start(task)
    })
    this.#cancelPause = () => {
      clearInterval(keepAlive)
      cancel()
    }
  }
}
