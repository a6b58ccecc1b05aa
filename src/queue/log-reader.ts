import type { QueueStore } from '../store/queue-store.js'
import { loseEntry } from './log-losses.js'
import type { QueueAnswers, ReadRequest } from './log-messages.js'
import { packBodies } from './log-pack.js'
import { findReceipt, findStored, readEntries, readLanes, readRemembered, readUsage } from './log-reads.js'
import type { Entry, Loss, ReadBounds } from './queue-log.js'

export interface ReaderParts {
  readonly store: QueueStore
  readonly bytesMax: number
  readonly onLoss: (losses: readonly Loss[]) => void
}

/** Answers what is asked about the queue, from what is committed. */
export class QueueReader {
  readonly #store: QueueStore
  readonly #bytesMax: number
  readonly #onLoss: (losses: readonly Loss[]) => void

  constructor ({ store, bytesMax, onLoss }: ReaderParts) {
    this.#store = store
    this.#bytesMax = bytesMax
    this.#onLoss = onLoss
  }

  /**
   * @returns the answer, and the memory that its bodies lie in, to be handed over with it
   * @throws StoreError after which the connection must not be used any more
   */
  read (request: ReadRequest, atMs: number): { result: QueueAnswers[ReadRequest['kind']], memory: ArrayBuffer[] } {
    this.#store.refresh()
    if (request.kind !== 'read') return { result: this.#readSmall(request), memory: [] }
    const entries = this.#readEntries(request.laneId, request.bounds, atMs)
    const { views, memory } = packBodies(entries.map(({ body }) => body))
    return { result: entries.map((entry, index) => ({ ...entry, body: views[index] ?? entry.body })), memory: [memory] }
  }

  #readSmall (request: Exclude<ReadRequest, { kind: 'read' }>): QueueAnswers[Exclude<ReadRequest['kind'], 'read'>] {
    switch (request.kind) {
      case 'lanes':
        return readLanes(this.#store)
      case 'receipt':
        return findReceipt(this.#store, request.requestId)
      case 'remembered':
        return readRemembered(this.#store, request)
      case 'usage':
        return readUsage(this.#store, this.#bytesMax)
      case 'findStored':
        return request.pushes.map(push => findStored(this.#store, push))
    }
  }

  /** Entries whose bytes have changed on disk leave the lane as lost, and what comes after them is read instead. */
  #readEntries (laneId: number, bounds: ReadBounds, atMs: number): Entry[] {
    for (;;) {
      const { entries, damaged } = readEntries(this.#store, laneId, bounds)
      if (damaged.length === 0) return entries
      const losses = this.#store.transaction(() => damaged.map(push => loseEntry(this.#store, push, atMs)))
      this.#onLoss(losses)
      if (entries.length > 0) return entries
    }
  }
}
