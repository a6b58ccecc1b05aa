import type { FastifyBaseLogger } from 'fastify'
import fp from 'fastify-plugin'
import { CATALOGUE, type ErrorCode, type ProxyError } from '../errors.js'
import type { Identity } from '../plants/registry.js'
import { faultForLog } from './fault-for-log.js'

/** Their own messages may quote the body: a point's name, a device's id, what the cloud repeats of it. */
const QUOTING_CODES: ReadonlySet<ErrorCode> = new Set(['InvalidJson', 'InvalidPush', 'Cloud.Refused'])

const TELLS_SUCCESSES: ReadonlySet<string> = new Set(['debug', 'trace'])

/** A request that was answered. */
export interface AnsweredRequest {
  readonly requestId: string
  readonly method: string
  readonly route: string | undefined
  readonly statusCode: number
  readonly identity: Identity | undefined
  readonly address: string
  readonly bodyBytes: number
  readonly durationMs: number
  readonly failure: ProxyError | undefined
}

/**
 * One line for a request that failed, at the level of whose fault it was; successes only at debug. Never a URL or a header (both can
 * carry a key), never a body.
 */
export function logAnswered (logger: FastifyBaseLogger, { requestId, method, route, statusCode, identity, address, bodyBytes, durationMs, failure }: AnsweredRequest): void {
  // Nearly all of them, and nearly always nobody wants to know.
  if (failure === undefined && !TELLS_SUCCESSES.has(logger.level)) return
  const [fault] = failure?.faults ?? []
  const line = {
    requestId,
    method,
    route,
    statusCode,
    plant: identity?.plant.name,
    keyId: identity?.key.id,
    address,
    bodyBytes,
    durationMs: Math.round(durationMs),
    ...(failure === undefined ? undefined : { code: failure.refusal?.code ?? failure.code }),
    ...(fault === undefined ? undefined : { fault: faultForLog(fault) })
  }
  if (failure === undefined) return logger.debug(line, 'answered')
  // A flood must not fill the log as well; address-failures.ts says once a minute who is throttled.
  if (failure.code === 'Throttling.Address') return logger.debug(line, failure.message)
  if (failure.code === 'InternalError') return logger.error({ ...line, error: failure.cause }, 'failed')
  if (failure.statusCode >= 500) return logger.warn({ ...line, error: failure }, failure.message)
  logger.info(line, QUOTING_CODES.has(failure.code) ? CATALOGUE[failure.code].message : failure.message)
}

export default fp(async app => {
  app.addHook('onResponse', async (request, { statusCode, elapsedTime: durationMs }) => {
    const { id: requestId, method, routeOptions: { url: route }, identity, ip: address, heldBytes: bodyBytes, failure } = request
    logAnswered(request.log, { requestId, method, route, statusCode, identity, address, bodyBytes, durationMs, failure })
  })
}, { name: 'request-log', dependencies: ['authenticate', 'error-answers', 'raw-body'] })
