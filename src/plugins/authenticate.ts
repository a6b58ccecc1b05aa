import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProxyError } from '../errors.js'
import type { Identity, Registry } from '../plants/registry.js'
import { findSentKey } from './sent-keys.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** An onRequest hook: judges the key and the sender's address before a byte of the body is read. */
    authenticate: (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void
  }
  interface FastifyRequest {
    /** Who sends; only behind `app.authenticate`. */
    identity: Identity | undefined
  }
}

export interface AuthenticateOptions {
  readonly registry: Registry
}

export default fp<AuthenticateOptions>(async (app, { registry }) => {
  app.decorateRequest('identity', undefined)

  async function refuse (request: FastifyRequest, reply: FastifyReply, code: 'InvalidKey' | 'Forbidden.Address'): Promise<never> {
    await app.countFailure(request, reply)
    throw new ProxyError(code)
  }

  /** @returns why it is refused */
  function judge (request: FastifyRequest): 'InvalidKey' | 'Forbidden.Address' | undefined {
    const sent = findSentKey({ headers: request.headers, rawHeaders: request.raw.rawHeaders, pathKey: pathKey(request), queryKeys: queryKeys(request) })
    const identity = sent === undefined ? undefined : registry.identify(sent.key)
    if (sent === undefined || identity === undefined || (sent.inUrl && !identity.key.inUrl)) return 'InvalidKey'
    if (!registry.allows(identity.key, request.ip)) return 'Forbidden.Address'
    request.identity = identity
    return undefined
  }

  app.decorate('authenticate', (request, reply, done) => {
    const reason = judge(request)
    if (reason === undefined) done()
    else refuse(request, reply, reason).catch(done)
  })
}, { name: 'authenticate', dependencies: ['address-failures'] })

function pathKey ({ params }: FastifyRequest): string | undefined {
  return typeof params === 'object' && params !== null && 'key' in params ? String(params.key) : undefined
}

function queryKeys ({ query }: FastifyRequest): string[] {
  return typeof query === 'object' && query !== null && 'api_key' in query ? [query.api_key].flat().map(String) : []
}
