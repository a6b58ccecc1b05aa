import type { QueueListeners } from './queue-events.js'
import type { QueueLog } from './queue-log.js'
import { recordKeys, type KeyedBody } from './record-keys.js'

/** A store that does not answer must not gather them without end; what is left out costs a warning before a replay. */
const UNDER_WAY_MAX = 64

/**
 * Tells the store of the records that were relayed at once while something of their plant is parked: a replay of the same
 * device and time is warned of then. Where nothing is parked it costs one look-up in memory.
 */
export class RelayedRecords {
  readonly #log: Pick<QueueLog, 'usage' | 'noteDelivered'>
  readonly #onProblem: ((problem: unknown) => void) | undefined
  #plants: ReadonlySet<string> = new Set()
  /** Of which something was parked since what is on disk was asked for, and the how manieth time that was. */
  readonly #parkedSince = new Map<string, number>()
  #timesParked = 0
  #underWay = 0

  constructor (log: Pick<QueueLog, 'usage' | 'noteDelivered'>, onProblem: ((problem: unknown) => void) | undefined) {
    this.#log = log
    this.#onProblem = onProblem
  }

  /** Learns from the disk of which plants something is parked: at the start, and when somebody else changed the queue. */
  async load (): Promise<void> {
    const asked = this.#timesParked
    try {
      const { plants } = await this.#log.usage()
      this.#plants = new Set(plants.filter(({ parked }) => parked > 0).map(({ plant }) => plant))
      // Only now, so that nothing is passed over while the disk answers.
      for (const [plant, time] of this.#parkedSince) if (time <= asked) this.#parkedSince.delete(plant)
    } catch (problem) {
      this.#onProblem?.(problem)
    }
  }

  /** What the drain parks. */
  readonly listeners: QueueListeners = {
    onSettled: ({ plant, parkedRecords }) => { if (parkedRecords.size > 0) this.noteParked(plant) }
  }

  noteParked (plant: string): void {
    this.#timesParked += 1
    this.#parkedSince.set(plant, this.#timesParked)
  }

  note (push: KeyedBody): void {
    if (!this.#plants.has(push.plant) && !this.#parkedSince.has(push.plant)) return
    if (this.#underWay >= UNDER_WAY_MAX) return
    const records = recordKeys(push)
    if (records === undefined) return
    this.#underWay += 1
    this.#log.noteDelivered(records).catch(problem => { this.#onProblem?.(problem) }).finally(() => { this.#underWay -= 1 })
  }
}
