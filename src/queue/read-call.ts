import type { ActiveLane } from './lanes.js'
import { mergeCall, MergedCall, type CallBounds } from './merge-call.js'
import type { PendingCall } from './pending-call.js'
import type { Entry, QueueLog } from './queue-log.js'

export interface NextCall {
  readonly call: MergedCall
  /** Nothing waited behind it when it was read. */
  readonly isLast: boolean
}

export interface ReadCallBounds extends CallBounds {
  /** This push and those behind it must not travel yet. */
  readonly heldFromId?: number | undefined
}

/** Reads what the next call of a lane carries; undefined when nothing may travel. Forgets a pending call whose pushes are gone. */
export async function readCall (log: Pick<QueueLog, 'read'>, lane: ActiveLane, { heldFromId = Infinity, ...bounds }: ReadCallBounds): Promise<NextCall | undefined> {
  const { id: laneId, pending } = lane
  if (laneId === undefined) return undefined
  if (pending !== undefined) {
    const call = await readAgain(log, laneId, pending)
    if (call !== undefined) return { call, isLast: false }
    // Somebody took a push out of the queue, so what is known of its parts fits nothing any more.
    lane.pending = undefined
  }
  const entriesMax = Math.min(lane.readAheadMax, Math.ceil(bounds.recordsMax / lane.recordsPerPush) + 1)
  const bytesMax = diskBytesMax(bounds.bytesMax, entriesMax)
  const head = (await log.read(laneId, { entriesMax, bytesMax })).filter(({ id }) => id < heldFromId)
  const waiting = await readRestInDoubt(log, laneId, head, { entriesMax, bytesMax })
  const call = mergeCall(waiting, bounds)
  if (call === undefined) return undefined
  lane.recordsPerPush = call.recordCount / call.entries.length
  const wasCutShort = waiting.length >= entriesMax || diskBytesMax(waiting.reduce((sum, { body }) => sum + body.length, 0), waiting.length) >= bytesMax
  lane.readAheadMax = readAheadAfter(call.entries.length, waiting.length, wasCutShort)
  // How much was read does not tell: it ends before a push that is too large for the rest, and what is damaged is left out.
  return { call, isLast: call.entries.at(-1)?.id === lane.newestId }
}

/** Read for nothing, the bodies of a whole call cost more than sending one push. */
function readAheadAfter (taken: number, read: number, wasCutShort: boolean): number {
  if (taken < read) return 2 * taken + 1
  return wasCutShort ? 4 * read : Infinity
}

async function readAgain (log: Pick<QueueLog, 'read'>, laneId: number, { ids, bodyBytes }: PendingCall): Promise<MergedCall | undefined> {
  const afterId = (ids[0] ?? 1) - 1
  const entries = await log.read(laneId, { entriesMax: ids.length, bytesMax: diskBytesMax(bodyBytes, ids.length), afterId })
  const known = new Set(ids)
  return entries.length === ids.length && entries.every(({ id }) => known.has(id)) ? new MergedCall(entries) : undefined
}

/** A call in doubt is read whole, also where the bounds were wider when it was made. */
async function readRestInDoubt (log: Pick<QueueLog, 'read'>, laneId: number, head: Entry[], bounds: { entriesMax: number, bytesMax: number }): Promise<Entry[]> {
  const doubtfulCall = head[0]?.doubtfulCall
  const entries = [...head]
  for (;;) {
    const last = entries.at(-1)
    if (doubtfulCall === undefined || last?.doubtfulCall !== doubtfulCall) return entries
    const more = await log.read(laneId, { ...bounds, afterId: last.id })
    if (more.length === 0) return entries
    entries.push(...more)
  }
}

/** On disk a push takes at most twice its bytes and a little. */
function diskBytesMax (bodyBytes: number, pushes: number): number {
  return 2 * bodyBytes + 1000 * pushes
}
