import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { DeliveredSchema, DryRunSchema, ErrorAnswerSchema } from '../src/contract/answers.js'
import { encodePush } from '../src/contract/encode-push.js'
import { PushSchema } from '../src/contract/push.js'
import { ProxyError } from '../src/errors.js'
import { readPush, type Repairs } from '../src/intake/read-push.js'
import type { Identity } from '../src/plants/registry.js'
import { checkScope } from '../src/plants/scope.js'
import type { Deliver } from '../src/queue/deliver.js'
import type { Preview } from '../src/relay/preview.js'

export interface PushDeviceDataParts {
  readonly deliver: Deliver
  /** Shows what would be sent; for `X-Dry-Run: true`. */
  readonly preview: Preview
}

/** The contract of PushDeviceData, and the same at a short path for devices whose whole path has 50 bytes. */
export const pushDeviceData: FastifyPluginAsync<PushDeviceDataParts> = async (app, { deliver, preview }) => {
  async function answer (request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { plant, key } = identityOf(request)
    const { push, repairs } = readPush(bytesOf(request.body), plant.policy)
    const outOfScope = checkScope(key, push)
    if (outOfScope.length > 0) throw new ProxyError('Forbidden.Device', undefined, { faults: outOfScope })
    if (repairs.size > 0) reply.header('x-repairs', listRepairs(repairs))
    const body = encodePush(push)
    if (isDryRun(request)) {
      return await reply.send({ requestId: request.id, data: 'dry-run', push, repairs: Object.fromEntries(repairs), request: preview(body) })
    }
    const { cloudRequestId } = await deliver(body, plant, request.clientGone)
    reply.header('x-delivery', 'relayed')
    if (cloudRequestId !== undefined) reply.header('x-cloud-request-id', cloudRequestId)
    return await reply.send({ requestId: request.id, data: 'success' })
  }

  const schema = { body: PushSchema, response: { 200: DeliveredSchema, '2xx': DryRunSchema, default: ErrorAnswerSchema } }
  app.post('/api/v1/data/increment/push', { onRequest: app.authenticate, schema: { operationId: 'pushDeviceData', ...schema } }, answer)
  app.post('/k/:key', { onRequest: app.authenticate, schema: { operationId: 'pushDeviceDataByShortPath', ...schema } }, answer)
}

function identityOf ({ identity }: FastifyRequest): Identity {
  if (identity === undefined) throw new Error('a push route stands outside authentication')
  return identity
}

/** A request without a body never reaches the parser, so it has none at all. */
function bytesOf (body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

function isDryRun ({ headers }: FastifyRequest): boolean {
  return String(headers['x-dry-run'] ?? '').toLowerCase() === 'true'
}

/** A structured field dictionary (RFC 8941): `number-to-string=22, bom=1`. */
function listRepairs (repairs: Repairs): string {
  return [...repairs].map(([code, count]) => `${code}=${count}`).join(', ')
}
