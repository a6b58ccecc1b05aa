import fp from 'fastify-plugin'
import type { Clock } from '../clock.js'

export interface AdminLogOptions {
  readonly clock: Clock
}

const MINUTE_MS = 60_000
/** Whoever tries tokens in a loop must not fill the disk with lines. */
const REFUSALS_PER_MINUTE_MAX = 30

/** One line for a request of the admin port that failed. A probe that learns "not ready" is no failure: its reasons are logged where they begin. */
export default fp<AdminLogOptions>(async (app, { clock }) => {
  let minute = 0
  let refusals = 0

  function isTooMany (): boolean {
    const now = Math.floor(clock.monotonicMs() / MINUTE_MS)
    refusals = now === minute ? refusals + 1 : 1
    minute = now
    return refusals > REFUSALS_PER_MINUTE_MAX
  }

  app.addHook('onResponse', async (request, reply) => {
    const { failure } = request
    if (failure === undefined) return
    const line = { requestId: request.id, port: 'admin', method: request.method, route: request.routeOptions.url, statusCode: reply.statusCode, address: request.ip, code: failure.code }
    if (failure.code === 'InternalError') request.log.error({ ...line, error: failure.cause }, 'failed')
    else if (isTooMany()) request.log.debug(line, failure.message)
    else request.log.info(line, refusals === REFUSALS_PER_MINUTE_MAX ? `${failure.message} (More of this minute are not logged.)` : failure.message)
  })
}, { name: 'admin-log', dependencies: ['error-answers'] })
