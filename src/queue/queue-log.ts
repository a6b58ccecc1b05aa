import type { OpenReport, QueueNotice, QueueUsage } from './queue-report.js'
import type { RelayedNote } from './relayed-note.js'
import type { RepeatKey } from './repeat-key.js'

export { openQueueLog, type QueueLogParts } from './open-queue-log.js'
export type { Loss, OpenReport, PlantUsage, QueueNotice, QueueUsage } from './queue-report.js'

/** Why records lie in the parked list. */
export interface ParkReason {
  /** The cloud's code, or `GaveUp`, `SplitTooCostly`, `InDoubt`, `InvalidRecord`, `DuplicateRecord`. */
  readonly code: string
  /** Redacted, at most 500 characters. */
  readonly message: string
  readonly cloudRequestId: string | undefined
}

/** Records for the parked list. */
export interface ParkedPart {
  /** As the bytes that a call would carry (encodePush). */
  readonly body: Uint8Array
  readonly recordCount: number
  readonly reason: ParkReason
}

/** What was changed in a body, by short code, and how often. */
export type RepairCounts = Readonly<Record<string, number>>

/** What every stored push is known by. The request id is used once: for one append, or for one park. */
export interface PushOrigin {
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  /** True for a lane of its own beside the backlog (`--live-first`). Default false. */
  readonly live?: boolean
  readonly receivedAtMs: number
  /** The plant's own bound, parked included, in bytes as the disk counts. */
  readonly plantBytesMax: number
  /** By what a repeat of it is known; kept as long as its receipt. */
  readonly repeatKey?: RepeatKey | undefined
  /** What was changed in its body, by code; kept as long as its receipt. */
  readonly repairs?: RepairCounts | undefined
  /** So many records of it were parked before, while it was tried: what is written now replaces them. Default 0. */
  readonly asideRecords?: number
}

/** A push to be stored, as the bytes that a call would carry (encodePush). */
export interface NewEntry extends PushOrigin {
  readonly body: Uint8Array
  /** Device records in the body. */
  readonly recordCount: number
  /** Records of the same push that are parked at once (`--invalid keep`); they are not in `body`. */
  readonly parked?: readonly ParkedPart[]
}

/** A push of which nothing waits: it was refused while its sender waited, or what was good of it was relayed. */
export interface NewParked extends PushOrigin {
  readonly parts: readonly ParkedPart[]
  readonly deliveredRecords: number
  readonly cloudRequestIds: readonly string[]
}

/** Where a push was stored. */
export interface Stored {
  readonly id: number
  readonly laneId: number
  readonly laneSeq: number
}

/** A push that waits, in the order of its lane. */
export interface Entry {
  readonly id: number
  readonly requestId: string
  /** Gapless in its lane, from 1. */
  readonly laneSeq: number
  readonly body: Uint8Array
  readonly recordCount: number
  readonly receivedAtMs: number
  /** Calls that failed with it so far, and when the first of them was; kept over a restart. */
  readonly failures: number
  readonly firstFailedAtMs: number | undefined
  /** Entries of one call whose outcome is in doubt carry the same number: they are sent again together and with nothing else. */
  readonly doubtfulCall: number | undefined
}

/** A lane of one plant and device type in which pushes wait. */
export interface Lane {
  readonly id: number
  readonly plant: string
  readonly deviceType: string
  readonly live: boolean
  readonly waiting: number
  /** As the disk counts. */
  readonly waitingBytes: number
  /** When the push at its head was received. */
  readonly oldestAtMs: number | undefined
}

/** How much is read of a lane; one entry is read however large it is. */
export interface ReadBounds {
  readonly entriesMax: number
  /** As the disk counts, which is more than the bodies have. */
  readonly bytesMax: number
  readonly afterId?: number
}

/** What became of a waiting entry. The counts of delivered and parked records add up to the entry's own. */
export interface Settlement {
  readonly id: number
  readonly deliveredRecords: number
  readonly cloudRequestIds: readonly string[]
  readonly parked: readonly ParkedPart[]
}

export interface FailureNote {
  readonly atMs: number
  /** The call may have arrived. */
  readonly inDoubt: boolean
}

export interface BegunNote {
  readonly atMs: number
  /** False takes the mark back. */
  readonly begun: boolean
}

/** What became of a stored or parked push, in records: the five outcomes add up to `records`. */
export interface Receipt {
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  readonly receivedAtMs: number
  readonly updatedAtMs: number
  readonly records: number
  readonly waiting: number
  readonly delivered: number
  readonly parked: number
  readonly skipped: number
  readonly lost: number
  /** The first 16 of them. */
  readonly cloudRequestIds: readonly string[]
  /** Why records of it were parked: the first 8 reasons. */
  readonly reasons: readonly ParkReason[]
  readonly repairs: RepairCounts
}

/** A stored push whose repeats are known on disk. */
export interface StoredWithKey {
  readonly requestId: string
  readonly plant: string
  readonly receivedAtMs: number
  readonly repeatKey: RepeatKey
}

/** What waits on disk, behind a thread of its own; every promise resolves after the bytes are durable. */
export interface QueueLog {
  /** What was found at the start. */
  readonly opened: OpenReport
  /**
   * The body must not change before the answer.
   * @throws {ProxyError} QueueFull (the plant's bound, the whole bound, or the disk), InternalError when the store cannot be trusted
   */
  append: (entry: NewEntry) => Promise<Stored>
  /** @throws {ProxyError} as `append` does */
  park: (push: NewParked) => Promise<void>
  /** Adds to the receipt of what was parked that the rest of the push was delivered. */
  noteRelayed: (note: RelayedNote) => Promise<void>
  /** Takes out again what was parked of a push whose sender hears an error; `records` are all of its receipt. */
  takeBack: (requestId: string, records: number) => Promise<void>
  /** The lanes in which something waits. */
  lanes: () => Promise<Lane[]>
  /** The head of a lane, in order, after `afterId` when given. */
  read: (laneId: number, bounds: ReadBounds) => Promise<Entry[]>
  /**
   * An entry that is not there any more is passed over, so that a settlement may be tried again.
   * @throws {ProxyError} InternalError when it could not be written: the entries still wait
   */
  settle: (settlements: readonly Settlement[]) => Promise<void>
  /** Notes a failed call, and whether its outcome is in doubt. */
  noteFailure: (ids: readonly number[], note: FailureNote) => Promise<void>
  /** Notes that a call with these entries is about to be sent, so that a kill leaves them in doubt; or that it did not arrive. */
  noteBegun: (ids: readonly number[], note: BegunNote) => Promise<void>
  /** Notes records that were delivered outside the queue, by their keys (recordKeys): what is parked of the same is marked. */
  noteDelivered: (records: readonly number[]) => Promise<void>
  /** `undefined` when the id is unknown, or its end lies long back (at least 100,000 finished receipts are kept, for 30 days). */
  receipt: (requestId: string) => Promise<Receipt | undefined>
  /** The latest pushes with a repeat key that came after `sinceMs`, the oldest first; without those of which records were lost. */
  remembered: (bounds: { readonly sinceMs: number, readonly pushesMax: number }) => Promise<StoredWithKey[]>
  usage: () => Promise<QueueUsage>
  /** Called when another process (the queue command) changed the store, and when it was opened again after a failure. */
  onChange: (listener: () => void) => void
  onNotice: (listener: (notice: QueueNotice) => void) => void
  /** Finishes what was asked before; what is asked later fails. */
  close: () => Promise<void>
}
