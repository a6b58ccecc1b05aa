import type { Failure, Verdict } from '../relay/verdict.js'
import type { Account, Ticket } from './account.js'
import { markBegun, unmarkBegun } from './begun-mark.js'
import { inDoubt, judgeCall } from './judge-call.js'
import type { ActiveLane } from './lanes.js'
import { PendingCall } from './pending-call.js'
import type { Settlement } from './queue-log.js'
import { readCall } from './read-call.js'
import { settleCall } from './settle-call.js'
import { toFailure } from './to-failure.js'
import type { CallMade, TurnParts } from './turn-parts.js'

/** What is to be recorded after a turn; nothing when the fate of the call is still open. */
export interface TurnResult {
  readonly settlements: readonly Settlement[]
  /** Nothing waited behind the call when it was read. */
  readonly isLast: boolean
  /** How many pushes had been taken in by then. */
  readonly arrivals: number
}

/**
 * One turn of a lane: its head is read, sent once, and judged.
 * @throws {ProxyError} InternalError when the queue cannot be read
 */
export async function takeTurn (parts: TurnParts, lane: ActiveLane, account: Account, ticket: Ticket): Promise<TurnResult | undefined> {
  const { arrivals } = lane
  const heldFrom = (): ReturnType<typeof lane.delays.first> => lane.delays.first(parts.clock.monotonicMs())
  const held = heldFrom()
  const next = await readCall(parts.log, lane, { ...callBoundsOf(parts, lane, account), heldFromId: held?.id })
  if (next === undefined) {
    account.pace.withdraw()
    if (held !== undefined) lane.holdForMs = heldFrom()?.waitMs ?? 0
    else if (lane.arrivals === arrivals) lane.hasMore = false
    passOn(parts, lane)
    return undefined
  }
  if (parts.accounts.ofNow(lane.plant) !== account) {
    // Its plant has another credential by now, or the credential is another: it goes into that line.
    account.pace.withdraw()
    return undefined
  }
  const pending = lane.pending ??= new PendingCall(next.call)
  const made: CallMade = { lane, account, ticket, call: next.call, pending }
  if (pending.isDoubtful && parts.policyOf(lane.plant)?.whenUnsure === 'park') {
    // The policy was changed while it waited.
    account.pace.withdraw()
    pending.setAside(inDoubt())
  } else {
    await markBegun(parts, made)
    await judgeCall(parts, made, await send(parts, made))
    await unmarkBegun(parts, made)
  }
  if (pending.part !== undefined) {
    // What was neither in doubt nor divided is gathered anew: more may have come.
    if (!pending.isSplit && !pending.isDoubtful) lane.pending = undefined
    return undefined
  }
  lane.pending = undefined
  if (meetsStrangers(made)) {
    account.refusesAll = true
    account.noteFailure(toStrangeRefusal(pending), ticket)
    return undefined
  }
  passOn(parts, lane)
  return { settlements: settleCall(next.call, pending), isLast: next.isLast, arrivals }
}

/** What was at the head of the lane is out of the way. */
function passOn ({ alarms }: TurnParts, lane: ActiveLane): void {
  lane.recover()
  alarms.end(lane.cause)
}

function callBoundsOf ({ bounds, policyOf }: TurnParts, { plant }: ActiveLane, account: Account): { recordsMax: number, bytesMax: number } {
  // While nothing works each question may leave its pushes in doubt, and there they are parked for it: so it asks with one.
  const isWary = account.isOut && policyOf(plant)?.whenUnsure === 'park'
  return { recordsMax: isWary ? 1 : bounds.callRecordsMax, bytesMax: account.pace.callBytesMax }
}

async function send (parts: TurnParts, { lane, account, ticket, call, pending }: CallMade): Promise<Verdict> {
  const part = pending.part ?? { from: 0, to: call.recordCount }
  const body = call.bodyOf(part)
  const purpose = ticket.isProbe ? 'probe' : pending.isSplit ? 'split' : pending.isDoubtful ? 'again' : 'first'
  const startedAtMs = parts.clock.monotonicMs()
  const verdict = await sendOnce(parts, { account, lane }, body)
  const durationMs = parts.clock.monotonicMs() - startedAtMs
  if (verdict.kind === 'delivered') account.pace.delivered({ bytes: body.length, durationMs })
  parts.listeners.onCall?.({
    account: account.name,
    plant: lane.plant,
    deviceType: lane.deviceType,
    pushes: call.entries.length,
    records: part.to - part.from,
    bytes: body.length,
    durationMs,
    purpose,
    verdict
  })
  return verdict
}

async function sendOnce ({ relayOf, bounds, cutOff, policyOf }: TurnParts, { account, lane }: Pick<CallMade, 'account' | 'lane'>, body: Buffer): Promise<Verdict> {
  try {
    return await relayOf(account.name).send(body, { timeoutMs: bounds.callTimeoutMs, clientGone: cutOff, retries: 'none', resendsInDoubt: policyOf(lane.plant)?.whenUnsure !== 'park' })
  } catch (error) {
    return toFailure(error)
  }
}

/** The same refusal for pushes that have no device in common, and nothing delivered in between: the cloud or the account is to blame. */
function meetsStrangers ({ account, pending }: CallMade): boolean {
  if (pending.isGivenUp) return false
  const haveNothingInCommon = account.refusals.note(pending.refused)
  return haveNothingInCommon && account.deliveries === pending.deliveriesAtRefusal
}

function toStrangeRefusal ({ lastReason }: PendingCall): Failure {
  const message = 'Energy Expert refuses pushes that have no device in common for the same reason, so they are kept.'
  return { kind: 'refused', mayHaveArrived: false, code: lastReason?.code, message, cloudRequestId: lastReason?.cloudRequestId }
}
