import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'

type OnClosed = (request: FastifyRequest, reply: FastifyReply) => void

declare module 'fastify' {
  interface FastifyInstance {
    /** From now on tells of each request when its connection is done with it: its answer is out, or the line broke. In the order of the calls. */
    whenClosed: (onClosed: OnClosed) => void
  }
}

/** Not onResponse hooks: those never hear of a connection that broke. One listener a request for all that want to know. */
export default fp(async app => {
  const told: OnClosed[] = []
  app.decorate('whenClosed', onClosed => { told.push(onClosed) })
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', () => { for (const onClosed of told) onClosed(request, reply) })
    done()
  })
}, { name: 'when-closed' })
