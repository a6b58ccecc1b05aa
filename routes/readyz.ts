import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import type { Health } from '../src/health.js'

const DetailsSchema = Type.Record(Type.String(), Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()])))
const ReadySchema = Type.Object({ status: Type.Literal('ready'), details: DetailsSchema })
const NotReadySchema = Type.Object({
  status: Type.Literal('not-ready'),
  reasons: Type.Array(Type.Object({ check: Type.String(), message: Type.String() })),
  details: DetailsSchema
})

export interface ReadyzParts {
  readonly health: Health
}

/** Whether pushes may be sent here now, and if not, why: for whoever routes traffic. Never needs a token. */
export const readyz: FastifyPluginAsync<ReadyzParts> = async (app, { health }) => {
  app.get('/readyz', { config: { needsToken: false }, schema: { response: { 200: ReadySchema, 503: NotReadySchema } } }, async (_request, reply) => {
    const { ready, reasons, details } = await health.report()
    if (ready) return await reply.send({ status: 'ready', details })
    return await reply.code(503).send({ status: 'not-ready', reasons, details })
  })
}
