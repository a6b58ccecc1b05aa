import type { Clock } from '../clock.js'

/** What became of the wish to send so many points now. */
export type PointsTaken =
  /** They are there after the delay, 0 for now: until then the push is kept. */
  | { readonly kind: 'taken', readonly delayMs: number }
  /** So many will be there after the wait, which is the sender's. */
  | { readonly kind: 'wait', readonly waitMs: number }
  /** More than there can ever be at once. */
  | { readonly kind: 'above-burst', readonly burstPoints: number }

interface Bucket {
  /** Points times MINUTE_MS, so that what a millisecond adds is a whole number. Below 0: points that were promised ahead. */
  credit: number
  readonly atMs: number
}

const MINUTE_MS = 60_000

/**
 * One token bucket a plant: it holds the points of one minute and fills evenly, so that a plant that was silent for a
 * minute may send a minute's points in one push.
 */
export class PointsBuckets {
  readonly #clock: Clock
  readonly #plantsMax: number
  readonly #buckets = new Map<string, Bucket>()

  /** @param plantsMax so many plants are remembered; beyond it the one whose last push is oldest starts with a full bucket again */
  constructor (clock: Clock, plantsMax = 10_000) {
    this.#clock = clock
    this.#plantsMax = plantsMax
  }

  /**
   * Takes the points or leaves them all: a push is never split.
   * @param aheadPoints so many may be taken before they are there
   */
  take (plantName: string, pointsPerMinute: number, points: number, aheadPoints = 0): PointsTaken {
    if (points > pointsPerMinute) return { kind: 'above-burst', burstPoints: pointsPerMinute }
    const bucket = this.#fill(plantName, pointsPerMinute)
    const missing = points * MINUTE_MS - bucket.credit
    const beyond = missing - aheadPoints * MINUTE_MS
    if (beyond > 0) return { kind: 'wait', waitMs: Math.ceil(beyond / pointsPerMinute) }
    bucket.credit = -missing
    return { kind: 'taken', delayMs: Math.max(0, Math.ceil(missing / pointsPerMinute)) }
  }

  #fill (plantName: string, pointsPerMinute: number): Bucket {
    const nowMs = this.#clock.monotonicMs()
    const creditMax = pointsPerMinute * MINUTE_MS
    const { credit, atMs } = this.#buckets.get(plantName) ?? { credit: creditMax, atMs: nowMs }
    // A limit that was lowered since takes what is above it, and forgives what is promised beyond it.
    const filled = { credit: Math.max(-creditMax, Math.min(creditMax, credit + (nowMs - atMs) * pointsPerMinute)), atMs: nowMs }
    // Written anew, so that the map's first entry is the plant that pushed longest ago.
    this.#buckets.delete(plantName)
    this.#buckets.set(plantName, filled)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > this.#plantsMax && oldest !== undefined) this.#buckets.delete(oldest)
    return filled
  }
}
