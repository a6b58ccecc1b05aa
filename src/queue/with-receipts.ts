import type { Clock } from '../clock.js'
import { countRecords } from './bad-records.js'
import type { Deliver } from './deliver.js'
import type { QueueLog, Receipt } from './queue-log.js'

export interface Receipts {
  /**
   * `undefined` when the id is unknown or forgotten, the push is still under way, or it was answered with an error.
   * @throws {ProxyError} InternalError when the store cannot be read
   */
  readonly find: (requestId: string) => Promise<Receipt | undefined>
}

export interface ReceiptsParts {
  readonly log: Pick<QueueLog, 'receipt'>
  readonly clock: Clock
  /** Relayed pushes that are remembered; default 10,000, about 5 MB. */
  readonly relayedMax?: number
}

const RELAYED_MAX = 10_000

/** The same `deliver`, and what became of its pushes: of the latest relayed ones from memory, of stored and parked ones from disk. */
export function withReceipts (deliver: Deliver, { log, clock, relayedMax = RELAYED_MAX }: ReceiptsParts): { deliver: Deliver, receipts: Receipts } {
  const relayed = new Map<string, Receipt>()
  // Which to forget next. A Map's own order would do, but it steps over all that was forgotten before.
  const inOrder: string[] = []
  let next = 0

  function note (push: Pick<Receipt, 'requestId' | 'plant' | 'deviceType' | 'receivedAtMs' | 'delivered' | 'parked' | 'cloudRequestIds' | 'reasons' | 'repairs'>): void {
    relayed.set(push.requestId, { ...push, records: push.delivered + push.parked, updatedAtMs: clock.now(), waiting: 0, skipped: 0, lost: 0 })
    const oldest = inOrder[next]
    if (oldest !== undefined) relayed.delete(oldest)
    inOrder[next] = push.requestId
    next = (next + 1) % relayedMax
  }

  async function find (requestId: string): Promise<Receipt | undefined> {
    const known = relayed.get(requestId)
    if (known?.parked === 0) return known
    const onDisk = await log.receipt(requestId)
    if (known === undefined || onDisk === undefined || onDisk.delivered > 0) return onDisk ?? known
    // What is parked of a relayed push lies on disk from the start, and that the rest was delivered comes there a little later.
    return { ...onDisk, records: onDisk.records + known.delivered, delivered: known.delivered, cloudRequestIds: known.cloudRequestIds }
  }

  return {
    deliver: async (push, plant, clientGone) => {
      const receivedAtMs = clock.now()
      const delivery = await deliver(push, plant, clientGone)
      if (delivery.kind === 'relayed') {
        const { requestId, deviceType, recordCount, parked = [], repairs = {} } = push
        const cloudRequestIds = delivery.cloudRequestId === undefined ? [] : [delivery.cloudRequestId]
        note({ requestId, plant: plant.name, deviceType, receivedAtMs, delivered: recordCount, parked: countRecords(parked), cloudRequestIds, reasons: parked.map(({ reason }) => reason), repairs })
      }
      return delivery
    },
    receipts: { find }
  }
}
