import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborts when the caller hangs up, or closes its sending side, before it has its answer. */
    clientGone: AbortSignal
  }
}

/** One for all: without a reason each abort makes an exception with its stack, which a flood of hang-ups pays for. */
const HUNG_UP = new Error('The sender hung up.')

/**
 * Tells when a sender is gone. One that only closes its sending side (`nc -N`, some modems) looks from here like one that hung up,
 * until something is written to it: whoever must not work for nobody stops, and the answer is written all the same.
 */
export default fp(async app => {
  // By itself Node answers nobody who closed its sending side. The switch is old and stable, and stands in no document and no type.
  Object.assign(app.server, { httpAllowHalfOpen: true })
  const waitingOn = new WeakMap<Socket, Set<AbortController>>()

  /** One listener a socket, since pipelined requests share theirs. */
  function waitersOf (socket: Socket): Set<AbortController> {
    const known = waitingOn.get(socket)
    if (known !== undefined) return known
    const waiting = new Set<AbortController>()
    waitingOn.set(socket, waiting)
    socket.once('end', () => { for (const hangUp of waiting) hangUp.abort(HUNG_UP) })
    return waiting
  }

  app.decorateRequest('clientGone')
  app.addHook('onRequest', async (request, reply) => {
    const hangUp = new AbortController()
    request.clientGone = hangUp.signal
    const waiting = waitersOf(request.raw.socket)
    waiting.add(hangUp)
    if (request.raw.socket.readableEnded) hangUp.abort(HUNG_UP)
    reply.raw.once('close', () => {
      waiting.delete(hangUp)
      if (!reply.raw.writableFinished) hangUp.abort(HUNG_UP)
    })
  })
}, { name: 'client-gone' })
