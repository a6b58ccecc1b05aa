import { statSync } from 'node:fs'
import { readLog, readLoggedPages } from '../store/carve-log.js'
import { QueueStore } from '../store/queue-store.js'
import { StoreError } from '../store/store-error.js'
import type { Ballast } from './log-ballast.js'
import { isDiskFull } from './log-failures.js'
import { recordLosses } from './log-losses.js'
import type { ThreadData } from './log-messages.js'
import { queuePath } from './log-names.js'
import { sweep } from './log-retention.js'
import { finishRecovery } from './log-swap.js'
import type { OpenReport } from './queue-log.js'

export interface OpenedStore {
  readonly store: QueueStore
  readonly report: OpenReport
  /** The log of an earlier connection was copied into the file and synced, by this one. */
  readonly synced: boolean
}

/**
 * Up to this size the structure of the whole file is checked at each start: 0.1 s for 240 MB that lie in memory, at most
 * a few seconds on a slow disk. A larger one would keep the senders waiting; there, damage is met when it is read.
 */
const CHECKED_BYTES_MAX = 268_435_456
const SWEPT_AT_OPEN = 2000

/**
 * Opens queue.db, or makes it; finishes what a kill interrupted, and writes down what the disk lost.
 * @throws StoreError; isDamage tells whether the file must be recovered, isDiskFull whether there is no room even without the ballast
 */
export function openStore (data: ThreadData, ballast: Ballast): OpenedStore {
  const setAside = finishRecovery(data.dataDir)
  const path = queuePath(data.dataDir)
  const isEmpty = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0
  const { pages, damaged } = readLoggedPages(readLog(path))
  // SQLite removes the log of an empty file, whatever it holds.
  if (damaged || (isEmpty && pages.size > 0)) throw damageOf(path)
  const opened = openWithBallast(data, ballast, setAside)
  // The ballast is made after the first start has made the file.
  return isEmpty && ballast.ready ? { ...opened, report: { ...opened.report, vanished: true } } : opened
}

function openWithBallast (data: ThreadData, ballast: Ballast, setAside: string | undefined): OpenedStore {
  try {
    return openAndCheck(data, setAside)
  } catch (error) {
    if (!isDiskFull(error) || !ballast.ready) throw error
    ballast.free()
    return openAndCheck(data, setAside)
  }
}

function openAndCheck (data: ThreadData, setAside: string | undefined): OpenedStore {
  const store = new QueueStore({ dataDir: data.dataDir })
  const damage = statSync(store.path).size > CHECKED_BYTES_MAX ? [] : store.findDamage({ quick: true })
  if (damage.length > 0) throw damageOf(store.path)
  const synced = store.emptyLog()
  const lost = store.transaction(() => {
    sweep(store, data, data.atMs, SWEPT_AT_OPEN)
    return recordLosses(store, { thorough: setAside !== undefined, atMs: data.atMs })
  })
  let [waiting, parked] = [0, 0]
  for (const lane of store.lanes.all()) {
    waiting += lane.waiting
    parked += lane.parked
  }
  return { store, synced, report: { waiting, parked, lost, setAside } }
}

function damageOf (path: string): StoreError {
  return new StoreError('SQLITE_CORRUPT', `${path}: The queue is damaged; what can be read of it is carried over.`)
}
