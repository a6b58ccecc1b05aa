import type { Clock } from '../clock.js'
import type { EndSignal } from '../end-signal.js'
import type { Policy } from '../plants/policy.js'
import type { RelayOf } from '../relay/endable-relay.js'
import type { Account, Ticket } from './account.js'
import type { Accounts } from './accounts.js'
import type { Alarms } from './alarms.js'
import type { ActiveLane } from './lanes.js'
import type { MergedCall } from './merge-call.js'
import type { PendingCall } from './pending-call.js'
import type { QueueListeners } from './queue-events.js'
import type { QueueLog } from './queue-log.js'

/** How much the queue asks of the cloud. */
export interface DrainBounds {
  /** Device records of one call. */
  readonly callRecordsMax: number
  readonly callBytesMax: number
  /** Calls under way for one account, all its lanes together. */
  readonly callsInFlightMax: number
  /** How long one call may take. */
  readonly callTimeoutMs: number
  /** Calls that finding the guilty records of a refused call may cost. */
  readonly splitCallsMax: number
  /** The longest wait between two questions whether the cloud, the line or the account is back. */
  readonly holdMsMax: number
  /** How far apart two calls of a lane begin at least, where its plant stores every push and the first of them left nothing behind. What another process changes ends the wait. */
  readonly storingEveryMs: number
}

export const DRAIN_BOUNDS: DrainBounds = {
  callRecordsMax: 500,
  callBytesMax: 1_048_576,
  callsInFlightMax: 16,
  callTimeoutMs: 30_000,
  splitCallsMax: 64,
  holdMsMax: 30_000,
  storingEveryMs: 25
}

/** The policies of a plant that matter while its pushes wait. */
export type QueuePolicy = Pick<Policy, 'whenUnsure'> & Partial<Pick<Policy, 'delivery' | 'liveFirst'>>

/** What every turn of a lane needs. */
export interface TurnParts {
  readonly log: QueueLog
  readonly clock: Clock
  readonly random: () => number
  readonly bounds: DrainBounds
  readonly relayOf: RelayOf
  /** Asked anew for each call too. */
  readonly accounts: Pick<Accounts, 'of' | 'ofNow' | 'retire'>
  /** Asked anew for each call, since policies change; undefined for a plant that was removed. */
  readonly policyOf: (plant: string) => QueuePolicy | undefined
  readonly alarms: Alarms
  readonly listeners: QueueListeners
  /** Aborts when what is still under way must end. */
  readonly cutOff: EndSignal
}

/** One call that was made, and all that its judgement depends on. */
export interface CallMade {
  readonly lane: ActiveLane
  readonly account: Account
  readonly ticket: Ticket
  readonly call: MergedCall
  readonly pending: PendingCall
}
