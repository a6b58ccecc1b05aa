import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { Clock } from '../clock.js'
import { RateWindows } from './rate-windows.js'

/**
 * Where @fastify/rate-limit counts. Its own store asks the machine's clock: set back by an hour, a sender that had reached its limit
 * would hear 429 for an hour.
 */
export function createRateStore (clock: Clock, sendersMax?: number): FastifyRateLimitStoreCtor {
  return class RateStore implements FastifyRateLimitStore {
    readonly #windows = new RateWindows(clock, sendersMax)

    incr (key: string, callback: (error: Error | null, result?: { current: number, ttl: number }) => void, windowMs: number): void {
      const { current, leftMs } = this.#windows.count(key, windowMs)
      callback(null, { current, ttl: leftMs })
    }

    /** Each limit counts by itself. */
    child (): RateStore {
      return new RateStore()
    }
  }
}
