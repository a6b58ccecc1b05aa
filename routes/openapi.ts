import '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'

/** The contract as an OpenAPI document, for whoever generates a client from it. */
export const openapi: FastifyPluginAsync = async app => {
  // Made when it is first asked for: most proxies are never asked, and all of them want to be up soon.
  let document: Buffer | undefined

  app.get('/openapi.json', { schema: { operationId: 'openapi', hide: true } }, async (_request, reply) => {
    // It changes with the version alone, but a minute is what somebody who updates is willing to wait.
    return await reply.header('cache-control', 'public, max-age=60').type('application/json; charset=utf-8').send(document ??= Buffer.from(JSON.stringify(app.swagger())))
  })
}
