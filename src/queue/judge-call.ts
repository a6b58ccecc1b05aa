import { toLogSentence } from '../relay/log-sentence.js'
import type { Failure, Verdict } from '../relay/verdict.js'
import { holdMs } from './hold.js'
import type { ParkReason } from './queue-log.js'
import type { CallMade, TurnParts } from './turn-parts.js'

/** A push that failed so often, for so long, while others were delivered, is taken out of the way. */
const GIVE_UP_FAILURES = 20
const GIVE_UP_MS = 600_000
/** What cannot depend on what a call carries. */
const OUTSIDE: ReadonlySet<Failure['kind']> = new Set(['unsent', 'cancelled'])
const SETBACKS_TOLD = 3

/** Draws from a verdict what becomes of the call's records, of its lane, and of the account. */
export async function judgeCall (parts: TurnParts, made: CallMade, verdict: Verdict): Promise<void> {
  const { account, ticket, pending } = made
  switch (verdict.kind) {
    case 'delivered':
      account.noteDelivery()
      pending.deliver(verdict.cloudRequestId)
      keepToBudget(parts, made)
      return
    case 'throttled':
      account.pace.throttled(ticket.startedAtMs, verdict.retryAfterMs)
      return
    case 'refused':
      // Nothing is divided or parked while one code refuses everything.
      if (account.refusesAll && !pending.isSplit) return account.noteFailure(verdict, ticket)
      account.noteAnswer()
      pending.deliveriesAtRefusal ??= account.deliveries
      refuse(parts, made, { code: verdict.code ?? 'Cloud.Refused', message: verdict.message, cloudRequestId: verdict.cloudRequestId })
      return
    default:
      await judgeFailure(parts, made, verdict)
  }
}

async function judgeFailure (parts: TurnParts, made: CallMade, failure: Failure): Promise<void> {
  const { lane, account, ticket, pending } = made
  if (failure.timedOut === true) account.pace.timedOut()
  const othersSucceed = !OUTSIDE.has(failure.kind) && account.deliveries > (lane.deliveriesAtFailure ?? ticket.deliveries)
  lane.deliveriesAtFailure = account.deliveries
  const isParked = failure.mayHaveArrived && parts.policyOf(lane.plant)?.whenUnsure === 'park'
  if (isParked) pending.setAside(inDoubt(failure))
  else await noteFailure(parts, made, failure, othersSucceed)
  if (failure.kind === 'cancelled') return
  if (!othersSucceed) return account.noteFailure(failure, ticket)
  if (!isParked) setBack(parts, made, failure)
}

/** Why a push is parked whose plant wants nothing sent twice. */
export function inDoubt (failure?: Failure): ParkReason {
  const message = `It may have arrived, and the plant wants nothing sent twice. ${failure === undefined ? '' : toLogSentence(failure)}`
  return { code: 'InDoubt', message: message.trim().slice(0, 500), cloudRequestId: failure?.cloudRequestId }
}

/** A failure is counted only while others succeed: no outage, however long, makes a push guilty. */
async function noteFailure ({ log, clock, listeners }: TurnParts, { pending }: CallMade, { mayHaveArrived }: Failure, counts: boolean): Promise<void> {
  const isNewDoubt = mayHaveArrived && !pending.isDoubtful
  if (mayHaveArrived) pending.isDoubtful = true
  if (!counts && !isNewDoubt) return
  try {
    await log.noteFailure(pending.ids, { atMs: clock.now(), inDoubt: mayHaveArrived })
  } catch (problem) {
    // It is remembered here until the proxy ends; after that the push may be sent in other company.
    listeners.onProblem?.(problem)
  }
}

/** The lane waits, the account goes on. */
function setBack (parts: TurnParts, made: CallMade, failure: Failure): void {
  const { lane, account, call, pending } = made
  const nowMs = parts.clock.monotonicMs()
  lane.setbacks += 1
  lane.failingSinceMs ??= nowMs
  if (lane.setbacks >= SETBACKS_TOLD) {
    const { kind, code } = failure
    parts.alarms.raise(lane.cause, { kind: 'stuck', code: code ?? kind, message: toLogSentence(failure), account: account.name, plant: lane.plant, deviceType: lane.deviceType })
  }
  const failures = (call.entries[0]?.failures ?? 0) + 1
  const failingForMs = nowMs - Math.max(lane.failingSinceMs, account.openSinceMs)
  if (failures >= GIVE_UP_FAILURES && failingForMs >= GIVE_UP_MS) pending.isGivenUp = true
  lane.holdForMs = holdMs(pending.isGivenUp ? 0 : lane.setbacks - 1, parts.bounds.holdMsMax, parts.random)
  if (!pending.isGivenUp) return
  const message = `It failed ${failures} times while other calls of the account succeeded, at last with: ${toLogSentence(failure)}`
  refuse(parts, made, { code: 'GaveUp', message: message.slice(0, 500), cloudRequestId: failure.cloudRequestId })
}

function refuse (parts: TurnParts, made: CallMade, reason: ParkReason): void {
  made.pending.refuse(reason, devicesOf(made))
  keepToBudget(parts, made)
}

function keepToBudget ({ bounds }: TurnParts, made: CallMade): void {
  const { pending } = made
  if (pending.part === undefined || pending.splitCalls < bounds.splitCallsMax) return
  const last = pending.lastReason
  const message = `${pending.splitCalls} calls did not find every guilty record; the call was refused with ${last?.code ?? 'an unknown code'}: ${last?.message ?? ''}`
  pending.refuseRest({ code: 'SplitTooCostly', message: message.slice(0, 500), cloudRequestId: last?.cloudRequestId }, devicesOf(made))
}

function devicesOf ({ lane, call }: CallMade): string[] | undefined {
  return call.records?.map(({ device }) => `${lane.plant} ${lane.deviceType} ${device}`)
}
