import type { Clock } from '../clock.js'
import { countRecords } from './bad-records.js'
import type { Deliver, OutgoingPush } from './deliver.js'
import type { ParkReason, QueueLog, Receipt, RepairCounts } from './queue-log.js'
import { RelayedReceipts, type Relayed } from './relayed-receipts.js'

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
  /** Relayed pushes that are remembered; default 10,000, about 3 MB. */
  readonly relayedMax?: number
}

const RELAYED_MAX = 10_000
const NO_REASONS: readonly ParkReason[] = []
const NO_REPAIRS: RepairCounts = {}

/** The same `deliver`, and what became of its pushes: of the latest relayed ones from memory, of stored and parked ones from disk. */
export function withReceipts (deliver: Deliver, { log, clock, relayedMax = RELAYED_MAX }: ReceiptsParts): { deliver: Deliver, receipts: Receipts } {
  const relayed = new RelayedReceipts(relayedMax)

  function note ({ requestId, deviceType, recordCount, parked = [], repairs = NO_REPAIRS }: OutgoingPush, plant: string, receivedAtMs: number, cloudRequestId: string | undefined): void {
    const reasons = parked.length === 0 ? NO_REASONS : parked.map(({ reason }) => reason)
    relayed.note({ requestId, plant, deviceType, receivedAtMs, updatedAtMs: clock.now(), delivered: recordCount, parked: countRecords(parked), cloudRequestId, reasons, repairs })
  }

  async function find (requestId: string): Promise<Receipt | undefined> {
    const inMemory = relayed.find(requestId)
    const known = inMemory === undefined ? undefined : toReceipt(inMemory)
    if (known?.parked === 0) return known
    const onDisk = await log.receipt(requestId)
    if (known === undefined || onDisk === undefined || onDisk.delivered > 0) return onDisk ?? known
    // What is parked of a relayed push lies on disk from the start, and that the rest was delivered comes there a little later.
    return { ...onDisk, records: onDisk.records + known.delivered, delivered: known.delivered, cloudRequestIds: known.cloudRequestIds }
  }

  return {
    deliver: (push, plant, clientGone) => {
      const receivedAtMs = clock.now()
      const delivering = deliver(push, plant, clientGone)
      // What such a plant sends is never relayed at once.
      if (plant.policy.delivery === 'store') return delivering
      return delivering.then(delivery => {
        if (delivery.kind === 'relayed') note(push, plant.name, receivedAtMs, delivery.cloudRequestId)
        return delivery
      })
    },
    receipts: { find }
  }
}

function toReceipt ({ cloudRequestId, ...push }: Relayed): Receipt {
  return { ...push, records: push.delivered + push.parked, waiting: 0, skipped: 0, lost: 0, cloudRequestIds: cloudRequestId === undefined ? [] : [cloudRequestId] }
}
