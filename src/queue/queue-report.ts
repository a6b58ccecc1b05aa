/** What the queue holds, in pushes and in bytes as the disk counts. It is kept as it changes, so that asking reads no push. */
export interface QueueUsage {
  readonly bytes: number
  readonly bytesMax: number
  readonly plants: readonly PlantUsage[]
}

export interface PlantUsage {
  readonly plant: string
  readonly waiting: number
  readonly waitingRecords: number
  readonly waitingBytes: number
  readonly parked: number
  readonly parkedRecords: number
  readonly parkedBytes: number
  /** When the oldest push at the head of a lane was received, in milliseconds since the epoch; undefined when nothing waits. */
  readonly oldestAtMs: number | undefined
}

/** Pushes of one lane that the disk lost; each is told once, and counted as lost in its receipt. */
export interface Loss {
  readonly plant: string
  readonly deviceType: string
  /** Sequence numbers in the lane, from and to; none where records of the parked list were lost. */
  readonly laneSeqs: ReadonlyArray<readonly [from: number, to: number]>
  /** Device records, and request ids: as far as their receipts could be read. */
  readonly records: number
  readonly requestIds: readonly string[]
}

/** What was found when the store was opened. */
export interface OpenReport {
  /** Pushes that wait, and rows of the parked list. */
  readonly waiting: number
  readonly parked: number
  readonly lost: readonly Loss[]
  /** Where a damaged store was put; all that could be read of it was carried over. */
  readonly setAside: string | undefined
  /** The data directory held a queue before, and its file was gone or empty: what waited in it is lost, without names. */
  readonly vanished?: true
  /** The disk was full, so that the store is not open yet: what is asked of it waits until there is room. */
  readonly full?: true
}

/** What the operator should learn, as a log line or an alarm. */
export type QueueNotice =
  /** 80 % of a bound are used; `plant` is undefined for the bound of the whole queue. `near: false` comes below 70 %. */
  | { readonly kind: 'near-full', readonly near: boolean, readonly plant: string | undefined, readonly bytes: number, readonly bytesMax: number }
  | { readonly kind: 'disk-full', readonly full: boolean }
  /** Found at an opening, or when a push was read. */
  | { readonly kind: 'lost', readonly lost: readonly Loss[] }
  /** The store failed and is opened again; `message` is a sentence for the log. */
  | { readonly kind: 'failed', readonly code: string, readonly message: string }
  /** It was opened again after that. */
  | { readonly kind: 'reopened', readonly report: OpenReport }
