import type { StoredRow } from '../store/queue-rows.js'
import type { QueueStore } from '../store/queue-store.js'
import type { ParkedPart } from './queue-log.js'
import { recordKeys, type KeyedBody } from './record-keys.js'

/** Remembers which devices and times a parked entry holds; nothing of a body that cannot be cut. */
export function rememberRecords (store: QueueStore, parked: number, body: KeyedBody, deliveredAtMs: (record: number) => number | null = () => null): void {
  for (const record of recordKeys(body) ?? []) store.parkedRecords.insert({ parked, record, deliveredAtMs: deliveredAtMs(record) })
}

/**
 * Marks what is parked of the devices and times that were delivered with a push, while the push still lies there. Where
 * nothing of its plant and device type is parked, which is the rule, not even its body is read.
 */
export function markDelivered (store: QueueStore, { id, plant, deviceType }: StoredRow, parked: readonly ParkedPart[], atMs: number): void {
  if (!store.lanes.hasParked({ plant, deviceType })) return
  const push = store.pushes.get(id)
  if (push === undefined) return
  const keysOf = (body: Pick<KeyedBody, 'body' | 'recordCount'>): number[] => recordKeys({ plant, deviceType, ...body }) ?? []
  const notDelivered = new Set(parked.flatMap(keysOf))
  for (const record of keysOf(push)) {
    if (!notDelivered.has(record)) store.parkedRecords.noteDelivered(record, atMs)
  }
}
