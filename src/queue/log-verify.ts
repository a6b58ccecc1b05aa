import { isIntact } from '../store/digest.js'
import type { StoredRow } from '../store/queue-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import { loseEntry, loseParked, recordLosses } from './log-losses.js'
import type { Loss } from './queue-log.js'

/** What `verify` found. */
export interface VerifyReport {
  /** False when the structure of the file is damaged: the next start of the proxy sets it aside and recovers what can be read. */
  readonly sound: boolean
  /** What SQLite says of the structure, at most 100 lines. */
  readonly problems: readonly string[]
  readonly waiting: number
  readonly parked: number
  /** Found now, and written down as lost. */
  readonly lost: readonly Loss[]
  /** Records that were lost before, as far as their receipts are kept. */
  readonly lostRecordsBefore: number
}

/** Bodies have up to 4 MB. */
const ROWS_AT_A_TIME = 16

/** Reads everything: the structure, every body, every number that was given out, every receipt. */
export function verifyStore (store: QueueStore, atMs: number): VerifyReport {
  const lostRecordsBefore = store.receipts.lostRecords()
  const problems = store.findDamage({ quick: false })
  // Nothing is written into a file whose structure cannot be trusted.
  const lost = problems.length > 0 ? [] : recordAll(store, atMs)
  let [waiting, parked] = [0, 0]
  for (const lane of store.lanes.all()) {
    waiting += lane.waiting
    parked += lane.parked
  }
  return { sound: problems.length === 0, problems, waiting, parked, lost, lostRecordsBefore }
}

function recordAll (store: QueueStore, atMs: number): Loss[] {
  const damagedPushes = [...damaged(afterId => store.pushes.after(afterId, ROWS_AT_A_TIME))]
  const damagedParked = [...damaged(afterId => store.parked.after(afterId, ROWS_AT_A_TIME))]
  return store.transaction(() => [
    // A running proxy may have finished with it since.
    ...damagedPushes.filter(({ id }) => store.pushes.find(id) !== undefined).map(row => loseEntry(store, row, atMs)),
    ...damagedParked.filter(({ id }) => store.parked.find(id)?.state === 'parked').map(row => loseParked(store, row, atMs)),
    ...recordLosses(store, { thorough: true, atMs })
  ])
}

type StoredBody = StoredRow & { readonly body: Uint8Array | null, readonly digest: Uint8Array }

function * damaged (readAfter: (afterId: number) => StoredBody[]): Generator<StoredRow> {
  let afterId = 0
  for (let rows = readAfter(afterId); rows.length > 0; rows = readAfter(afterId)) {
    for (const row of rows) {
      afterId = row.id
      if (isIntact(row)) continue
      const { body, ...head } = row
      yield head
    }
  }
}
