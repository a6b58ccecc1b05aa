import type { ParkReason, RepairCounts } from './queue-log.js'

/** What is kept of a relayed push. */
export interface Relayed {
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  readonly receivedAtMs: number
  readonly updatedAtMs: number
  readonly delivered: number
  readonly parked: number
  readonly cloudRequestId: string | undefined
  readonly reasons: readonly ParkReason[]
  readonly repairs: RepairCounts
}

/** Of the texts of one push together; two request ids take 72. */
const CHARS_MAX = 128
const CHAR_BYTES = 2
/** Request ids end in characters that are as good as random. */
const HASHED_CHARS = 8
const TEXTS = 4
const NUMBERS = 4
const NO_REASONS: readonly ParkReason[] = []
const NO_REPAIRS: RepairCounts = {}

/**
 * The latest relayed pushes by their request ids, in rows of bytes. As objects in a Map each lived long enough to be moved
 * twice by the garbage collector and was garbage soon after: some 400 bytes a push that only a major collection frees.
 */
export class RelayedReceipts {
  readonly #pushesMax: number
  /** Rows of `CHARS_MAX`: request id, plant, device type and the cloud's request id, one behind the other; UTF-16, so that any text comes back as it was. */
  readonly #texts: Buffer
  readonly #textChars: Uint8Array
  readonly #numbers: Float64Array
  /** The number of the newest push of each hash, and for each push of the one before it; from 1. Those that were overwritten are told by their age. */
  readonly #newest: Float64Array
  readonly #before: Float64Array
  /** What does not fit into a row; none as a rule. */
  #others: Array<Relayed | undefined> = []
  #last = 0

  constructor (pushesMax: number) {
    this.#pushesMax = pushesMax
    this.#texts = Buffer.alloc(pushesMax * CHARS_MAX * CHAR_BYTES)
    this.#textChars = new Uint8Array(pushesMax * TEXTS)
    this.#numbers = new Float64Array(pushesMax * NUMBERS)
    this.#newest = new Float64Array(2 ** Math.ceil(Math.log2(pushesMax)))
    this.#before = new Float64Array(pushesMax)
  }

  /** In place of the oldest, where there are as many as are kept. */
  note (relayed: Relayed): void {
    const number = ++this.#last
    const row = number % this.#pushesMax
    const hash = this.#hashOf(relayed.requestId)
    this.#before[row] = this.#newest[hash] ?? 0
    this.#newest[hash] = number
    const fits = this.#write(row, relayed)
    if (!fits && this.#others.length === 0) this.#others = Array.from({ length: this.#pushesMax })
    if (this.#others.length > 0) this.#others[row] = fits ? undefined : relayed
  }

  find (requestId: string): Relayed | undefined {
    const forgotten = Math.max(0, this.#last - this.#pushesMax)
    for (let number = this.#newest[this.#hashOf(requestId)] ?? 0; number > forgotten; number = this.#before[number % this.#pushesMax] ?? 0) {
      const row = number % this.#pushesMax
      const relayed = this.#others[row] ?? this.#read(row)
      if (relayed.requestId === requestId) return relayed
    }
    return undefined
  }

  #hashOf (requestId: string): number {
    let hash = 0
    for (let at = Math.max(0, requestId.length - HASHED_CHARS); at < requestId.length; at++) hash = (Math.imul(hash, 31) + requestId.charCodeAt(at)) | 0
    return hash & (this.#newest.length - 1)
  }

  /** @returns false when it has more than a row can hold */
  #write (row: number, { requestId, plant, deviceType, receivedAtMs, updatedAtMs, delivered, parked, cloudRequestId = '', reasons, repairs }: Relayed): boolean {
    const text = requestId + plant + deviceType + cloudRequestId
    if (text.length > CHARS_MAX || reasons.length > 0 || Object.keys(repairs).length > 0) return false
    this.#texts.write(text, row * CHARS_MAX * CHAR_BYTES, 'utf16le')
    const chars = row * TEXTS
    this.#textChars[chars] = requestId.length
    this.#textChars[chars + 1] = plant.length
    this.#textChars[chars + 2] = deviceType.length
    this.#textChars[chars + 3] = cloudRequestId.length
    const numbers = row * NUMBERS
    this.#numbers[numbers] = receivedAtMs
    this.#numbers[numbers + 1] = updatedAtMs
    this.#numbers[numbers + 2] = delivered
    this.#numbers[numbers + 3] = parked
    return true
  }

  #read (row: number): Relayed {
    const [receivedAtMs = 0, updatedAtMs = 0, delivered = 0, parked = 0] = this.#numbers.subarray(row * NUMBERS, (row + 1) * NUMBERS)
    let at = row * CHARS_MAX * CHAR_BYTES
    const [requestId = '', plant = '', deviceType = '', cloudRequestId = ''] = Array.from(this.#textChars.subarray(row * TEXTS, (row + 1) * TEXTS), chars => {
      const from = at
      at += chars * CHAR_BYTES
      return this.#texts.toString('utf16le', from, at)
    })
    return { requestId, plant, deviceType, receivedAtMs, updatedAtMs, delivered, parked, cloudRequestId: cloudRequestId === '' ? undefined : cloudRequestId, reasons: NO_REASONS, repairs: NO_REPAIRS }
  }
}
