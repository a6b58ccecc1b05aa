import type { FastifyPluginAsync } from 'fastify'
import '../src/plugins/openapi.js'

/** The contract as an OpenAPI document, for whoever generates a client from it. */
export const openapi: FastifyPluginAsync = async app => {
  let document: Buffer | undefined

  app.get('/openapi.json', { schema: { operationId: 'openapi', hide: true } }, async (_request, reply) => {
    document ??= Buffer.from(JSON.stringify(await app.openapiDocument()))
    // It changes with the version alone, but a minute is what somebody who updates is willing to wait.
    return await reply.header('cache-control', 'public, max-age=60').type('application/json; charset=utf-8').send(document)
  })
}
