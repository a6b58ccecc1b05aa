import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { carveRows, type CarvedRow } from '../store/carve-rows.js'
import { prepareFile } from '../store/data-dir.js'
import { isIntact } from '../store/digest.js'
import { readParkedRow, readPushRow, type PushRow } from '../store/queue-rows.js'
import { QueueStore } from '../store/queue-store.js'
import { StoreError } from '../store/store-error.js'
import { syncDirectory } from '../store/sync-directory.js'
import { Carved } from './log-carved.js'
import { rememberRecords } from './log-parked-records.js'
import { QUEUE_FILE, queuePath, RECOVERED_PREFIX, RECOVERING_FILE, timeInName } from './log-names.js'
import { removeWithBeside } from './log-swap.js'

const ROWS_PER_COMMIT = 500
const BYTES_PER_COMMIT = 16_777_216

/**
 * Reads every row that a damaged queue.db still holds into a new store, page by page, and gives that the name under
 * which the next start takes it in (finishRecovery). Bodies whose digest is wrong are left out, so that the next start
 * finds and names what is missing.
 *
 * @throws StoreError when the new store cannot be written, on a full disk for instance; nothing is left behind then
 */
export function recoverStore (dataDir: string, atMs: number): void {
  const recovering = join(dataDir, RECOVERING_FILE)
  removeWithBeside(recovering)
  try {
    // Where only the log is left, the file that it belongs to is an empty one.
    prepareFile(dataDir, QUEUE_FILE)
    const store = new QueueStore({ dataDir, fileName: RECOVERING_FILE })
    carryOver(store, queuePath(dataDir), atMs)
    store.emptyLog()
    store.close()
  } catch (error) {
    removeWithBeside(recovering)
    throw error
  }
  renameSync(recovering, join(dataDir, RECOVERED_PREFIX + timeInName(atMs)))
  syncDirectory(dataDir)
}

/** The new file is worth nothing before it is whole and has its next name, so that it may be committed in parts. */
function carryOver (store: QueueStore, damaged: string, atMs: number): void {
  const carved = new Carved()
  for (const { table, row } of carveRows(damaged, ['lanes', 'receipts', 'bundle_receipts', 'failures', 'parked', 'repeat_keys', 'parked_records', 'repairs'])) {
    unlessForeign(() => { carved.note(table, row) })
  }
  const rows = carveRows(damaged, ['pushes', 'bundles', 'parked'])
  for (let part = take(rows); part.length > 0; part = take(rows)) {
    store.transaction(() => {
      for (const row of part) unlessForeign(() => { carryRow(store, carved, row) })
    })
  }
  store.transaction(() => {
    for (const failure of carved.failures()) store.failures.insert(failure)
    for (const lane of carved.lanes()) unlessForeign(() => { store.lanes.insert(lane) })
    for (const receipt of carved.receipts(atMs)) unlessForeign(() => { store.receipts.insert(receipt) })
    for (const repeatKey of carved.repeatKeys()) unlessForeign(() => { store.repeatKeys.insert(repeatKey) })
    for (const repairs of carved.repairs()) unlessForeign(() => { store.repairs.insert(repairs) })
  })
}

function carryRow (store: QueueStore, carved: Carved, { table, row }: CarvedRow): void {
  if (table === 'pushes') carryPush(store, carved, readPushRow(row))
  else if (table === 'bundles') {
    for (const push of carved.readBundle(row)) carryPush(store, carved, push)
  } else {
    const parked = readParkedRow(row)
    if (!carved.wantsParked(parked) || (parked.body !== null && !isIntact(parked))) return
    store.parked.insert(parked)
    const { body, ...head } = parked
    if (body !== null) rememberRecords(store, parked.id, { ...head, body }, carved.deliveredAtMs(parked.id))
    carved.tookParked(head)
  }
}

function carryPush (store: QueueStore, carved: Carved, push: PushRow): void {
  if (!carved.wantsPush(push) || !isIntact(push)) return
  store.pushes.insert(push)
  const { body, ...head } = push
  carved.tookPush(head)
}

/** Passes over what only looks like a row of ours: a column of another type, a text that no text can be. */
function unlessForeign (work: () => void): void {
  try {
    work()
  } catch (error) {
    if (error instanceof TypeError || (error instanceof StoreError && error.code === 'UNEXPECTED_COLUMN')) return
    throw error
  }
}

function take (rows: Iterator<CarvedRow>): CarvedRow[] {
  const part: CarvedRow[] = []
  let bytes = 0
  while (part.length < ROWS_PER_COMMIT && bytes < BYTES_PER_COMMIT) {
    const next = rows.next()
    if (next.done === true) break
    part.push(next.value)
    const body = next.value.row['body'] ?? next.value.row['bodies']
    bytes += body instanceof Uint8Array ? body.byteLength : 0
  }
  return part
}
