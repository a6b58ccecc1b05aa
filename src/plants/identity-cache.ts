import type { Clock } from '../clock.js'
import type { PlantsStore } from '../store/plants-store.js'
import { toApiKey, type ApiKey } from './api-key.js'
import { toPlant, type Plant } from './plant.js'

/** Who sends: a plant, by one of its keys. */
export interface Identity {
  readonly plant: Plant
  readonly key: ApiKey
}

/** A key that is stored, whether good or not, with what proves it. */
export interface KnownKey extends Identity {
  readonly hash: Uint8Array
}

export interface IdentityCacheParts {
  readonly store: PlantsStore
  readonly clock: Clock
  readonly onProblem: (problem: unknown) => void
  /** How many keys are kept in memory. Default 10,000, which took 10 MB, and 14 with a network each. */
  readonly entriesMax?: number
  /** How often to look whether another process has changed something. Default 250. */
  readonly pollMs?: number
}

/**
 * Keys by id, read once and kept until anything in the database changes, so that what another process does takes effect
 * here within `pollMs`. Unknown ids are not kept: a flood of them costs one look-up by primary key each, and no memory.
 */
export class IdentityCache {
  readonly #store: PlantsStore
  readonly #clock: Clock
  readonly #onProblem: (problem: unknown) => void
  readonly #entriesMax: number
  readonly #pollMs: number
  /** Once half of the room is taken, in the order of their last use, for a Map keeps the order of insertion. */
  readonly #known = new Map<string, KnownKey>()
  /** The one that was used last: it stands at the end. */
  #latest: string | undefined
  readonly #plants = new Map<string, Plant>()
  #failing = false
  #cancelPoll = (): void => {}

  constructor ({ store, clock, onProblem, entriesMax = 10_000, pollMs = 250 }: IdentityCacheParts) {
    this.#store = store
    this.#clock = clock
    this.#onProblem = onProblem
    this.#entriesMax = entriesMax
    this.#pollMs = pollMs
    // From here on every commit of another process counts as a change.
    store.changed()
    this.#schedule()
  }

  /**
   * @param mayBeKey whether the database is asked for an id that is not in memory
   * @throws StoreError when the database fails, and an Error when it holds something that this version cannot serve
   */
  find (id: string, mayBeKey: () => boolean): KnownKey | undefined {
    const held = this.#known.get(id)
    // As long as there is room for as many again, nobody asks which was used last.
    if (held !== undefined && (id === this.#latest || this.#known.size * 2 < this.#entriesMax)) return held
    const known = held ?? (mayBeKey() ? this.#read(id) : undefined)
    if (known === undefined) return undefined
    this.#latest = id
    this.#known.delete(id)
    this.#known.set(id, known)
    if (this.#known.size > this.#entriesMax) {
      const [longestUnused] = this.#known.keys()
      if (longestUnused !== undefined) this.#known.delete(longestUnused)
    }
    return known
  }

  clear (): void {
    this.#latest = undefined
    this.#known.clear()
    this.#plants.clear()
  }

  close (): void {
    this.#cancelPoll()
    this.clear()
  }

  #read (id: string): KnownKey | undefined {
    const row = this.#store.findKey(id)
    if (row === undefined) return undefined
    const plant = this.#readPlant(row.plant)
    return plant === undefined ? undefined : { hash: row.hash, key: toApiKey(row), plant }
  }

  /** Keys of one plant share it. `undefined` when another process removed plant and key since the key was read. */
  #readPlant (name: string): Plant | undefined {
    const known = this.#plants.get(name)
    if (known !== undefined) return known
    const row = this.#store.findPlant(name)
    if (row === undefined) return undefined
    const plant = toPlant(row)
    this.#plants.set(name, plant)
    return plant
  }

  #schedule (): void {
    this.#cancelPoll = this.#clock.after(this.#pollMs, () => {
      this.#poll()
      this.#schedule()
    })
  }

  #poll (): void {
    try {
      if (this.#store.changed()) this.clear()
      this.#failing = false
    } catch (problem) {
      // What was revoked cannot be known any more, so what is in memory may not be believed either.
      this.clear()
      if (!this.#failing) this.#onProblem(problem)
      this.#failing = true
    }
  }
}
