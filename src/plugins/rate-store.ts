import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { Clock } from '../clock.js'

interface Window {
  current: number
  readonly startMs: number
}

/** So many senders are remembered by each limit; a flood from more of them makes it forget the one that was heard longest ago. */
const SENDERS_MAX = 5_000

/**
 * Where @fastify/rate-limit counts. Its own store asks the machine's clock: set back by an hour, a plant that had reached its limit
 * would hear 429 for an hour.
 */
export function createRateStore (clock: Clock, sendersMax = SENDERS_MAX): FastifyRateLimitStoreCtor {
  return class RateStore implements FastifyRateLimitStore {
    readonly #windows = new Map<string, Window>()

    incr (key: string, callback: (error: Error | null, result?: { current: number, ttl: number }) => void, windowMs: number): void {
      const nowMs = clock.monotonicMs()
      const known = this.#windows.get(key)
      const window = known === undefined || known.startMs + windowMs <= nowMs ? { current: 0, startMs: nowMs } : known
      window.current++
      // Written anew, so that the map's first entry is the one that was heard longest ago.
      this.#windows.delete(key)
      this.#windows.set(key, window)
      const [oldest] = this.#windows.keys()
      if (this.#windows.size > sendersMax && oldest !== undefined) this.#windows.delete(oldest)
      callback(null, { current: window.current, ttl: Math.ceil(window.startMs + windowMs - nowMs) })
    }

    /** Each limit counts by itself. */
    child (): RateStore {
      return new RateStore()
    }
  }
}
