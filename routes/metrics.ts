import type { FastifyPluginAsync } from 'fastify'
import type { Registry } from 'prom-client'

export interface MetricsParts {
  readonly metrics: Pick<Registry, 'contentType' | 'metrics'>
}

/** Every number, in the text format of Prometheus. docs/operations.md explains each. */
export const metrics: FastifyPluginAsync<MetricsParts> = async (app, { metrics }) => {
  app.get('/metrics', async (_request, reply) => {
    return await reply.type(metrics.contentType).send(await metrics.metrics())
  })
}
