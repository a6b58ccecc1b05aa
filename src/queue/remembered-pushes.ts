import type { Clock } from '../clock.js'
import type { Delivery } from './deliver.js'
import type { RepeatKey } from './repeat-key.js'

/** A push that was delivered or stored, and by what its repeats are known. */
export interface RememberedPush {
  readonly requestId: string
  readonly plant: string
  readonly receivedAtMs: number
  readonly repeatKey: RepeatKey
  readonly delivery: Delivery
}

interface Kept extends RememberedPush {
  /** By the monotonic clock: setting the machine's neither forgets a push nor keeps it for years. */
  readonly endsAtMs: number
}

export interface RememberedPushesParts {
  readonly clock: Clock
  readonly windowMs: number
  /** Of all plants together; default 100,000. */
  readonly pushesMax?: number
}

/** About 45 MB. */
const PUSHES_MAX = 100_000
/** How many pushes come between two looks for those whose time is over. */
const SWEEP_EVERY = 1000

/**
 * Pushes by their repeat keys, for a time and up to a number. Where there are too many, the plant that has most loses
 * its oldest, so that none is forgotten for what another sends.
 */
export class RememberedPushes {
  readonly windowMs: number
  readonly pushesMax: number
  readonly #clock: Clock
  /** In each the oldest first, for a Map keeps the order of insertion. */
  readonly #ofPlant = new Map<string, Map<string, Kept>>()
  #count = 0
  #added = 0

  constructor ({ clock, windowMs, pushesMax = PUSHES_MAX }: RememberedPushesParts) {
    this.#clock = clock
    this.windowMs = windowMs
    this.pushesMax = pushesMax
  }

  find (plant: string, key: string): RememberedPush | undefined {
    const found = this.#ofPlant.get(plant)?.get(key)
    return found === undefined || this.#isOver(found) ? undefined : found
  }

  add (push: RememberedPush): void {
    const { plant, repeatKey: { key } } = push
    const pushes = this.#ofPlant.get(plant) ?? new Map<string, Kept>()
    if (pushes.delete(key)) this.#count -= 1
    pushes.set(key, { ...push, endsAtMs: this.#endOf(push) })
    this.#count += 1
    this.#ofPlant.set(plant, pushes)
    this.#added += 1
    if (this.#count > this.pushesMax || this.#added % SWEEP_EVERY === 0) this.#sweep()
  }

  /** Those of a plant that were lost since: their repeats are to be sent. */
  forget (plant: string, requestIds: readonly string[]): void {
    const pushes = this.#ofPlant.get(plant)
    if (pushes === undefined) return
    const lost = new Set(requestIds)
    for (const [key, { requestId }] of [...pushes]) {
      if (lost.has(requestId)) this.#delete(plant, pushes, key)
    }
  }

  clear (): void {
    this.#ofPlant.clear()
    this.#count = 0
  }

  /** How old it is by now only the machine's clock can tell: it may be of another process. */
  #endOf ({ receivedAtMs }: RememberedPush): number {
    const ageMs = Math.max(0, this.#clock.now() - receivedAtMs)
    return this.#clock.monotonicMs() + this.windowMs - ageMs
  }

  #isOver ({ endsAtMs }: Kept): boolean {
    return this.#clock.monotonicMs() >= endsAtMs
  }

  #sweep (): void {
    for (const [plant, pushes] of [...this.#ofPlant]) {
      for (const [key, push] of pushes) {
        if (!this.#isOver(push)) break
        this.#delete(plant, pushes, key)
      }
    }
    while (this.#count > this.pushesMax) this.#thinOut()
  }

  /** Many at a time: to find the first key of a Map from which many were deleted takes 75 us. */
  #thinOut (): void {
    const [plant, pushes] = [...this.#ofPlant].reduce((most, each) => each[1].size > most[1].size ? each : most)
    let left = Math.ceil(this.pushesMax / 100)
    for (const key of pushes.keys()) {
      if (left-- === 0) break
      this.#delete(plant, pushes, key)
    }
  }

  #delete (plant: string, pushes: Map<string, RememberedPush>, key: string): void {
    if (pushes.delete(key)) this.#count -= 1
    // Names of plants come and go as well.
    if (pushes.size === 0) this.#ofPlant.delete(plant)
  }
}
