import type { QueueStore } from '../store/queue-store.js'
import { appendEntry, parkPush } from './log-append.js'
import { findAside, recordRelayed, removeAside } from './log-aside.js'
import { QueueBoundReached, type QueueBounds } from './log-bounds.js'
import type { DiskRoom } from './log-disk.js'
import { describeProblem, isBusy, isDiskFull } from './log-failures.js'
import { bringsPush, type Answer, type NumberedWrite, type QueueAnswers, type WriteRequest } from './log-messages.js'
import { unpackWhole } from './log-pack-columns.js'
import { sweep, type Retention } from './log-retention.js'
import { settleEntries } from './log-settle.js'

export interface WriterParts {
  readonly store: QueueStore
  readonly bounds: QueueBounds
  readonly disk: DiskRoom
  readonly retention: Retention
}

/** Carries out writes in their order, as many as wait in one transaction; what it returns is durable. */
export class QueueWriter {
  readonly #store: QueueStore
  readonly #bounds: QueueBounds
  readonly #disk: DiskRoom
  readonly #retention: Retention

  constructor ({ store, bounds, disk, retention }: WriterParts) {
    this.#store = store
    this.#bounds = bounds
    this.#disk = disk
    this.#retention = retention
  }

  /** @throws StoreError after which the connection must not be used any more: what is durable is not known */
  write (writes: readonly NumberedWrite[], atMs: number): Answer[] {
    const [bringing, keeping] = [writes.filter(({ request }) => bringsPush(request)), writes.filter(({ request }) => !bringsPush(request))]
    if (bringing.length > 0 && !this.#disk.hasRoom()) return [...refuseFull(bringing), ...this.#keepBooks(keeping, atMs)]
    try {
      const answers = this.#disk.write(() => this.#commit(writes, atMs))
      if (bringing.length > 0) this.#disk.noteRoom()
      return answers
    } catch (error) {
      if (isBusy(error)) return refuseFailed(writes, error)
      if (!isDiskFull(error)) throw error
      this.#disk.noteFull()
      return [...refuseFull(bringing), ...this.#keepBooks(keeping, atMs)]
    }
  }

  /** What became of pushes is written down on a full disk too; one by one when all of it does not fit. */
  #keepBooks (writes: readonly NumberedWrite[], atMs: number): Answer[] {
    if (writes.length === 0) return []
    try {
      return this.#disk.writeAnyway(() => this.#commit(writes, atMs))
    } catch (error) {
      if (isDiskFull(error) && writes.length > 1) return writes.flatMap(write => this.#keepBooks([write], atMs))
      if (isBusy(error) || isDiskFull(error)) return refuseFailed(writes, error)
      throw error
    }
  }

  /** A request that cannot be carried out is taken out, and the others are begun again without it. */
  #commit (writes: readonly NumberedWrite[], atMs: number): Answer[] {
    const refused: Answer[] = []
    let left = writes
    while (left.length > 0) {
      let current: NumberedWrite | undefined
      try {
        const answers = this.#store.transaction(() => {
          const done = left.map(write => {
            current = write
            return this.#carryOut(write, atMs)
          })
          current = undefined
          return done
        })
        this.#bounds.review(this.#store.lanes)
        return [...refused, ...answers]
      } catch (error) {
        if (current === undefined || !(error instanceof TypeError)) throw error
        refused.push({ id: current.id, refusal: { kind: 'misuse', message: error.message } })
        left = left.filter(write => write !== current)
      }
    }
    return refused
  }

  #carryOut ({ id, request }: NumberedWrite, atMs: number): Answer {
    try {
      return { id, result: this.#run(request, atMs) }
    } catch (error) {
      // Thrown before anything was written, so that the others need not be begun again.
      if (error instanceof QueueBoundReached) return { id, refusal: { kind: 'full', bound: error.bound } }
      throw error
    }
  }

  #run (request: WriteRequest, atMs: number): QueueAnswers[WriteRequest['kind']] {
    switch (request.kind) {
      case 'append':
        return appendEntry(this.#store, this.#bounds, request.entry, atMs)
      case 'park':
        parkPush(this.#store, this.#bounds, request.push, atMs)
        return undefined
      case 'settle': {
        const settlements = request.whole === undefined ? request.settlements : unpackWhole(request.whole)
        settleEntries(this.#store, settlements, atMs)
        sweep(this.#store, this.#retention, atMs, 2 * settlements.length + 16)
        return undefined
      }
      case 'noteFailure':
        this.#store.failures.note(request.ids, request.note)
        return undefined
      case 'noteBegun':
        this.#store.failures.noteBegun(request.ids, request.note)
        return undefined
      case 'noteDelivered':
        for (const record of request.records) this.#store.parkedRecords.noteDelivered(record, atMs)
        return undefined
      case 'noteRelayed':
        recordRelayed(this.#store, request.note, atMs)
        return undefined
      case 'takeBack': {
        const aside = findAside(this.#store, request.requestId, request.records)
        if (aside !== undefined) removeAside(this.#store, aside)
        return undefined
      }
    }
  }
}

function refuseFull (writes: readonly NumberedWrite[]): Answer[] {
  return writes.map(({ id }) => ({ id, refusal: { kind: 'full', bound: 'disk' } }))
}

function refuseFailed (writes: readonly NumberedWrite[], error: unknown): Answer[] {
  return writes.map(({ id }) => ({ id, refusal: { kind: 'failed', ...describeProblem(error) } }))
}
