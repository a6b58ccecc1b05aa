import type { PackedAppends, PackedStored, PackedWhole } from './log-pack-columns.js'
import type { BegunNote, Entry, FailureNote, Lane, NewEntry, NewParked, OpenReport, QueueNotice, QueueUsage, ReadBounds, Receipt, Settlement, Stored, StoredWithKey } from './queue-log.js'
import type { RelayedNote } from './relayed-note.js'

/** What the queue's thread can be asked to write. */
export type WriteRequest =
  | { readonly kind: 'append', readonly entry: NewEntry }
  | { readonly kind: 'park', readonly push: NewParked }
  | { readonly kind: 'settle', readonly settlements: readonly Settlement[], readonly whole?: PackedWhole }
  | { readonly kind: 'noteFailure', readonly ids: readonly number[], readonly note: FailureNote }
  | { readonly kind: 'noteBegun', readonly ids: readonly number[], readonly note: BegunNote }
  | { readonly kind: 'noteDelivered', readonly records: readonly number[] }
  | { readonly kind: 'noteRelayed', readonly note: RelayedNote }
  | { readonly kind: 'takeBack', readonly requestId: string, readonly records: number }

/** What it can be asked to tell. */
export type ReadRequest =
  | { readonly kind: 'lanes' }
  | { readonly kind: 'read', readonly laneId: number, readonly bounds: ReadBounds }
  | { readonly kind: 'receipt', readonly requestId: string }
  | { readonly kind: 'remembered', readonly sinceMs: number, readonly pushesMax: number }
  | { readonly kind: 'usage' }
  /** Which of these pushes are on disk with all their records; in the order of the question. */
  | { readonly kind: 'findStored', readonly pushes: readonly WholePush[] }

/** A push and the number of its records, those that are parked at once included. */
export interface WholePush {
  readonly requestId: string
  readonly records: number
}

/** A push that the sender waits with; everything else is the proxy's own. */
export function bringsPush ({ kind }: QueueRequest): boolean {
  return kind === 'append' || kind === 'park'
}

/** What it answers to each kind. */
export interface QueueAnswers {
  append: Stored
  park: undefined
  settle: undefined
  noteFailure: undefined
  noteBegun: undefined
  noteDelivered: undefined
  noteRelayed: undefined
  takeBack: undefined
  lanes: Lane[]
  read: Entry[]
  receipt: Receipt | undefined
  remembered: StoredWithKey[]
  usage: QueueUsage
  findStored: Array<Stored | undefined>
}

export type QueueRequest = WriteRequest | ReadRequest

export interface NumberedWrite {
  readonly id: number
  readonly request: WriteRequest
}

export interface NumberedRead {
  readonly id: number
  readonly request: ReadRequest
}

export type NumberedRequest = NumberedWrite | NumberedRead

const WRITES: ReadonlySet<QueueRequest['kind']> = new Set<WriteRequest['kind']>(['append', 'park', 'settle', 'noteFailure', 'noteBegun', 'noteDelivered', 'noteRelayed', 'takeBack'])

export function isWrite (numbered: NumberedRequest): numbered is NumberedWrite {
  return WRITES.has(numbered.request.kind)
}

export type FullBound = 'plant' | 'queue' | 'disk'

/** Why a request was not carried out: classes of errors do not survive the way between threads. */
export type Refusal =
  | { readonly kind: 'full', readonly bound: FullBound }
  | { readonly kind: 'failed', readonly code: string, readonly message: string }
  /** A defect of the caller. */
  | { readonly kind: 'misuse', readonly message: string }

export type Answer =
  | { readonly id: number, readonly result: QueueAnswers[keyof QueueAnswers] }
  | { readonly id: number, readonly refusal: Refusal }

/** What the thread is started with. */
export interface ThreadData {
  readonly dataDir: string
  /** `recover`: read what can be read of a damaged store into a new one, then end. */
  readonly task: 'serve' | 'recover'
  readonly atMs: number
  readonly queueBytesMax: number
  readonly pollMs: number
  readonly ballastBytes: number
  readonly receiptsMax: number
  readonly receiptsAgeMsMax: number
}

export type ToThread =
  /** `atMs`: the main thread's clock, which is the one that tests turn. */
  | { readonly kind: 'requests', readonly atMs: number, readonly requests: readonly NumberedRequest[], readonly appends?: PackedAppends | undefined }
  | { readonly kind: 'close' }

export type FromThread =
  /** `synced`: what an earlier connection wrote was written again, and is durable beyond doubt. */
  | { readonly kind: 'opened', readonly report: OpenReport, readonly synced: boolean }
  | { readonly kind: 'answers', readonly answers: readonly Answer[], readonly stored?: PackedStored }
  | { readonly kind: 'notice', readonly notice: QueueNotice }
  | { readonly kind: 'changed' }
  /** The last message of a thread that must end, so that its connection is truly closed; nothing after it is answered. */
  | { readonly kind: 'down', readonly damaged: boolean, readonly full: boolean, readonly code: string, readonly message: string }
