import type { FastifyPluginAsync } from 'fastify'
import { Type } from '@sinclair/typebox'
import { receiptResponses, type ReceiptData } from '../src/contract/receipt.js'
import { ProxyError } from '../src/errors.js'
import type { Receipt } from '../src/queue/queue-log.js'
import type { Receipts } from '../src/queue/with-receipts.js'

export interface ReceiptsRouteParts {
  readonly receipts: Receipts
}

/** What became of a push; with a key of the same plant. */
export const receipts: FastifyPluginAsync<ReceiptsRouteParts> = async (app, { receipts }) => {
  app.get<{ Params: { requestId: string } }>('/api/v1/receipts/:requestId', { onRequest: app.authenticate, schema }, async (request, reply) => {
    const id = request.params.requestId.toUpperCase()
    const receipt = REQUEST_ID.test(id) ? await receipts.find(id) : undefined
    // One answer for what is unknown and what is another plant's: whoever guesses learns nothing.
    if (receipt === undefined || receipt.plant !== request.identity?.plant.name) {
      throw new ProxyError('NotFound', 'No receipt of this plant has this request id: the push was not taken, is still under way, or ended long ago.')
    }
    return await reply.send({ requestId: request.id, receipt: toAnswer(receipt) })
  })
}

const REQUEST_ID = /^[0-9A-F-]{36}$/

const schema = {
  tags: ['push'],
  operationId: 'getReceipt',
  summary: 'Ask what became of a push',
  description: `Counts its device records by what became of them. For a push that was answered \`stored\`, and one that was relayed.

Receipts of stored and parked pushes survive a restart; those of which nothing waits or is parked any more are kept for 30 days, the last 100,000. Of relayed pushes the last 10,000 are remembered until the proxy restarts.`,
  params: Type.Object({ requestId: Type.String({ description: 'The `requestId` that the push was answered with.', examples: ['83A5A7DD-8974-5769-952E-590A97BEA34E'] }) }),
  response: receiptResponses(),
  security: [{ apiKey: [] }, { bearer: [] }, { basic: [] }, { acsBearerToken: [] }]
}

function toAnswer ({ requestId, plant, receivedAtMs, updatedAtMs, reasons, cloudRequestIds, repairs, ...counts }: Receipt): ReceiptData {
  return {
    pushRequestId: requestId,
    ...counts,
    receivedAt: new Date(receivedAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
    cloudRequestIds: [...cloudRequestIds],
    reasons: reasons.map(({ code, message, cloudRequestId }) => ({ code, message, ...(cloudRequestId === undefined ? undefined : { cloudRequestId }) })),
    repairs: { ...repairs }
  }
}
