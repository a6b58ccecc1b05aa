import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'

const AliveSchema = Type.Object({ status: Type.Literal('alive') })

/** Whether the process answers at all: for whoever restarts it. Never needs a token. */
export const livez: FastifyPluginAsync = async app => {
  app.get('/livez', { config: { needsToken: false }, schema: { response: { 200: AliveSchema } } }, async (_request, reply) => {
    return await reply.send({ status: 'alive' })
  })
}
