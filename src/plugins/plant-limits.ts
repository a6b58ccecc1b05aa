import '@fastify/rate-limit'
import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.js'

/** Requests a minute of each plant, all its keys together: judged once the key is known and before the body is read. */
export default fp(async app => {
  const count = app.createRateLimit({
    timeWindow: 60_000,
    keyGenerator: ({ identity }) => identity?.plant.name ?? '',
    max: ({ identity }) => identity?.plant.policy.requestsPerMinute ?? 0
  })

  app.addHook('preParsing', (request, reply, _payload, done) => {
    const { identity } = request
    if (identity === undefined || identity.plant.policy.requestsPerMinute === 0) done()
    else judge(request, reply).then(() => { done() }, done)
  })

  async function judge (request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const limit = await count(request)
    if (limit.isAllowed) return
    // The names of the IETF's draft of rate limit headers, in the form that most senders and gateways read.
    reply.headers({ 'ratelimit-limit': String(limit.max), 'ratelimit-remaining': String(limit.remaining), 'ratelimit-reset': String(limit.ttlInSeconds) })
    if (limit.isExceeded) {
      throw new ProxyError('Throttling.Plant', `The plant sends more than ${limit.max} requests a minute; send the push again after Retry-After.`, { retryAfterMs: limit.ttl })
    }
  }
}, { name: 'plant-limits', dependencies: ['@fastify/rate-limit', 'authenticate'] })
