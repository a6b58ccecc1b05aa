import type {} from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'

/** A few bytes for a load balancer, and for whoever opens the address in a browser to see that it answers. */
export const root: FastifyPluginAsync = async app => {
  app.get('/', { exposeHeadRoute: true, schema: { operationId: 'root', hide: true } }, async (_request, reply) => {
    return await reply.type('text/plain; charset=utf-8').send('energy-expert-proxy\n')
  })
}
