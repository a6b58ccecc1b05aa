import { statSync } from 'node:fs'
import { join } from 'node:path'
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import type { Clock } from '../clock.js'
import { freeMemory } from '../free-memory.js'
import type { QueueStore } from '../store/queue-store.js'
import { StoreError } from '../store/store-error.js'
import { unlessHeldUp, type DiskRoom } from './log-disk.js'
import { describeProblem, isDamage, isDiskFull } from './log-failures.js'
import { groupWrites } from './log-groups.js'
import { isWrite, type Answer, type FromThread, type NumberedRequest, type ToThread } from './log-messages.js'
import { RECOVERED_PREFIX, timeInName } from './log-names.js'
import { packStored, unpackAppends } from './log-pack-columns.js'
import type { QueueReader } from './log-reader.js'
import type { QueueWriter } from './log-writer.js'
import type { Stored } from './queue-log.js'

export interface ServerParts {
  readonly port: MessagePort
  readonly clock: Clock
  readonly store: QueueStore
  readonly writer: QueueWriter
  readonly reader: QueueReader
  readonly disk: DiskRoom
  readonly dataDir: string
  readonly pollMs: number
}

/** Beyond this the log is copied into the file when nothing else is to do. */
const IDLE_LOG_BYTES = 1_048_576

/**
 * Serves the requests of the main thread. All that wait when one arrives are carried out together, the writes in one
 * transaction: under load, many share one sync of the disk.
 */
export class QueueServer {
  readonly #parts: ServerParts
  readonly #logPath: string
  /** The file that the connection has open; undefined until it is seen for the first time. */
  readonly #inode: number | undefined
  #logInode: number | undefined
  #foreignChanges: number
  #idle = false
  #cancelTick = (): void => {}

  constructor (parts: ServerParts) {
    this.#parts = parts
    this.#logPath = `${parts.store.path}-wal`
    this.#inode = inodeOf(parts.store.path)
    this.#logInode = inodeOf(this.#logPath)
    this.#foreignChanges = parts.store.foreignChanges
  }

  start (): void {
    this.#parts.port.on('message', (message: ToThread) => { this.#guard(() => { this.#receive(message) }) })
    this.#scheduleTick()
  }

  #receive (first: ToThread): void {
    this.#idle = false
    const requests: NumberedRequest[] = []
    const memory: ArrayBuffer[] = []
    let atMs = 0
    let closing = false
    for (let message: ToThread | undefined = first; message !== undefined; message = this.#nextMessage()) {
      if (message.kind === 'close') {
        closing = true
        break
      }
      requests.push(...unpackAppends(message.appends), ...message.requests)
      if (message.appends !== undefined) memory.push(message.appends.bodies)
      atMs = message.atMs
    }
    this.#serve(requests, atMs)
    freeMemory(memory)
    if (closing) this.#close()
  }

  #nextMessage (): ToThread | undefined {
    // The other end of the port is log-client.ts.
    return receiveMessageOnPort(this.#parts.port)?.message as ToThread | undefined
  }

  #serve (requests: readonly NumberedRequest[], atMs: number): void {
    const { writer, reader } = this.#parts
    for (const group of groupWrites(requests.filter(isWrite))) this.#post(toAnswers(writer.write(group, atMs)))
    for (const numbered of requests) {
      if (isWrite(numbered)) continue
      const { result, memory } = reader.read(numbered.request, atMs)
      this.#post({ kind: 'answers', answers: [{ id: numbered.id, result }] }, memory)
    }
    this.#tellChange()
  }

  #tellChange (): void {
    if (this.#foreignChanges === this.#parts.store.foreignChanges) return
    this.#foreignChanges = this.#parts.store.foreignChanges
    this.#post({ kind: 'changed' })
  }

  #scheduleTick (): void {
    this.#cancelTick = this.#parts.clock.after(this.#parts.pollMs, () => { this.#guard(() => { this.#tick() }) })
  }

  /** What other processes did, and what has time. */
  #tick (): void {
    const { store, disk } = this.#parts
    this.#checkFiles()
    store.refresh()
    this.#tellChange()
    disk.hasRoom()
    if (this.#idle) {
      disk.tidy()
      if ((statSync(this.#logPath, { throwIfNoEntry: false })?.size ?? 0) > IDLE_LOG_BYTES) unlessHeldUp(() => { store.shortenLog() })
    }
    this.#idle = true
    this.#scheduleTick()
  }

  /**
   * A file that was removed or replaced while it is open takes all later writes with it. SQLite removes a log by its
   * name when the last connection of another process closes, so that renaming queue.db by hand is enough for that.
   */
  #checkFiles (): void {
    const { store, dataDir, clock } = this.#parts
    this.#logInode ??= inodeOf(this.#logPath)
    // The log first: whoever removes both between the two questions must not be taken for one who removed the log alone.
    const isLogThere = inodeOf(this.#logPath) === this.#logInode
    const isThere = inodeOf(store.path) === this.#inode
    // The connection still reads the file that has lost its name: the next start takes the copy in.
    if (!isThere) store.copyInto(join(dataDir, RECOVERED_PREFIX + timeInName(clock.now())))
    if (!isThere || !isLogThere) {
      throw new StoreError('FILE_REPLACED', `${store.path}: The file, or its -wal, was removed or replaced while the proxy uses it.`)
    }
  }

  #close (): void {
    this.#cancelTick()
    unlessHeldUp(() => this.#parts.store.emptyLog())
    this.#parts.store.close()
    this.#parts.port.close()
  }

  /** A connection whose state is in doubt is not repaired: the thread ends, which closes it for certain. */
  #guard (work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#cancelTick()
      this.#post({ kind: 'down', damaged: isDamage(error), full: isDiskFull(error), ...describeProblem(error) })
      this.#parts.port.close()
    }
  }

  #post (message: FromThread, memory: readonly ArrayBuffer[] = []): void {
    this.#parts.port.postMessage(message, memory)
  }
}

/** Those of stored pushes, which nearly all are, column by column. */
function toAnswers (answers: readonly Answer[]): FromThread {
  const stored: Array<readonly [number, Stored]> = []
  const others: Answer[] = []
  for (const answer of answers) {
    if ('result' in answer && isStored(answer.result)) stored.push([answer.id, answer.result])
    else others.push(answer)
  }
  return stored.length === 0 ? { kind: 'answers', answers } : { kind: 'answers', answers: others, stored: packStored(stored) }
}

function isStored (result: unknown): result is Stored {
  return typeof result === 'object' && result !== null && 'laneSeq' in result
}

function inodeOf (path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
