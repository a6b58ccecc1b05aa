import { LaneMemory } from './lane-memory.js'
import type { Entry, NewEntry, QueueLog, Stored } from './queue-log.js'

/** Bodies of all lanes together; what comes beyond is read from disk as ever. */
const BYTES_MAX = 4_194_304
/** What a push takes up beside its body. */
const BESIDE_BYTES = 512
const LANES_MAX = 2000

/**
 * A log that hands pushes which it has just written to their lane without reading them back, within a bound: most are
 * delivered a moment later. Whatever is not plain (a failure, a mark, a change by somebody else) makes it forget, and ask the disk.
 */
export function handingOver (log: QueueLog): QueueLog {
  const memory = new HandOver()
  log.onChange(() => { memory.clear() })
  return {
    ...log,
    append: entry => log.append(entry).then(stored => {
      memory.note(entry, stored)
      return stored
    }),
    read: async (laneId, bounds) => {
      const known = memory.of(laneId).read(bounds)
      if (known !== undefined) {
        memory.noteHead(laneId)
        return known
      }
      const entries = await log.read(laneId, bounds)
      if (bounds.afterId === undefined) memory.noteRead(laneId, entries)
      return entries
    },
    settle: async settlements => {
      const ids = settlements.map(({ id }) => id)
      try {
        await log.settle(settlements)
        memory.settle(ids)
      } catch (error) {
        memory.clear()
        throw error
      }
    },
    noteFailure: async (ids, note) => {
      memory.forget(ids)
      await log.noteFailure(ids, note)
    },
    noteBegun: async (ids, note) => {
      memory.forget(ids)
      await log.noteBegun(ids, note)
    }
  }
}

class HandOver {
  readonly #lanes = new Map<number, LaneMemory>()
  /** By the first push of what was read last. */
  readonly #byHeadId = new Map<number, number>()
  #bytes = 0

  of (laneId: number): LaneMemory {
    const known = this.#lanes.get(laneId)
    if (known !== undefined) return known
    // Device types are texts of the senders, so the number of lanes has no end.
    if (this.#lanes.size >= LANES_MAX) this.clear()
    const lane = new LaneMemory()
    this.#lanes.set(laneId, lane)
    return lane
  }

  note ({ requestId, body, recordCount, receivedAtMs }: NewEntry, { id, laneId, laneSeq }: Stored): void {
    const lane = this.of(laneId)
    const bytes = body.length + BESIDE_BYTES
    if (this.#bytes + bytes > BYTES_MAX || !lane.continuesWith(laneSeq)) {
      lane.note(laneSeq, undefined)
      return
    }
    this.#bytes += bytes
    // A copy: the memory that the sender's body lies in is another's, and may be much larger.
    lane.note(laneSeq, { id, requestId, laneSeq, body: Buffer.from(body), recordCount, receivedAtMs, failures: 0, firstFailedAtMs: undefined, doubtfulCall: undefined })
  }

  noteHead (laneId: number): void {
    const { headId } = this.of(laneId)
    if (this.#byHeadId.size >= 2 * LANES_MAX) return this.clear()
    if (headId !== undefined) this.#byHeadId.set(headId, laneId)
  }

  noteRead (laneId: number, entries: readonly Entry[]): void {
    this.#free(this.of(laneId).noteRead(entries))
    this.noteHead(laneId)
  }

  settle (ids: readonly number[]): void {
    const laneId = this.#takeByHead(ids)
    const lane = laneId === undefined ? undefined : this.#lanes.get(laneId)
    if (laneId === undefined || lane === undefined) return
    const settled = lane.settle(ids)
    if (settled === undefined) this.#drop(laneId, lane)
    else this.#free(settled)
  }

  /** Something is noted of them on disk. */
  forget (ids: readonly number[]): void {
    const laneId = this.#takeByHead(ids)
    const lane = laneId === undefined ? undefined : this.#lanes.get(laneId)
    if (laneId === undefined || lane === undefined) this.clear()
    else this.#drop(laneId, lane)
  }

  clear (): void {
    this.#lanes.clear()
    this.#byHeadId.clear()
    this.#bytes = 0
  }

  #takeByHead ([headId]: readonly number[]): number | undefined {
    if (headId === undefined) return undefined
    const laneId = this.#byHeadId.get(headId)
    this.#byHeadId.delete(headId)
    return laneId
  }

  #drop (laneId: number, lane: LaneMemory): void {
    this.#free(lane.entries)
    this.#lanes.delete(laneId)
  }

  #free (entries: readonly Entry[]): void {
    for (const { body } of entries) this.#bytes -= body.length + BESIDE_BYTES
  }
}
