import '@fastify/rate-limit'
import fp from 'fastify-plugin'
import { addressGroup } from '../address-group.js'
import type { Clock } from '../clock.js'
import type { EndSignal } from '../end-signal.js'
import { ProxyError } from '../errors.js'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Counts a request that shows no right to be here against its address.
     * @throws {ProxyError} Throttling.Address when its address caused too many of them
     */
    countFailure: (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  }
}

export interface AddressFailuresOptions {
  readonly clock: Clock
  readonly failuresPerMinuteMax: number
  readonly throttledDelayMs: number
}

/** So many answers wait at once; those above are answered at once, and their connections end. */
const WAITING_MAX = 512
/** Each that waits already lets the next wait so much longer: those who were answered together would come again together. */
const SPREAD_MS = 2

/**
 * Only failures are counted, so a valid key is never slowed by its neighbours behind the same address. From the bound on the
 * answer waits a moment: whoever tries again in a loop then costs a few requests a second, not a core.
 */
export default fp<AddressFailuresOptions>(async (app, { clock, failuresPerMinuteMax, throttledDelayMs }) => {
  const count = app.createRateLimit({ max: failuresPerMinuteMax, timeWindow: 60_000, keyGenerator: ({ ip }) => addressGroup(ip) })
  const waiting = new Set<() => void>()

  async function wait (clientGone: EndSignal): Promise<void> {
    if (clientGone.aborted) return
    await new Promise<void>(resolve => {
      const spreadMs = throttledDelayMs === 0 ? 0 : SPREAD_MS * waiting.size
      const stop = clock.after(throttledDelayMs + spreadMs, end)
      function end (): void {
        stop()
        waiting.delete(end)
        clientGone.removeEventListener('abort', end)
        resolve()
      }
      waiting.add(end)
      clientGone.addEventListener('abort', end)
    })
  }

  app.decorate('countFailure', async (request, reply) => {
    const limit = await count(request)
    if (limit.isAllowed) return
    if (limit.remaining === 0 && !limit.isExceeded) {
      request.log.warn({ address: request.ip }, 'This address causes too many failures; until the minute is over it hears 429, which is not logged.')
    }
    if (!limit.isExceeded) return
    if (waiting.size < WAITING_MAX) await wait(request.clientGone)
    else reply.header('connection', 'close')
    throw new ProxyError('Throttling.Address', undefined, { retryAfterMs: limit.ttl })
  })

  app.addHook('preClose', async () => {
    for (const end of waiting) end()
  })
}, { name: 'address-failures', dependencies: ['@fastify/rate-limit', 'client-gone'] })
