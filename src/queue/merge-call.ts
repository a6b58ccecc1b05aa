import { asBuffer, cutRecords, PUSH_END, type CutPush, type CutRecord } from './cut-records.js'
import type { Entry } from './queue-log.js'

/** How much one call may carry. A single push is sent whole, however large it is. */
export interface CallBounds {
  readonly recordsMax: number
  readonly bytesMax: number
}

/** Records of a call by their places in it, `to` not included. */
export interface Part {
  readonly from: number
  readonly to: number
}

const COMMA = Buffer.from(',')

/** Waiting pushes that travel together, in the order of their lane, with their bodies. */
export class MergedCall {
  readonly entries: readonly Entry[]
  readonly recordCount: number
  /** Null until it is asked for. */
  #pushes: readonly CutPush[] | undefined | null

  /** @param pushes The same bodies, cut; when they are at hand. */
  constructor (entries: readonly Entry[], pushes: readonly CutPush[] | null = null) {
    this.entries = entries
    this.recordCount = entries.reduce((sum, { recordCount }) => sum + recordCount, 0)
    this.#pushes = pushes
  }

  /** Whether an earlier call with exactly these pushes may have arrived. */
  get isDoubtful (): boolean {
    return this.entries[0]?.doubtfulCall !== undefined
  }

  get bodyBytes (): number {
    return this.entries.reduce((sum, { body }) => sum + body.length, 0)
  }

  /** Undefined when a body cannot be cut; then the call is one push, whole. */
  get records (): readonly CutRecord[] | undefined {
    return this.#cut()?.flatMap(({ records }) => records)
  }

  /** The bytes that are signed and sent for a part. They are spliced, so every value keeps its characters. */
  bodyOf ({ from, to }: Part): Buffer {
    const [first] = this.entries
    const isWhole = from === 0 && to === this.recordCount
    if (first !== undefined && this.entries.length === 1 && isWhole) return asBuffer(first.body)
    const head = this.#cut()?.[0]?.head
    if (head === undefined) throw new Error('a push that cannot be cut was to be sent in parts')
    if (isWhole) return joinWhole(head, this.entries)
    const pieces = (this.records ?? []).slice(from, to).flatMap(({ bytes }) => [COMMA, bytes])
    return Buffer.concat([head, ...pieces.slice(1), PUSH_END])
  }

  #cut (): readonly CutPush[] | undefined {
    if (this.#pushes === null) {
      const pushes = this.entries.map(({ body, recordCount }) => cutRecords(body, recordCount))
      this.#pushes = pushes.every(push => push !== undefined) ? pushes : undefined
    }
    return this.#pushes
  }
}

/**
 * Takes from the head of a lane what travels in its next call: as many pushes as the bounds allow, but never two records
 * of the same device and time, and never a push in doubt with one that was not in its call.
 */
export function mergeCall (waiting: readonly Entry[], bounds: CallBounds): MergedCall | undefined {
  const [first] = waiting
  if (first === undefined) return undefined
  if (first.doubtfulCall !== undefined) {
    const end = waiting.findIndex(({ doubtfulCall }) => doubtfulCall !== first.doubtfulCall)
    return new MergedCall(end === -1 ? waiting : waiting.slice(0, end))
  }
  const isFull = waiting.length === 1 || first.recordCount >= bounds.recordsMax || first.body.length >= bounds.bytesMax
  const push = isFull ? undefined : cutRecords(first.body, first.recordCount)
  return push === undefined ? new MergedCall([first]) : mergeOnto(first, push, waiting.slice(1), bounds)
}

function mergeOnto (first: Entry, firstPush: CutPush, others: readonly Entry[], { recordsMax, bytesMax }: CallBounds): MergedCall {
  const { head } = firstPush
  const entries = [first]
  const pushes = [firstPush]
  const identities = new Set(firstPush.records.map(({ identity }) => identity))
  let bytes = first.body.length
  for (const entry of others) {
    bytes += entry.body.length - head.length - PUSH_END.length + COMMA.length
    if (entry.doubtfulCall !== undefined || identities.size + entry.recordCount > recordsMax || bytes > bytesMax) break
    const push = cutRecords(entry.body, entry.recordCount, head)
    if (push === undefined || (push.head !== head && !push.head.equals(head)) || push.records.some(({ identity }) => identities.has(identity))) break
    for (const { identity } of push.records) identities.add(identity)
    entries.push(entry)
    pushes.push(push)
  }
  return new MergedCall(entries, pushes)
}

/** Pushes one behind the other, each without the head that all of them have: what cutting and splicing them gives, at a third of the cost. */
function joinWhole (head: Buffer, entries: readonly Entry[]): Buffer {
  const bytes = entries.reduce((sum, { body }) => sum + body.length - head.length - PUSH_END.length + COMMA.length, head.length + PUSH_END.length - COMMA.length)
  const joined = Buffer.allocUnsafe(bytes)
  let at = head.copy(joined)
  for (const { body } of entries) {
    if (at > head.length) at += COMMA.copy(joined, at)
    at += asBuffer(body).copy(joined, at, head.length, body.length - PUSH_END.length)
  }
  PUSH_END.copy(joined, at)
  return joined
}
