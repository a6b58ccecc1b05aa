import type { Clock } from '../clock.js'
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
  // The oldest first, for a Map keeps the order of insertion.
  const relayed = new Map<string, Receipt>()

  function note (push: Pick<Receipt, 'requestId' | 'plant' | 'deviceType' | 'receivedAtMs' | 'records' | 'cloudRequestIds'>): void {
    relayed.set(push.requestId, { ...push, updatedAtMs: clock.now(), waiting: 0, delivered: push.records, parked: 0, skipped: 0, lost: 0, reasons: [] })
    for (const oldest of relayed.keys()) {
      if (relayed.size <= relayedMax) break
      relayed.delete(oldest)
    }
  }

  return {
    deliver: async (push, plant, clientGone) => {
      const receivedAtMs = clock.now()
      const delivery = await deliver(push, plant, clientGone)
      if (delivery.kind === 'relayed') {
        const { requestId, deviceType, recordCount } = push
        const cloudRequestIds = delivery.cloudRequestId === undefined ? [] : [delivery.cloudRequestId]
        note({ requestId, plant: plant.name, deviceType, receivedAtMs, records: recordCount, cloudRequestIds })
      }
      return delivery
    },
    receipts: { find: async requestId => relayed.get(requestId) ?? await log.receipt(requestId) }
  }
}
