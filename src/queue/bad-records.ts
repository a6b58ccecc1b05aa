import type { Delivery } from './deliver.js'
import type { PushToKeep } from './push-to-keep.js'
import type { QueueListeners } from './queue-events.js'
import type { ParkedPart, QueueLog } from './queue-log.js'

export interface BadRecordsParts {
  readonly log: Pick<QueueLog, 'park' | 'takeBack' | 'noteRelayed'>
  readonly listeners: QueueListeners
  /** Something of the plant is about to lie in the parked list. */
  readonly onParked: (plant: string) => void
}

/** Keeps the records of a push that break the contract (`--invalid keep`) while its good ones go their way. */
export class BadRecords {
  readonly #parts: BadRecordsParts

  constructor (parts: BadRecordsParts) {
    this.#parts = parts
  }

  /**
   * Tries the good records only once the bad ones are durable, so that no answer is given for what lies nowhere. After an
   * error, which tells the sender that nothing was taken, they are taken back.
   * @throws {ProxyError} QueueFull, InternalError when they cannot be kept: nothing was sent then; or whatever `send` throws
   */
  keptWhile (push: PushToKeep, send: (push: PushToKeep) => Promise<Delivery>): Promise<Delivery> {
    const { parked = [] } = push
    return parked.length === 0 ? send(push) : this.#parkedWhile(push, parked, send)
  }

  async #parkedWhile (push: PushToKeep, parked: readonly ParkedPart[], send: (push: PushToKeep) => Promise<Delivery>): Promise<Delivery> {
    const { log, listeners, onParked } = this.#parts
    const asideRecords = countRecords(parked)
    onParked(push.plant)
    // Its repeats are known only once the good records are safe as well: until then a repeat must be sent.
    await log.park({ ...push, repeatKey: undefined, parts: parked, deliveredRecords: 0, cloudRequestIds: [] })
    const { requestId, recordCount, repeatKey } = push
    try {
      const delivery = await send({ ...push, asideRecords })
      // The answer does not wait for it: it is bookkeeping, and where the store is down that may take long.
      if (delivery.kind === 'relayed') {
        const cloudRequestIds = delivery.cloudRequestId === undefined ? [] : [delivery.cloudRequestId]
        log.noteRelayed({ requestId, asideRecords, deliveredRecords: recordCount, cloudRequestIds, repeatKey }).catch(listeners.onProblem)
        this.tell(push)
      }
      return delivery
    } catch (error) {
      log.takeBack(requestId, asideRecords).catch(listeners.onProblem)
      throw error
    }
  }

  /**
   * Keeps a push without a good record.
   * @throws {ProxyError} QueueFull, InternalError
   */
  async parkAll (push: PushToKeep): Promise<void> {
    const { parked = [], plant, deviceType } = push
    this.#parts.onParked(plant)
    await this.#parts.log.park({ ...push, parts: parked, deliveredRecords: 0, cloudRequestIds: [] })
    this.#parts.listeners.onStored?.({ plant, deviceType, records: countRecords(parked), bytes: parked.reduce((sum, { body }) => sum + body.byteLength, 0) })
    this.tell(push)
  }

  /** The bad records of a push lie in the parked list for good. */
  tell ({ plant, deviceType, parked = [] }: Pick<PushToKeep, 'plant' | 'deviceType' | 'parked'>): void {
    if (parked.length === 0) return
    this.#parts.onParked(plant)
    const parkedRecords = new Map<string, number>()
    for (const { recordCount, reason: { code } } of parked) parkedRecords.set(code, (parkedRecords.get(code) ?? 0) + recordCount)
    this.#parts.listeners.onSettled?.({ plant, deviceType, pushes: 0, deliveredRecords: 0, parkedRecords })
  }
}

export function countRecords (parts: ReadonlyArray<Pick<ParkedPart, 'recordCount'>>): number {
  return parts.reduce((sum, { recordCount }) => sum + recordCount, 0)
}
