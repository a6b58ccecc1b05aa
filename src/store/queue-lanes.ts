import { readInteger } from './columns.js'
import type { Database, Row } from './database.js'
import { lastUsedId, PARKED_SUMS, WAITING_SUMS } from './lane-sums.js'
import { laneValues, readLaneRow, type LaneName, type LaneRow } from './queue-rows.js'
import { INSERT_INTO } from './queue-schema.js'
import { SeqRanges } from './seq-ranges.js'
import { StoreError } from './store-error.js'

/** A lane with what waits and what is parked in it. */
export interface LaneState extends LaneName {
  readonly id: number
  nextSeq: number
  /** The newest id that was given out in this lane, to a push or to a parked row. */
  lastId: number
  /** The sequence numbers that no longer wait: delivered, parked, or told as lost. */
  finished: SeqRanges
  /** Pushes, their records, and bytes as the disk counts. */
  waiting: number
  waitingRecords: number
  waitingBytes: number
  parked: number
  parkedRecords: number
  parkedBytes: number
  /** When the push at its head was received, once somebody asked; undefined: not known. */
  headAtMs: number | undefined
}

/** What a row counts for. */
export interface Counted {
  readonly bytes: number
  readonly recordCount: number
  /** Default 1. */
  readonly entries?: number
}

const NOTHING = { waiting: 0, waitingRecords: 0, waitingBytes: 0, parked: 0, parkedRecords: 0, parkedBytes: 0, headAtMs: undefined } as const

/**
 * The lanes of queue.db, held in memory with their running sums. They change together with the rows: `save` belongs to
 * the transaction that changed them, and after a rollback, or when another process wrote, `load` reads them again.
 */
export class QueueLanes {
  readonly #database: Database
  readonly #byId = new Map<number, LaneState>()
  readonly #byName = new Map<string, LaneState>()
  readonly #plantBytes = new Map<string, number>()
  readonly #unsaved = new Set<LaneState>()
  #totalBytes = 0
  #lastId = 0

  constructor (database: Database) {
    this.#database = database
  }

  load (): void {
    for (const map of [this.#byId, this.#byName, this.#plantBytes, this.#unsaved]) map.clear()
    this.#totalBytes = 0
    this.#lastId = lastUsedId(this.#database)
    for (const row of this.#database.all('SELECT * FROM lanes').map(readLaneRow)) {
      const finished = SeqRanges.parse(row.finished)
      if (finished === undefined) throw new StoreError('SQLITE_CORRUPT', `${this.#database.path}: The lane ${row.id} cannot be read.`)
      this.#remember({ ...NOTHING, ...row, finished })
    }
    for (const row of this.#database.all(WAITING_SUMS)) this.#addWaiting(this.get(readInteger(row, 'lane')), ...readSums(row))
    for (const row of this.#database.all(PARKED_SUMS)) this.#addParked(this.get(readInteger(row, 'lane')), ...readSums(row))
  }

  /** Writes the lanes that changed since the last time. */
  save (): void {
    for (const lane of this.#unsaved) {
      this.#database.run('UPDATE lanes SET next_seq = ?, last_id = ?, finished = ? WHERE id = ?',
        [lane.nextSeq, lane.lastId, lane.finished.toText(), lane.id])
    }
    this.#unsaved.clear()
  }

  /** @throws StoreError when a row names a lane that is not there */
  get (id: number): LaneState {
    const lane = this.#byId.get(id)
    if (lane === undefined) throw new StoreError('SQLITE_CORRUPT', `${this.#database.path}: The lane ${id} is missing.`)
    return lane
  }

  all (): Iterable<LaneState> {
    return this.#byId.values()
  }

  /** The lane of that name; it is made when it is not there. */
  open ({ plant, deviceType, live }: LaneName): LaneState {
    const known = this.#byName.get(nameOf({ plant, deviceType, live }))
    if (known !== undefined) return known
    const id = this.#lastId + 1
    const lane = { id, plant, deviceType, live, nextSeq: 1, lastId: id, finished: new SeqRanges(), ...NOTHING }
    this.insert({ ...lane, finished: '' })
    this.#remember(lane)
    return lane
  }

  /** A row as it was found in a damaged file; it counts from the next `load` on. */
  insert (row: LaneRow): void {
    this.#database.run(INSERT_INTO.lanes, laneValues(row))
  }

  /** Forgets the lanes that lie idle longest, beyond `idleMax` of them: device types are texts of the senders. */
  forgetIdle (idleMax: number): void {
    const idle = [...this.#byId.values()].filter(lane =>
      lane.waiting === 0 && lane.parked === 0 && lane.finished.size === lane.nextSeq - 1 && lane.lastId !== this.#lastId)
    if (idle.length <= idleMax) return
    idle.sort((a, b) => a.lastId - b.lastId)
    for (const lane of idle.slice(0, idle.length - idleMax)) {
      this.#database.run('DELETE FROM lanes WHERE id = ?', [lane.id])
      this.#byId.delete(lane.id)
      this.#byName.delete(nameOf(lane))
      this.#unsaved.delete(lane)
    }
  }

  get count (): number {
    return this.#byId.size
  }

  /** Ids of lanes, pushes and parked rows come from one count, so that `queue show 7` means one thing. */
  takeId (lane: LaneState): number {
    lane.lastId = ++this.#lastId
    this.#unsaved.add(lane)
    return lane.lastId
  }

  takeSeq (lane: LaneState): number {
    this.#unsaved.add(lane)
    return lane.nextSeq++
  }

  finish (lane: LaneState, from: number, to: number = from): void {
    lane.finished.addRange(from, to)
    this.#unsaved.add(lane)
  }

  /** A push came (1) or went (-1). */
  addWaiting (lane: LaneState, { bytes, recordCount, entries = 1 }: Counted, sign: 1 | -1): void {
    // Whichever went, it may have been the head.
    if (sign === -1) lane.headAtMs = undefined
    this.#addWaiting(lane, sign * entries, sign * bytes, sign * recordCount)
  }

  addParked (lane: LaneState, { bytes, recordCount }: Counted, sign: 1 | -1): void {
    this.#addParked(lane, sign, sign * bytes, sign * recordCount)
  }

  /** Whether anything of that plant and device type is parked, be it from the backlog or from the lane beside it. */
  hasParked ({ plant, deviceType }: Pick<LaneName, 'plant' | 'deviceType'>): boolean {
    return [true, false].some(live => (this.#byName.get(nameOf({ plant, deviceType, live }))?.parked ?? 0) > 0)
  }

  /** What waits and is parked of a plant, in bytes as the disk counts. */
  plantBytes (plant: string): number {
    return this.#plantBytes.get(plant) ?? 0
  }

  get totalBytes (): number {
    return this.#totalBytes
  }

  #addWaiting (lane: LaneState, entries: number, bytes: number, records: number): void {
    lane.waiting += entries
    lane.waitingRecords += records
    lane.waitingBytes += bytes
    this.#addBytes(lane.plant, bytes)
  }

  #addParked (lane: LaneState, entries: number, bytes: number, records: number): void {
    lane.parked += entries
    lane.parkedRecords += records
    lane.parkedBytes += bytes
    this.#addBytes(lane.plant, bytes)
  }

  #addBytes (plant: string, bytes: number): void {
    this.#plantBytes.set(plant, this.plantBytes(plant) + bytes)
    this.#totalBytes += bytes
  }

  #remember (lane: LaneState): void {
    this.#byId.set(lane.id, lane)
    this.#byName.set(nameOf(lane), lane)
    this.#lastId = Math.max(this.#lastId, lane.lastId)
  }
}

function readSums (row: Row): [entries: number, bytes: number, records: number] {
  return [readInteger(row, 'entries'), readInteger(row, 'bytes'), readInteger(row, 'records')]
}

function nameOf ({ plant, deviceType, live }: LaneName): string {
  // With the length in front no two are alike; JSON would take four times as long, for each push.
  return `${plant.length} ${plant} ${deviceType} ${live}`
}
