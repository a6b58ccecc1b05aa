import fp from 'fastify-plugin'
import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import type { Connections } from './connections.js'

export interface ShuttingDownOptions {
  readonly clock: Clock
  readonly connections: Connections
}

/** Whoever has begun to send a request gets so long for its headers, to hear that the proxy ends. */
const BEGUN_GRACE_MS = 500
const RETRY_AFTER_MS = 1_000

/**
 * From the call of close(): idle connections end at once, what comes on the others is told to come again, and each answer is the
 * last of its connection. What was under way is finished.
 */
export default fp<ShuttingDownOptions>(async (app, { clock, connections }) => {
  let isShuttingDown = false

  app.addHook('preClose', async () => {
    isShuttingDown = true
    connections.endIdle({ begunToo: false })
    clock.after(BEGUN_GRACE_MS, () => { connections.endIdle({ begunToo: true }) })
  })

  app.addHook('onRequest', (_request, _reply, done) => {
    done(isShuttingDown ? new ProxyError('ShuttingDown', undefined, { retryAfterMs: RETRY_AFTER_MS }) : undefined)
  })

  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isShuttingDown) reply.header('connection', 'close')
    done()
  })
}, { name: 'shutting-down', dependencies: ['error-answers'] })
