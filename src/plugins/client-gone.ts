import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** Aborts when the caller hangs up before it has its answer. */
    clientGone: AbortSignal
  }
}

export default fp(async app => {
  app.decorateRequest('clientGone')
  app.addHook('onRequest', async (request, reply) => {
    const hangUp = new AbortController()
    request.clientGone = hangUp.signal
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) hangUp.abort()
    })
  })
}, { name: 'client-gone' })
