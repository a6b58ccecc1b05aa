import fp from 'fastify-plugin'
import { redactError } from '../redact.js'

/** One line for a request of the admin port that failed. A probe that learns "not ready" is no failure: its reasons are logged where they begin. */
export default fp(async app => {
  app.addHook('onResponse', async (request, reply) => {
    const { failure } = request
    if (failure === undefined) return
    const line = { requestId: request.id, port: 'admin', method: request.method, route: request.routeOptions.url, statusCode: reply.statusCode, address: request.ip, code: failure.code }
    if (failure.code === 'InternalError') request.log.error({ ...line, error: redactError(failure.cause) }, 'failed')
    else request.log.info(line, failure.message)
  })
}, { name: 'admin-log', dependencies: ['error-answers'] })
