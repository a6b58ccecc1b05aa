import type { BegunNote, Entry, FailureNote, Lane, NewEntry, NewParked, ParkedPart, PlantUsage, QueueLog, QueueUsage, ReadBounds, Receipt, Settlement, Stored } from '../../src/queue/queue-log.js'
import type { RelayedNote } from '../../src/queue/relayed-note.js'

interface MemoryLane {
  readonly id: number
  readonly plant: string
  readonly deviceType: string
  readonly live: boolean
  nextSeq: number
  readonly entries: Map<number, Entry>
}

export interface ParkedPush extends ParkedPart {
  readonly requestId: string
}

/** The queue without a disk, for tests that turn the clock by hours: the same order, bounds and doubts as the real one. */
export class MemoryQueueLog implements QueueLog {
  readonly opened = { waiting: 0, parked: 0, lost: [], setAside: undefined }
  readonly parked: ParkedPush[] = []
  readonly relayed: RelayedNote[] = []
  /** Every settlement that was recorded. */
  readonly settled: Settlement[] = []
  /** Set one, and what it names fails with it. */
  failing: { append?: Error, park?: Error, settle?: Error, read?: Error, lanes?: Error, noteFailure?: Error } = {}
  /** How often each was asked. */
  readonly asked = { append: 0, settle: 0, read: 0, noteFailure: 0 }
  readonly #lanes = new Map<string, MemoryLane>()
  readonly #listeners: Array<() => void> = []
  #nextId = 1

  get waiting (): number {
    return [...this.#lanes.values()].reduce((sum, { entries }) => sum + entries.size, 0)
  }

  /** What waits, in the order of its lanes. */
  entries (): Entry[] {
    return [...this.#lanes.values()].flatMap(({ entries }) => [...entries.values()])
  }

  async append ({ requestId, body, recordCount, receivedAtMs, parked = [], asideRecords = 0, ...origin }: NewEntry): Promise<Stored> {
    this.asked.append += 1
    await this.#orFail('append')
    if (asideRecords > 0) this.#removeParked(requestId)
    this.parked.push(...parked.map(part => ({ ...part, requestId })))
    const lane = this.#open(origin)
    const id = this.#nextId++
    const laneSeq = lane.nextSeq++
    lane.entries.set(id, { id, requestId, laneSeq, body: Uint8Array.from(body), recordCount, receivedAtMs, failures: 0, firstFailedAtMs: undefined, doubtfulCall: undefined })
    return { id, laneId: lane.id, laneSeq }
  }

  async park ({ requestId, parts, asideRecords = 0 }: NewParked): Promise<void> {
    await this.#orFail('park')
    if (asideRecords > 0) this.#removeParked(requestId)
    this.parked.push(...parts.map(part => ({ ...part, requestId })))
  }

  async lanes (): Promise<Lane[]> {
    await this.#orFail('lanes')
    return [...this.#lanes.values()].filter(({ entries }) => entries.size > 0).map(({ id, plant, deviceType, live, entries }) => ({
      id,
      plant,
      deviceType,
      live,
      waiting: entries.size,
      waitingBytes: [...entries.values()].reduce((sum, { body }) => sum + body.length, 0),
      oldestAtMs: entries.values().next().value?.receivedAtMs
    }))
  }

  async read (laneId: number, { entriesMax, bytesMax, afterId = 0 }: ReadBounds): Promise<Entry[]> {
    this.asked.read += 1
    await this.#orFail('read')
    const taken: Entry[] = []
    let bytes = 0
    for (const entry of [...this.#lanes.values()].find(({ id }) => id === laneId)?.entries.values() ?? []) {
      if (entry.id <= afterId) continue
      bytes += entry.body.length + 600
      if (taken.length >= entriesMax || (taken.length > 0 && bytes > bytesMax)) break
      taken.push(entry)
    }
    return taken
  }

  async settle (settlements: readonly Settlement[]): Promise<void> {
    this.asked.settle += 1
    await this.#orFail('settle')
    for (const settlement of settlements) {
      for (const { entries } of this.#lanes.values()) {
        const entry = entries.get(settlement.id)
        if (entry === undefined) continue
        const accounted = settlement.parked.reduce((sum, { recordCount }) => sum + recordCount, settlement.deliveredRecords)
        if (accounted !== entry.recordCount) throw new Error(`${accounted} of ${entry.recordCount} records are accounted for`)
        entries.delete(settlement.id)
        this.settled.push(settlement)
        this.parked.push(...settlement.parked.map(part => ({ ...part, requestId: entry.requestId })))
      }
    }
  }

  async noteFailure (ids: readonly number[], { atMs, inDoubt }: FailureNote): Promise<void> {
    this.asked.noteFailure += 1
    await this.#orFail('noteFailure')
    for (const { entries } of this.#lanes.values()) {
      for (const id of ids) {
        const entry = entries.get(id)
        if (entry === undefined) continue
        const doubtfulCall = entry.doubtfulCall ?? (inDoubt ? Math.min(...ids) : undefined)
        entries.set(id, { ...entry, failures: entry.failures + 1, firstFailedAtMs: entry.firstFailedAtMs ?? atMs, doubtfulCall })
      }
    }
  }

  async noteBegun (ids: readonly number[], { atMs, begun }: BegunNote): Promise<void> {
    await this.#orFail('noteFailure')
    for (const { entries } of this.#lanes.values()) {
      for (const id of ids) {
        const entry = entries.get(id)
        if (entry === undefined) continue
        entries.set(id, { ...entry, firstFailedAtMs: entry.firstFailedAtMs ?? atMs, doubtfulCall: begun ? entry.doubtfulCall ?? Math.min(...ids) : undefined })
      }
    }
  }

  async noteDelivered (): Promise<void> {}

  async noteRelayed (note: RelayedNote): Promise<void> {
    this.relayed.push(note)
  }

  async takeBack (requestId: string): Promise<void> {
    this.#removeParked(requestId)
  }

  #removeParked (requestId: string): void {
    this.parked.splice(0, Infinity, ...this.parked.filter(part => part.requestId !== requestId))
  }

  async receipt (): Promise<Receipt | undefined> {
    return undefined
  }

  async remembered (): Promise<[]> {
    return []
  }

  async usage (): Promise<QueueUsage> {
    const plants = new Map<string, PlantUsage>()
    for (const { plant, waiting, waitingBytes, oldestAtMs } of await this.lanes()) {
      const known = plants.get(plant) ?? { plant, waiting: 0, waitingRecords: 0, waitingBytes: 0, parked: 0, parkedRecords: 0, parkedBytes: 0, oldestAtMs }
      plants.set(plant, { ...known, waiting: known.waiting + waiting, waitingBytes: known.waitingBytes + waitingBytes })
    }
    return { bytes: 0, bytesMax: 1_000_000, plants: [...plants.values()] }
  }

  /** As the queue command would: takes an entry out. */
  skip (id: number): void {
    for (const { entries } of this.#lanes.values()) entries.delete(id)
    for (const listener of this.#listeners) listener()
  }

  onChange (listener: () => void): void {
    this.#listeners.push(listener)
  }

  onNotice (): void {}

  async close (): Promise<void> {}

  #open ({ plant, deviceType, live = false }: Pick<NewEntry, 'plant' | 'deviceType' | 'live'>): MemoryLane {
    const name = `${plant} ${deviceType} ${live}`
    const lane = this.#lanes.get(name) ?? { id: this.#lanes.size + 1, plant, deviceType, live, nextSeq: 1, entries: new Map() }
    this.#lanes.set(name, lane)
    return lane
  }

  async #orFail (what: keyof MemoryQueueLog['failing']): Promise<void> {
    const error = this.failing[what]
    if (error !== undefined) throw error
  }
}
