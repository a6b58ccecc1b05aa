import { rangeContent } from '../store/bundle-rows.js'
import type { WaitingBundle } from '../store/queue-bundles.js'
import type { QueueStore } from '../store/queue-store.js'
import { writeCloudRequestIds } from './log-receipt.js'
import type { Settlement } from './queue-log.js'

/** What one call delivered whole, from the head of its lane: the rule while nothing is wrong. */
export function wholeCalls (settlements: readonly Settlement[]): Settlement[][] {
  const calls: Settlement[][] = []
  for (const settlement of settlements) {
    const call = calls.at(-1)
    const last = call?.at(-1)
    if (call !== undefined && last !== undefined && isOfSameCall(last, settlement)) call.push(settlement)
    else calls.push([settlement])
  }
  return calls
}

/**
 * Writes that a call was delivered whole, without reading one of its pushes: bundle by bundle, and what lies between them.
 * @returns what could not be written so: the disk holds anything else there, something became of it before, or its records
 * must be compared with what is parked
 */
export function settleWhole (store: QueueStore, call: readonly Settlement[], atMs: number): readonly Settlement[] {
  const [first, last] = [call[0], call.at(-1)]
  if (first === undefined || last === undefined || first.parked.length > 0) return call
  const laneId = laneOf(store, first.id)
  if (laneId === undefined || store.lanes.hasParked(store.lanes.get(laneId))) return call
  const left: Settlement[] = []
  let rows: Settlement[] = []
  const settleGathered = (): void => {
    if (!settleRows(store, laneId, rows, atMs)) left.push(...rows)
    rows = []
  }
  let rest = call
  for (const bundle of store.bundles.ofRange({ lane: laneId, fromId: first.id, toId: last.id })) {
    const before = rest.filter(({ id }) => id < bundle.id)
    const within = rest.slice(before.length).filter(({ id }) => id <= bundle.lastId)
    rest = rest.slice(before.length + within.length)
    rows.push(...before)
    if (within.length === bundle.entries && bundle.content === contentOf(within)) {
      settleGathered()
      deliverBundle(store, bundle, first.cloudRequestIds, atMs)
    } else if (within.length > 0) {
      store.bundles.expand(bundle.id)
      rows.push(...within)
    }
  }
  rows.push(...rest)
  settleGathered()
  return left
}

/** A call that begins within a bundle that waits is settled by rows. */
function laneOf (store: QueueStore, id: number): number | undefined {
  const known = store.bundles.laneOf(id)
  if (known !== undefined || store.bundles.idsWith(id).length === 0) return known
  store.bundles.expand(id)
  return store.bundles.laneOf(id)
}

function deliverBundle (store: QueueStore, bundle: WaitingBundle, cloudRequestIds: readonly string[], atMs: number): void {
  const lane = store.lanes.get(bundle.lane)
  store.receipts.deliverBundle(bundle, writeCloudRequestIds(cloudRequestIds), atMs)
  store.lanes.addWaiting(lane, bundle, -1)
  store.lanes.finish(lane, bundle.firstSeq, bundle.firstSeq + bundle.entries - 1)
}

/** Pushes with rows of their own, in one statement for each table. */
function settleRows (store: QueueStore, laneId: number, call: readonly Settlement[], atMs: number): boolean {
  const [first, last] = [call[0], call.at(-1)]
  if (first === undefined || last === undefined) return true
  const range = { lane: laneId, fromId: first.id, toId: last.id }
  const sums = store.deliveries.sums(range)
  if (sums?.entries !== call.length || sums.toSeq - sums.fromSeq + 1 !== sums.entries || sums.untouched !== contentOf(call)) return false
  store.receipts.deliver({ ...range, ...sums }, writeCloudRequestIds(first.cloudRequestIds), atMs)
  store.deliveries.remove(range)
  const lane = store.lanes.get(laneId)
  store.lanes.addWaiting(lane, sums, -1)
  store.lanes.finish(lane, sums.fromSeq, sums.toSeq)
  return true
}

function contentOf (settlements: readonly Settlement[]): string {
  return rangeContent(settlements.map(({ id, deliveredRecords }) => ({ id, records: deliveredRecords })))
}

function isOfSameCall (a: Settlement, b: Settlement): boolean {
  return a.id < b.id && a.parked.length === 0 && b.parked.length === 0 && a.cloudRequestIds.length === b.cloudRequestIds.length &&
    a.cloudRequestIds.every((id, index) => id === b.cloudRequestIds[index])
}
