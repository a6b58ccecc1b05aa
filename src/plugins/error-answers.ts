import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ProxyError } from '../errors.js'
import { errorBody } from './error-body.js'

/** Fastify's own refusals that a sender can cause. By code: the status that an error carries is never trusted. */
const FRAMEWORK_ERRORS: Readonly<Record<string, () => ProxyError>> = {
  FST_ERR_BAD_URL: () => new ProxyError('InvalidRequest', 'The path of the request is not valid; push to /api/v1/data/increment/push.'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => new ProxyError('InvalidRequest', 'The body is shorter or longer than its Content-Length.')
}

/** Turns whatever was thrown into what the caller may learn. Unknown errors are ours: nothing is told but the request id. */
export function toProxyError (error: unknown): ProxyError {
  if (error instanceof ProxyError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return FRAMEWORK_ERRORS[code]?.() ?? new ProxyError('InternalError', undefined, { cause: error })
}

/** The one place that turns an error into an answer. */
export function sendError (error: ProxyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.failure = error
  // What the framework itself refuses never met the hook below.
  reply.header('x-request-id', request.id)
  reply.code(error.statusCode)
  reply.headers(errorHeaders(error))
  return reply.send(errorBody(error, request.id))
}

/** What an error says in headers. */
export function errorHeaders ({ allow, retryAfterMs, refusal }: ProxyError): Record<string, string> {
  const headers: Record<string, string> = {}
  if (allow !== undefined) headers['allow'] = allow
  if (retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs / 1000)))
    headers['x-acs-retry-after'] = String(Math.max(1, Math.ceil(retryAfterMs)))
  }
  if (refusal?.requestId !== undefined) headers['x-cloud-request-id'] = refusal.requestId
  return headers
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What went wrong, for the log line of this request. */
    failure: ProxyError | undefined
  }
}

export default fp(async app => {
  app.decorateRequest('failure', undefined)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  app.setErrorHandler<FastifyError>((error, request, reply) => sendError(toProxyError(error), request, reply))
}, { name: 'error-answers' })
