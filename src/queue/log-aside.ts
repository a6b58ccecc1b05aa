import type { ReceiptRow } from '../store/queue-receipt-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import { writeCloudRequestIds } from './log-receipt.js'
import type { RelayedNote } from './relayed-note.js'

/** The receipt of what was set aside of a push while its good records were tried; undefined when nothing is, or more became of it. */
export function findAside (store: QueueStore, requestId: string, records: number): ReceiptRow | undefined {
  const receipt = store.receipts.find(requestId)
  return receipt?.records === records && receipt.waiting === 0 && receipt.delivered === 0 ? receipt : undefined
}

/** As the disk counts. */
export function bytesAside (store: QueueStore, aside: ReceiptRow): number {
  return store.parked.ofReceipt(aside.id).reduce((sum, { bytes }) => sum + bytes, 0)
}

/** As if it had never lain there: the whole push is written anew in the same transaction, or its sender hears an error. */
export function removeAside (store: QueueStore, aside: ReceiptRow): void {
  for (const parked of store.parked.ofReceipt(aside.id)) {
    if (parked.state !== 'parked') continue
    store.parkedRecords.delete(parked.id)
    store.lanes.addParked(store.lanes.get(parked.lane), parked, -1)
  }
  store.parked.deleteOfReceipt(aside.id)
  store.repairs.delete(aside.id)
  store.receipts.remove(aside)
}

/** The good records were delivered while their sender waited. Said twice it counts once. */
export function recordRelayed (store: QueueStore, { requestId, asideRecords, deliveredRecords, cloudRequestIds, repeatKey }: RelayedNote, atMs: number): void {
  const aside = findAside(store, requestId, asideRecords)
  if (aside === undefined) return
  store.receipts.update(aside, {
    ...aside,
    records: asideRecords + deliveredRecords,
    delivered: deliveredRecords,
    cloudRequestIds: writeCloudRequestIds(cloudRequestIds),
    updatedAtMs: atMs
  })
  if (repeatKey !== undefined) store.repeatKeys.insert({ id: aside.id, keyDigest: repeatKey.key, bodyDigest: repeatKey.body })
}
