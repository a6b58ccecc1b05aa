import fp from 'fastify-plugin'
import { CATALOGUE, type ErrorCode } from '../errors.js'
import { faultForLog } from './fault-for-log.js'

/** Their own messages may quote the body: a point's name, a device's id, what the cloud repeats of it. */
const QUOTING_CODES: ReadonlySet<ErrorCode> = new Set(['InvalidJson', 'InvalidPush', 'Cloud.Refused'])

/**
 * One line for a request that failed, at the level of whose fault it was; successes only at debug. Never a URL or a header (both can
 * carry a key), never a body.
 */
export default fp(async app => {
  app.addHook('onResponse', async (request, reply) => {
    const { failure } = request
    const [fault] = failure?.faults ?? []
    const line = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url,
      statusCode: reply.statusCode,
      plant: request.identity?.plant.name,
      keyId: request.identity?.key.id,
      address: request.ip,
      bodyBytes: request.heldBytes,
      durationMs: Math.round(reply.elapsedTime),
      ...(failure === undefined ? undefined : { code: failure.refusal?.code ?? failure.code }),
      ...(fault === undefined ? undefined : { fault: faultForLog(fault) })
    }
    if (failure === undefined) return request.log.debug(line, 'answered')
    // A flood must not fill the log as well; address-failures.ts says once a minute who is throttled.
    if (failure.code === 'Throttling.Address') return request.log.debug(line, failure.message)
    if (failure.code === 'InternalError') return request.log.error({ ...line, error: failure.cause }, 'failed')
    if (failure.statusCode >= 500) return request.log.warn({ ...line, error: failure }, failure.message)
    request.log.info(line, QUOTING_CODES.has(failure.code) ? CATALOGUE[failure.code].message : failure.message)
  })
}, { name: 'request-log', dependencies: ['authenticate', 'error-answers', 'raw-body'] })
