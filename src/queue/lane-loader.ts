import type { Clock } from '../clock.js'
import type { Alarms } from './alarms.js'
import type { Drain } from './drain.js'
import { holdMs } from './hold.js'
import type { ActiveLanes } from './lanes.js'
import type { QueueListeners } from './queue-events.js'
import type { QueueLog } from './queue-log.js'

export interface LaneLoaderParts {
  readonly log: Pick<QueueLog, 'lanes'>
  readonly clock: Clock
  readonly random: () => number
  readonly holdMsMax: number
  readonly listeners: QueueListeners
  readonly alarms: Alarms
  readonly lanes: ActiveLanes
  readonly drain: Drain
}

const CAUSE = 'lanes'

/** Learns from the disk in which lanes something waits: at the start, and when somebody else changed the queue. */
export class LaneLoader {
  readonly #parts: LaneLoaderParts
  #underWay: Promise<void> | undefined
  #again = false
  #setbacks = 0
  #isStopped = false
  #cancelRetry = (): void => {}

  constructor (parts: LaneLoaderParts) {
    this.#parts = parts
  }

  /** Resolves when what is on disk now is known, or could not be read; then it is tried again later. */
  async load (): Promise<void> {
    this.#again = this.#underWay !== undefined
    this.#underWay ??= this.#loadAll().finally(() => { this.#underWay = undefined })
    await this.#underWay
  }

  stop (): void {
    this.#isStopped = true
    this.#cancelRetry()
  }

  async #loadAll (): Promise<void> {
    do {
      this.#again = false
      await this.#loadOnce()
    } while (this.#again && !this.#isStopped)
  }

  async #loadOnce (): Promise<void> {
    const { log, alarms, lanes, drain } = this.#parts
    this.#cancelRetry()
    try {
      for (const { id, plant, deviceType, live } of await log.lanes()) {
        const lane = lanes.open({ plant, deviceType, live })
        lane.id = id
        lane.hasMore = true
        // A call in flight was read before.
        lane.arrivals += 1
        drain.wake(lane)
      }
      this.#setbacks = 0
      alarms.end(CAUSE)
      // What was in the way may have been taken out.
      for (const lane of [...lanes.all()]) lane.endHold?.()
    } catch (problem) {
      this.#retryLater(problem)
    }
  }

  #retryLater (problem: unknown): void {
    const { clock, random, holdMsMax, listeners, alarms } = this.#parts
    // At the end the store rejects what still waited for it.
    if (this.#isStopped) return
    listeners.onProblem?.(problem)
    alarms.raise(CAUSE, { kind: 'unreadable', code: undefined, message: 'The queue cannot be read; it is tried again.', account: 'default' })
    this.#cancelRetry = clock.after(holdMs(this.#setbacks, holdMsMax, random), () => { this.load().catch(listeners.onProblem) })
    this.#setbacks += 1
  }
}
