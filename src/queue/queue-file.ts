import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock, type Clock } from '../clock.js'
import { QueueStore } from '../store/queue-store.js'
import { StoreError } from '../store/store-error.js'
import { isDamage } from './log-failures.js'
import { queuePath } from './log-names.js'
import { paceLanes, type PacedLane } from './log-pace.js'
import { readFailing, readLanes, readUsage, type FailingLane } from './log-reads.js'
import { NotParked, replayParked, skipParked } from './log-release.js'
import { verifyStore, type VerifyReport } from './log-verify.js'
import { exportRows, showPush, toParkedEntry, type ExportRow, type ParkedEntry, type PushView } from './log-views.js'
import type { QueueUsage, Stored } from './queue-log.js'

export { NotParked, NotSendable } from './log-release.js'
export type { PacedLane } from './log-pace.js'
export type { FailingLane } from './log-reads.js'
export type { VerifyReport } from './log-verify.js'
export type { ExportRow, ParkedEntry, ParkedView, PushView } from './log-views.js'

/** The queue as a command sees it: at once, and beside a running proxy, which learns of changes within 250 ms. Throws StoreError. */
export interface QueueFile {
  /** Lanes in which something waits. */
  listLanes: () => PacedLane[]
  listParked: () => ParkedEntry[]
  /** Lanes whose next push has failed by itself; what keeps a whole account waiting is known to the running proxy alone. */
  listFailing: () => FailingLane[]
  /** What waits and what is parked of each plant; `bytesMax` is not known here and 0. */
  usage: () => QueueUsage
  /** @param id a request id, or the number of a waiting push or of a parked entry */
  show: (id: string) => PushView | undefined
  /**
   * Parked records wait again, at the end of their lane.
   * @throws {NotParked}
   * @throws {NotSendable} for records that break the contract
   */
  replay: (id: number) => Stored
  /**
   * Parked records are given up: their bytes are removed, that they were there is kept.
   * @throws {NotParked}
   */
  skip: (id: number) => void
  /** Everything that waits, then everything that is parked; read while it is walked through. */
  exportRows: () => Iterable<ExportRow>
  /** Reads every byte, and writes down what was lost. */
  verify: () => VerifyReport
  /**
   * A whole copy of this moment. Copying queue.db itself loses what still lies in its -wal, and may catch a page half
   * written.
   * @param path a file that is not there yet
   * @returns its size
   */
  backupTo: (path: string) => { bytes: number }
  close: () => void
}

/** @throws StoreError when there is no queue, or it cannot be read */
export function openQueueFile (dataDir: string, clock: Clock = systemClock): QueueFile {
  const path = queuePath(resolve(dataDir))
  if (!existsSync(path)) throw new StoreError('NO_QUEUE', `${path}: There is no queue here; check DATA_DIR, or start the proxy once.`)
  const telling = <Given extends unknown[], Result>(work: (...given: Given) => Result) => (...given: Given): Result => {
    try {
      return work(...given)
    } catch (error) {
      throw isDamage(error) ? new StoreError('SQLITE_CORRUPT', `${path}: The queue is damaged; start the proxy again: it sets the file aside and recovers what can be read.`, error) : error
    }
  }
  const store = telling(() => new QueueStore({ dataDir }))()
  /** What is held in memory is read again where a running proxy has written. */
  const reading = <Given extends unknown[], Result>(work: (...given: Given) => Result): ((...given: Given) => Result) => telling((...given: Given) => {
    store.refresh()
    return work(...given)
  })
  return {
    listLanes: reading(() => paceLanes(store, readLanes(store), clock.now())),
    listParked: reading(() => store.parked.heads('parked').map(toParkedEntry)),
    listFailing: reading(() => readFailing(store)),
    usage: reading(() => readUsage(store, 0)),
    show: reading(id => showPush(store, id)),
    replay: telling(id => {
      const stored = store.transaction(() => replayParked(store, id, clock.now()))
      if (stored === undefined) throw new NotParked(id, 'lost')
      return stored
    }),
    skip: telling(id => { store.transaction(() => { skipParked(store, id, clock.now()) }) }),
    exportRows: () => exportRows(store),
    verify: reading(() => verifyStore(store, clock.now())),
    backupTo: telling(target => store.copyTo(target)),
    close: () => { store.close() }
  }
}
