import { Type, type Static } from '@sinclair/typebox'
import { CATALOGUE, type ErrorCode } from '../errors.js'
import { headersOf } from './answer-headers.js'
import { DeliveredSchema, RepairsSchema } from './answers.js'
import { errorResponses, jsonResponse } from './error-responses.js'
import { PUSH_CODES } from './plants-codes.js'
import type { Example } from './push-examples.js'

const PUSH_ID = '83A5A7DD-8974-5769-952E-590A97BEA34E'
const CLOUD_ID = '4C467B38-3910-447D-87BC-AC049166F216'

const records = (title: string, description: string, example: number) => Type.Integer({ title, description, minimum: 0, examples: [example] })
const moment = (title: string, description: string) => Type.String({ title, description: `${description} As in RFC 3339.`, examples: ['2026-03-01T08:00:00.000Z'] })

const ReasonSchema = Type.Object({
  code: Type.String({ title: 'Code', description: 'Energy Expert\'s own code, or the proxy\'s: `GaveUp`, `SplitTooCostly`, `InDoubt`, `InvalidRecord`, `DuplicateRecord`.', examples: ['InvalidParameter'] }),
  message: Type.String({ title: 'Message', description: 'Why, in words.', examples: ['The specified parameter is not valid.'] }),
  cloudRequestId: Type.Optional(Type.String({ title: 'Cloud request id', description: 'Energy Expert\'s id of the call that was refused.', examples: [CLOUD_ID] }))
}, { title: 'Reason', description: 'Why records were parked.', additionalProperties: false })

/** What became of one push; the five outcomes add up to `records`. */
const ReceiptSchema = Type.Object({
  pushRequestId: Type.String({ title: 'Request id of the push', description: 'The id that the push was answered with.', examples: [PUSH_ID] }),
  deviceType: Type.String({ title: 'Device type', description: 'The type of its devices.', examples: ['1'] }),
  receivedAt: moment('Received', 'When the push came, in UTC.'),
  updatedAt: moment('Last change', 'When something last became of it, in UTC.'),
  records: records('Records', 'Device records of the push; the five outcomes below add up to them.', 3),
  waiting: records('Waiting', 'On disk, to be delivered in their turn.', 0),
  delivered: records('Delivered', 'Confirmed by Energy Expert.', 2),
  parked: records('Parked', 'Set aside with a reason; the operator sends them again or gives them up.', 1),
  skipped: records('Skipped', 'Given up by the operator.', 0),
  lost: records('Lost', 'Lost by the disk.', 0),
  cloudRequestIds: Type.Array(Type.String({ title: 'Cloud request id', description: 'Energy Expert\'s id of one call.', examples: [CLOUD_ID] }), {
    title: 'Cloud request ids', description: 'The first 16 calls that delivered records, by Energy Expert\'s own ids, for its support.', maxItems: 16
  }),
  reasons: Type.Array(ReasonSchema, { title: 'Reasons', description: 'Why records were parked, the first 8; also of those that were sent again since.', maxItems: 8 }),
  repairs: RepairsSchema
}, { title: 'Receipt', description: 'What became of a push, in device records.', additionalProperties: false })

export type ReceiptData = Static<typeof ReceiptSchema>

const ReceiptAnswerSchema = Type.Object({ requestId: DeliveredSchema.properties.requestId, receipt: ReceiptSchema }, {
  title: 'Receipt answer', description: 'What became of a push.', additionalProperties: false
})

const RECEIPT_EXAMPLES: Readonly<Record<string, Example>> = {
  parked: {
    summary: 'Two records arrived, one was refused and is parked',
    value: {
      requestId: '0D7F9A31-6A63-4C22-9F6C-3B7A5C9B8E10',
      receipt: {
        pushRequestId: PUSH_ID,
        deviceType: '1',
        receivedAt: '2026-03-01T08:00:00.000Z',
        updatedAt: '2026-03-01T08:04:12.000Z',
        records: 3,
        waiting: 0,
        delivered: 2,
        parked: 1,
        skipped: 0,
        lost: 0,
        cloudRequestIds: [CLOUD_ID],
        reasons: [{ code: 'InvalidParameter', message: 'The specified parameter is not valid.', cloudRequestId: CLOUD_ID }],
        repairs: { 'number-to-string': 2 }
      } satisfies ReceiptData
    }
  }
}

// What a document calls 403 or 503 is one answer wherever it stands, so those of a push are told here too.
const STATUSES = [401, 403, 408, 413, 429, 431, 500, 503]
const RECEIPT_CODES: readonly ErrorCode[] = ['NotFound', ...PUSH_CODES.filter(code => STATUSES.includes(CATALOGUE[code].statusCode))]

/** Every answer that asking for a receipt can meet, by status: the `response` of the route's schema. */
export function receiptResponses (): Record<string, object> {
  // A receipt is no push: nothing of it was delivered or repaired now.
  const { 'X-Delivery': _delivery, 'X-Cloud-Request-Id': _cloud, 'X-Repairs': _repairs, 'X-Parked-Records': _parked, ...headers } = headersOf(200)
  return {
    200: jsonResponse('What became of the push.', headers, ReceiptAnswerSchema, RECEIPT_EXAMPLES),
    ...errorResponses(RECEIPT_CODES)
  }
}
