import { setMaxListeners } from 'node:events'
import { LinkedLine, Place } from '../linked-line.js'
import type { Account, Ticket } from './account.js'
import { holdMs } from './hold.js'
import { takeTurn, type TurnResult } from './lane-turn.js'
import type { ActiveLane, ActiveLanes } from './lanes.js'
import { recordSettled, whereOf } from './record-settled.js'
import { TurnLine } from './turn-line.js'
import type { TurnParts } from './turn-parts.js'

export interface DrainParts extends TurnParts { readonly lanes: ActiveLanes }

/** What an account's lanes share: who comes next, and the timer for it. */
interface Counter {
  readonly line: TurnLine
  cancelTimer: () => void
}

/**
 * Lets the lanes have their turns: one call in flight in each, plants one after the other, as fast as the account's pace
 * allows. Nothing polls: a push that is stored, a call that ends and a wait that is over set it going.
 */
export class Drain {
  readonly #parts: DrainParts
  readonly #counters = new Map<Account, Counter>()
  readonly #turns = new LinkedLine<Promise<void>>()
  readonly #stopping = new AbortController()

  constructor (parts: DrainParts) {
    this.#parts = parts
    // One for each lane whose recording has to wait.
    setMaxListeners(0, this.#stopping.signal)
  }

  /** Something about the lane has changed. */
  wake (lane: ActiveLane): void {
    const account = this.#parts.accounts.of(lane.plant)
    if (lane.isReady) this.#counterOf(account).line.add(lane)
    this.wakeAccount(account)
  }

  /** Something about the account has changed. */
  wakeAccount (account: Account): void {
    const counter = this.#counters.get(account)
    if (counter === undefined) return // Nothing waits for it, or it was retired.
    counter.cancelTimer()
    while (!this.#stopping.signal.aborted && !counter.line.isEmpty) {
      const { waitMs } = account
      if (waitMs === undefined) return
      if (waitMs > 0) {
        counter.cancelTimer = this.#parts.clock.after(waitMs, () => {
          this.wakeAccount(account)
          this.#forgetOutage(account)
        })
        return
      }
      const lane = counter.line.take()
      if (lane === undefined) return
      if (this.#parts.accounts.of(lane.plant) === account) this.#begin(lane, account)
      else this.#moveOn(lane, account)
    }
  }

  /** Its lanes go over to whatever has come in its place. */
  retire (account: Account): void {
    const counter = this.#counters.get(account)
    if (counter === undefined) return
    counter.cancelTimer()
    this.#counters.delete(account)
    for (const lane of counter.line.takeAll()) this.wake(lane)
  }

  /** Begins nothing more. */
  stop (): void {
    this.#stopping.abort()
    for (const { cancelTimer } of this.#counters.values()) cancelTimer()
    for (const lane of this.#parts.lanes.all()) lane.endHold?.()
  }

  /** Resolves when all turns that were begun have ended. */
  async ended (): Promise<void> {
    while (this.#turns.first !== undefined) await Promise.all(this.#turns)
  }

  #counterOf (account: Account): Counter {
    const counter = this.#counters.get(account) ?? { line: new TurnLine(), cancelTimer: () => {} }
    this.#counters.set(account, counter)
    return counter
  }

  #begin (lane: ActiveLane, account: Account): void {
    lane.isInTurn = true
    const turn = new Place(this.#run(lane, account, account.begin()).finally(() => {
      this.#turns.delete(turn)
      lane.isInTurn = false
      this.#hold(lane)
      this.#parts.lanes.forgetIdle(lane)
      this.#moveOn(lane, account)
    }))
    this.#turns.add(turn)
  }

  /** Into the line of the account that its plant has now, which may be another than the one before. */
  #moveOn (lane: ActiveLane, before: Account): void {
    this.wake(lane)
    if (this.#parts.accounts.of(lane.plant) !== before) this.#forgetOutage(before)
  }

  /** Nobody asks an account any more for which nothing waits: its alarm would stand for ever. */
  #forgetOutage (account: Account): void {
    const isNeeded = !account.isIdle || this.#counters.get(account)?.line.isEmpty === false
    if (!account.isOut || account.isRetired || isNeeded) return
    this.#parts.accounts.retire(account.name)
    this.retire(account)
  }

  async #run (lane: ActiveLane, account: Account, ticket: Ticket): Promise<void> {
    const beganAtMs = this.#parts.clock.monotonicMs()
    const result = await this.#take(lane, account, ticket)
    account.end(ticket)
    // The account may go on while what was delivered is recorded.
    this.wakeAccount(account)
    if (result === undefined) return
    await recordSettled(this.#parts, lane, account, result.settlements, this.#stopping.signal)
    account.drainRate.note(result.settlements.length)
    if (result.isLast && lane.arrivals === result.arrivals) lane.hasMore = false
    if (result.isLast) lane.holdForMs ??= this.#restMs(lane, beganAtMs)
  }

  /**
   * Nobody waits for the calls of a plant that stores, so what it sends gathers for the next one: where the cloud is near, a
   * busy plant would else have hundreds of small calls a second. What `liveFirst` promises is that pushes do not wait.
   */
  #restMs ({ plant }: ActiveLane, beganAtMs: number): number | undefined {
    const { policyOf, bounds, clock } = this.#parts
    const policy = policyOf(plant)
    if (policy?.delivery !== 'store' || policy.liveFirst === 'on') return undefined
    const leftMs = beganAtMs + bounds.storingEveryMs - clock.monotonicMs()
    return leftMs > 0 ? leftMs : undefined
  }

  async #take (lane: ActiveLane, account: Account, ticket: Ticket): Promise<TurnResult | undefined> {
    const { alarms, listeners, random, bounds } = this.#parts
    try {
      const result = await takeTurn(this.#parts, lane, account, ticket)
      alarms.end(`${lane.cause} unreadable`)
      return result
    } catch (problem) {
      listeners.onProblem?.(problem)
      alarms.raise(`${lane.cause} unreadable`, { ...whereOf(lane, account), kind: 'unreadable', code: undefined, message: 'The queue cannot be read; it is tried again.' })
      lane.setbacks += 1
      lane.holdForMs = holdMs(lane.setbacks - 1, bounds.holdMsMax, random)
      return undefined
    }
  }

  #hold (lane: ActiveLane): void {
    const { holdForMs } = lane
    lane.holdForMs = undefined
    if (holdForMs === undefined || this.#stopping.signal.aborted) return
    const cancel = this.#parts.clock.after(holdForMs, () => { lane.endHold?.() })
    lane.endHold = () => {
      cancel()
      lane.endHold = undefined
      this.wake(lane)
      this.#parts.lanes.forgetIdle(lane)
    }
  }
}
