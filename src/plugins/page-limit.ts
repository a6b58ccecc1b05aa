import '@fastify/rate-limit'
import type { FastifyPluginAsync } from 'fastify'
import { addressGroup } from '../address-group.js'
import { ProxyError } from '../errors.js'
import { inPieces, PIECE_BYTES } from './in-pieces.js'

export interface PageLimitOptions {
  /** Requests of one address in a minute. */
  readonly pagesPerMinuteMax: number
  /** What anybody may read without a key. */
  readonly pages: readonly FastifyPluginAsync[]
}

/** Pages need no key, and are large: they are for people, and nobody reads so many in a minute. */
export const pageLimit: FastifyPluginAsync<PageLimitOptions> = async (app, { pagesPerMinuteMax, pages }) => {
  const count = app.createRateLimit({ max: pagesPerMinuteMax, timeWindow: 60_000, keyGenerator: ({ ip }) => addressGroup(ip) })
  app.addHook('onRequest', async request => {
    const limit = await count(request)
    if (!limit.isAllowed && limit.isExceeded) throw new ProxyError('Throttling.Address', 'Too many pages were asked for from this address; wait.', { retryAfterMs: limit.ttl })
  })
  app.addHook('onSend', async (_request, reply, payload) => {
    if (!Buffer.isBuffer(payload) || payload.length <= PIECE_BYTES) return payload
    reply.header('content-length', payload.length)
    return inPieces(payload)
  })
  for (const page of pages) await app.register(page)
}
