/** Why records lie in the parked list. */
export interface ParkReason {
  /** The cloud's code, or `GaveUp`, `SplitTooCostly`, `InvalidRecord`. */
  readonly code: string
  /** Redacted, at most 500 characters. */
  readonly message: string
  readonly cloudRequestId: string | undefined
}

/** A push to be stored, as the bytes that a call would carry (encodePush). */
export interface NewEntry {
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  readonly body: Uint8Array
  /** Device records in the body. */
  readonly recordCount: number
  readonly receivedAtMs: number
  /** The plant's own bound, parked included, in bytes as the disk counts. */
  readonly plantBytesMax: number
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

/** The waiting pushes of one plant and device type. */
export interface Lane {
  readonly id: number
  readonly plant: string
  readonly deviceType: string
  readonly waiting: number
  readonly waitingBytes: number
  readonly oldestAtMs: number | undefined
}

/** Records that a settled entry leaves behind in the parked list. */
export interface ParkedPart {
  readonly body: Uint8Array
  readonly recordCount: number
  readonly reason: ParkReason
}

/** What became of a waiting entry. The counts of delivered and parked records add up to the entry's own. */
export interface Settlement {
  readonly id: number
  readonly deliveredRecords: number
  readonly cloudRequestIds: readonly string[]
  readonly parked: readonly ParkedPart[]
}

/** What waits on disk, behind a thread of its own; every promise resolves after the bytes are durable. */
export interface QueueLog {
  /** @throws {ProxyError} QueueFull (the plant's bound, the whole bound, or the disk), InternalError when the store cannot be trusted */
  append: (entry: NewEntry) => Promise<{ id: number, laneSeq: number }>
  lanes: () => Promise<Lane[]>
  /** The head of a lane, in order, after `afterId` when given. */
  read: (laneId: number, bounds: { entriesMax: number, bytesMax: number, afterId?: number }) => Promise<Entry[]>
  settle: (settlements: readonly Settlement[]) => Promise<void>
  /** Notes a failed call, and whether its outcome is in doubt. */
  noteFailure: (ids: readonly number[], note: { atMs: number, inDoubt: boolean }) => Promise<void>
  /** Called when another process (the queue command) changed the store. */
  onChange: (listener: () => void) => void
  close: () => Promise<void>
}
