import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import { EndSwitch, type EndSignal } from '../end-signal.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborts when the caller hangs up, or closes its sending side, before it has its answer. */
    clientGone: EndSignal
  }
}

/**
 * Tells when a sender is gone. One that only closes its sending side (`nc -N`, some modems) looks from here like one that hung up,
 * until something is written to it: whoever must not work for nobody stops, and the answer is written all the same.
 */
export default fp(async app => {
  // By itself Node answers nobody who closed its sending side. The switch is old and stable, and stands in no document and no type.
  Object.assign(app.server, { httpAllowHalfOpen: true })
  const waitingOn = new WeakMap<Socket, Set<EndSwitch>>()

  /** One listener a socket, since pipelined requests share theirs. */
  function waitersOf (socket: Socket): Set<EndSwitch> {
    const known = waitingOn.get(socket)
    if (known !== undefined) return known
    const waiting = new Set<EndSwitch>()
    waitingOn.set(socket, waiting)
    socket.once('end', () => { for (const hangUp of waiting) hangUp.end() })
    return waiting
  }

  app.decorateRequest('clientGone')
  app.addHook('onRequest', (request, _reply, done) => {
    const hangUp = new EndSwitch()
    request.clientGone = hangUp
    waitersOf(request.raw.socket).add(hangUp)
    if (request.raw.socket.readableEnded) hangUp.end()
    done()
  })
  app.whenClosed(({ clientGone, raw }, reply) => {
    if (!(clientGone instanceof EndSwitch)) return
    waitersOf(raw.socket).delete(clientGone)
    if (!reply.raw.writableFinished) clientGone.end()
  })
}, { name: 'client-gone', dependencies: ['when-closed'] })
