import type { Clock } from '../clock.js'
import { EndSwitch, type EndSignal } from '../end-signal.js'
import type { RelayOf } from '../relay/endable-relay.js'
import type { Verdict } from '../relay/verdict.js'
import { Accounts } from './accounts.js'
import { Alarms, type RaisedAlarm } from './alarms.js'
import { BadRecords } from './bad-records.js'
import { Drain } from './drain.js'
import { LaneLoader } from './lane-loader.js'
import { ActiveLanes, type ActiveLane } from './lanes.js'
import { meetsStrangers } from './meets-strangers.js'
import { bothListeners, type QueueListeners } from './queue-events.js'
import { inLiveLane, type PushToKeep, type StoreOptions } from './push-to-keep.js'
import type { ParkReason, QueueLog } from './queue-log.js'
import type { KeyedBody } from './record-keys.js'
import { RelayedRecords } from './relayed-records.js'
import { readQueueState, type QueueState } from './queue-state.js'
import { DRAIN_BOUNDS, type DrainBounds, type QueuePolicy } from './turn-parts.js'

export interface PushQueueParts {
  readonly log: QueueLog
  readonly relayOf: RelayOf
  readonly clock: Clock
  /** From 0 to 1. */
  readonly random: () => number
  readonly policyOf: (plant: string) => QueuePolicy | undefined
  /** The credential that a plant's pushes are sent with. */
  readonly credentialOf: (plant: string) => string
  readonly bounds?: Partial<DrainBounds>
  readonly listeners?: QueueListeners
}

/** What waits, and what is known of the accounts that it waits for. Delivers by itself from start() to stop(). */
export class PushQueue {
  readonly #parts: PushQueueParts
  readonly #bounds: DrainBounds
  readonly #alarms: Alarms
  readonly #lanes = new ActiveLanes()
  readonly #accounts: Accounts
  readonly #drain: Drain
  /** Aborts when live pushes must not wait for the cloud any longer. */
  readonly #stopping = new EndSwitch()
  readonly #cutOff = new EndSwitch()
  readonly #loader: LaneLoader
  readonly #relayed: RelayedRecords
  /** What becomes of records that break the contract. */
  readonly bad: BadRecords

  constructor (parts: PushQueueParts) {
    const { log, clock, listeners = {} } = parts
    this.#parts = parts
    this.#bounds = { ...DRAIN_BOUNDS, ...parts.bounds }
    this.#alarms = new Alarms(clock, listeners)
    this.#relayed = new RelayedRecords(log, listeners.onProblem)
    this.bad = new BadRecords({ log, listeners, onParked: plant => { this.#relayed.noteParked(plant) } })
    this.#accounts = new Accounts({ ...parts, ...this.#bounds, alarms: this.#alarms })
    this.#drain = new Drain({
      ...parts,
      listeners: bothListeners(this.#relayed.listeners, listeners),
      bounds: this.#bounds,
      alarms: this.#alarms,
      lanes: this.#lanes,
      accounts: this.#accounts,
      cutOff: this.#cutOff
    })
    this.#loader = new LaneLoader({ ...parts, listeners, holdMsMax: this.#bounds.holdMsMax, alarms: this.#alarms, lanes: this.#lanes, drain: this.#drain })
  }

  /** Loads the lanes and begins to deliver. A store that cannot be read is asked again; the start is not blocked by it. */
  async start (): Promise<void> {
    const load = async (): Promise<void> => { await Promise.all([this.#loader.load(), this.#relayed.load()]) }
    this.#parts.log.onChange(() => { load().catch(this.#parts.listeners?.onProblem) })
    await load()
  }

  /** Whether a push may be tried while its sender waits: nothing of its plant waits or is in flight, and it is not known to be in vain. */
  mayRelay (plant: string, credential: string): boolean {
    const account = this.#accounts.named(credential)
    // While the account is out one live push at a time is a probe like any other; the rest is spared the wait.
    const isInVain = account.isOut && account.liveTries > 0
    return !this.#stopping.aborted && !isInVain && !this.#lanes.isBusy(plant)
  }

  /**
   * Tries a push while its sender waits. What comes of it also tells the queue how the account is doing, and a delivery
   * what of the parked records was delivered since.
   * @throws whatever `send` throws
   */
  async tryLive (push: KeyedBody, credential: string, send: (stopping: EndSignal) => Promise<Verdict>): Promise<Verdict> {
    const account = this.#accounts.named(credential)
    const startedAtMs = this.#parts.clock.monotonicMs()
    account.liveTries += 1
    let verdict: Verdict
    try {
      verdict = await send(this.#stopping)
    } finally {
      account.liveTries -= 1
    }
    if (verdict.kind === 'delivered') {
      account.noteDelivery()
      this.#relayed.note(push)
    } else if (verdict.kind === 'throttled') account.pace.throttled(startedAtMs, verdict.retryAfterMs)
    this.#drain.wakeAccount(account)
    return verdict
  }

  /**
   * Keeps a push until it is delivered; resolves when it is durable.
   * @throws {ProxyError} QueueFull, InternalError
   */
  store (push: PushToKeep, { inDoubt = false, liveFirst = false, delayMs = 0 }: StoreOptions = {}): Promise<void> {
    const lane = this.#laneFor(push, liveFirst)
    const dueAtMs = this.#parts.clock.monotonicMs() + delayMs
    lane.appending += 1
    if (inDoubt) lane.locks += 1
    // One promise, not the two of an async function: nearly every push of a plant that stores comes by here.
    return this.#parts.log.append(lane.live ? inLiveLane(push) : push).then(({ id, laneId }) => {
      lane.appending -= 1
      lane.id = laneId
      if (delayMs > 0) lane.delays.add(id, dueAtMs)
      lane.newestId = Math.max(lane.newestId, id)
      lane.arrivals += 1
      lane.hasMore = true
      if (inDoubt) this.#noteDoubt(lane, id).catch(this.#parts.listeners?.onProblem)
      this.#parts.listeners?.onStored?.({ plant: push.plant, deviceType: push.deviceType, records: push.recordCount, bytes: push.body.length })
      this.bad.tell(push)
      // While a call of the lane is under way, its end sets the next one going.
      if (lane.isReady) this.#drain.wake(lane)
    }, (error: unknown) => {
      lane.appending -= 1
      if (inDoubt) lane.locks -= 1
      // The lock was in the way of whatever came beside it.
      this.#drain.wake(lane)
      this.#lanes.forgetIdle(lane)
      throw error
    })
  }

  /**
   * Puts a push into the parked list at once. One that the cloud refused for the reason for which it refuses pushes that
   * have no device in common is kept to be delivered.
   * @throws {ProxyError} QueueFull, InternalError
   */
  async park (push: PushToKeep, reason: ParkReason, blame: 'push' | 'nobody'): Promise<void> {
    if (blame === 'push' && meetsStrangers(this.#accounts.of(push.plant), push, reason)) return await this.store(push)
    const { body, recordCount, plant, deviceType, parked = [], ...origin } = push
    await this.#parts.log.park({ ...origin, plant, deviceType, parts: [...parked, { body, recordCount, reason }], deliveredRecords: 0, cloudRequestIds: [] })
    this.#relayed.noteParked(plant)
    this.bad.tell(push)
    this.#parts.listeners?.onStored?.({ plant, deviceType, records: recordCount, bytes: body.length, parkedFor: reason.code })
  }

  alarms (): RaisedAlarm[] {
    return this.#alarms.list()
  }

  async state (): Promise<QueueState> {
    return await readQueueState(this.#parts.log, plant => this.#accounts.of(plant), this.#alarms)
  }

  /** The credentials of these names have changed: what waits for them is tried with the new ones at once. */
  renewAccounts (credentials: readonly string[]): void {
    for (const credential of credentials) {
      const account = this.#accounts.retire(credential)
      if (account !== undefined) this.#drain.retire(account)
    }
  }

  /** Begins no call any more; live pushes that wait for the cloud end, and are kept. Storing goes on working. */
  stop (): void {
    this.#stopping.end()
    this.#loader.stop()
    this.#drain.stop()
  }

  /** After stop(): waits for the calls in flight, and cuts off what has not ended after `timeoutMs`. The log stays open. */
  async ended (timeoutMs: number): Promise<void> {
    const cancel = this.#parts.clock.after(timeoutMs, () => { this.#cutOff.end() })
    await this.#drain.ended()
    cancel()
    this.#alarms.close()
  }

  #laneFor ({ plant, deviceType }: PushToKeep, liveFirst: boolean): ActiveLane {
    const live = liveFirst && !this.#accounts.of(plant).isOut && this.#lanes.isBusy(plant)
    return this.#lanes.open({ plant, deviceType, live })
  }

  async #noteDoubt (lane: ActiveLane, id: number): Promise<void> {
    const { log, clock, listeners } = this.#parts
    try {
      await log.noteFailure([id], { atMs: clock.now(), inDoubt: true })
    } catch (problem) {
      listeners?.onProblem?.(problem)
    }
    lane.locks -= 1
    this.#drain.wake(lane)
  }
}
