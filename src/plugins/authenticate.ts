import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.js'
import type { Identity, Registry } from '../plants/registry.js'
import { findSentKey } from './sent-keys.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** An onRequest hook: judges the key and the sender's address before a byte of the body is read. */
    authenticate: (request: FastifyRequest) => Promise<void>
  }
  interface FastifyRequest {
    /** Who sends; only behind `app.authenticate`. */
    identity: Identity | undefined
  }
}

export interface AuthenticateOptions {
  readonly registry: Registry
  /** Failures that one address may cause in a minute before it hears 429 in place of 401. */
  readonly failuresPerMinuteMax: number
}

export default fp<AuthenticateOptions>(async (app, { registry, failuresPerMinuteMax }) => {
  const countFailure = app.createRateLimit({ max: failuresPerMinuteMax, timeWindow: 60_000 })
  app.decorateRequest('identity', undefined)

  /** Only failures are counted, so a valid key is never slowed by its neighbours behind the same address. */
  async function refuse (request: FastifyRequest): Promise<never> {
    const limit = await countFailure(request)
    if (!limit.isAllowed && limit.isExceeded) throw new ProxyError('Throttling.Address', undefined, { retryAfterMs: limit.ttl })
    throw new ProxyError('InvalidKey')
  }

  app.decorate('authenticate', async request => {
    const sent = findSentKey({ headers: request.headers, pathKey: pathKey(request), queryKeys: queryKeys(request) })
    const identity = sent === undefined ? undefined : registry.identify(sent.key)
    if (sent === undefined || identity === undefined || (sent.inUrl && !identity.key.inUrl)) return await refuse(request)
    if (!registry.allows(identity.key, request.ip)) throw new ProxyError('Forbidden.Address')
    request.identity = identity
  })
}, { name: 'authenticate', dependencies: ['@fastify/rate-limit'] })

function pathKey ({ params }: FastifyRequest): string | undefined {
  return typeof params === 'object' && params !== null && 'key' in params ? String(params.key) : undefined
}

function queryKeys ({ query }: FastifyRequest): string[] {
  return typeof query === 'object' && query !== null && 'api_key' in query ? [query.api_key].flat().map(String) : []
}
