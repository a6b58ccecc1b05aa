import type { MergedCall, Part } from './merge-call.js'
import type { ParkReason } from './queue-log.js'

export interface DeliveredPart extends Part {
  readonly cloudRequestId: string | undefined
}

export interface RefusedPart extends Part {
  readonly reason: ParkReason
  /** Whose records they are. */
  readonly devices: ReadonlySet<string>
}

/**
 * A call that was begun and is not settled: which pushes travel in it, and what became of its records so far. It holds no
 * bodies, since thousands of lanes may wait for a cloud that is down; they are read again for each attempt.
 */
export class PendingCall {
  readonly ids: readonly number[]
  readonly bodyBytes: number
  /** How many calls of the account had been delivered when this one was refused first. */
  deliveriesAtRefusal: number | undefined
  readonly delivered: DeliveredPart[] = []
  readonly refused: RefusedPart[] = []
  /** An attempt may have arrived: what is sent again must be the same. */
  isDoubtful: boolean
  /** That it was begun stands on disk. */
  isMarked = false
  /** It failed so often while others succeeded that from now on a failure counts as a refusal. */
  isGivenUp = false
  /** Why the cloud refused the call, or a part of it, last. */
  lastReason: ParkReason | undefined
  #splitCalls = 0
  /** What is still to be sent, in order and without gaps up to the end. */
  #open: readonly Part[]

  constructor (call: MergedCall) {
    this.ids = call.entries.map(({ id }) => id)
    this.bodyBytes = call.bodyBytes
    this.isDoubtful = call.isDoubtful
    this.#open = [{ from: 0, to: call.recordCount }]
  }

  /** What is sent next; undefined when the fate of every record is known. */
  get part (): Part | undefined {
    return this.#open[0]
  }

  /** Something of it has been decided, so it must not be gathered anew. */
  get isSplit (): boolean {
    return this.#open.length !== 1 || this.delivered.length > 0 || this.refused.length > 0
  }

  /** Calls that dividing it has cost: those that brought a judgement. */
  get splitCalls (): number {
    return this.#splitCalls
  }

  deliver (cloudRequestId: string | undefined): void {
    this.#countCall()
    const [part, ...rest] = this.#open
    if (part !== undefined) this.delivered.push({ ...part, cloudRequestId })
    this.#open = rest
  }

  /**
   * The next part was refused: it is divided in two while it can be, so that what is guilty comes to stand alone.
   * @param devices Of each record of the call; undefined when it cannot be cut.
   */
  refuse (reason: ParkReason, devices: readonly string[] | undefined): void {
    const [part, ...rest] = this.#open
    if (part === undefined) return
    this.#countCall()
    this.lastReason = reason
    const { from, to } = part
    if (devices === undefined || to - from === 1) {
      this.refused.push({ from, to, reason, devices: new Set(devices?.slice(from, to)) })
      this.#open = rest
      return
    }
    const middle = (from + to) >> 1
    this.#open = [{ from, to: middle }, { from: middle, to }, ...rest]
  }

  /** The next part is set aside as it is, whoever is to blame. */
  setAside (reason: ParkReason): void {
    const [part, ...rest] = this.#open
    if (part !== undefined) this.refused.push({ ...part, reason, devices: new Set() })
    this.#open = rest
  }

  /** Sets aside as one all that is still to be sent. */
  refuseRest (reason: ParkReason, devices: readonly string[] | undefined): void {
    const from = this.#open[0]?.from
    const to = this.#open.at(-1)?.to
    if (from === undefined || to === undefined) return
    this.refused.push({ from, to, reason, devices: new Set(devices?.slice(from, to)) })
    this.#open = []
  }

  #countCall (): void {
    if (this.isSplit) this.#splitCalls += 1
  }
}
