import fp from 'fastify-plugin'
import type { Plant } from '../plants/plant.js'
import { ProxyError } from '../errors.js'
import type { RateWindows } from './rate-windows.js'

export interface PlantLimitsOptions {
  /** Requests of each plant, all its keys together, on whichever way they come. */
  readonly windows: RateWindows
}

/** What a plant has used of its requests a minute. */
export interface RequestsUse {
  readonly max: number
  readonly remaining: number
  readonly leftMs: number
  readonly isExceeded: boolean
}

const WINDOW_MS = 60_000

/** Counts a request against its plant; undefined when the plant has no limit. */
export function countRequest (windows: RateWindows, { name, policy: { requestsPerMinute: max } }: Plant): RequestsUse | undefined {
  if (max === 0) return undefined
  const { current, leftMs } = windows.count(name, WINDOW_MS)
  return { max, remaining: Math.max(0, max - current), leftMs, isExceeded: current > max }
}

/** The names of the IETF's draft of rate limit headers, in the form that most senders and gateways read. */
export function limitHeaders ({ max, remaining, leftMs }: RequestsUse): Record<string, string> {
  return { 'ratelimit-limit': String(max), 'ratelimit-remaining': String(remaining), 'ratelimit-reset': String(Math.ceil(leftMs / 1000)) }
}

/** Requests a minute of each plant: judged once the key is known and before the body is read. */
export default fp<PlantLimitsOptions>(async (app, { windows }) => {
  app.addHook('preParsing', ({ identity }, reply, _payload, done) => {
    const use = identity === undefined ? undefined : countRequest(windows, identity.plant)
    if (use === undefined) return done()
    reply.headers(limitHeaders(use))
    done(use.isExceeded ? new ProxyError('Throttling.Plant', `The plant sends more than ${use.max} requests a minute; send the push again after Retry-After.`, { retryAfterMs: use.leftMs }) : undefined)
  })
}, { name: 'plant-limits', dependencies: ['authenticate'] })
