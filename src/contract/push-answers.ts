import { Type } from '@sinclair/typebox'
import { headersOf } from './answer-headers.js'
import { DeliveredSchema, DryRunSchema } from './answers.js'
import { cloudRefusalResponse, errorResponses, jsonResponse } from './error-responses.js'
import { PUSH_CODES } from './plants-codes.js'
import { STORED_EXAMPLES, TAKEN_EXAMPLES } from './push-examples.js'

const { push, parked, repairs, steps, request } = DryRunSchema.properties

// One flat object for 200 and 202 alike, and no oneOf: generators of OpenAPI 3.0 read every success as the first that is listed, so
// their clients in Java and Python failed on a 202 of its own; and what they make of a union does not compile.
const TakenSchema = Type.Object({
  requestId: DeliveredSchema.properties.requestId,
  data: Type.Unsafe<'success' | 'stored' | 'dry-run'>(Type.String({
    title: 'Outcome',
    description: '`success`: Energy Expert confirmed the push, or the plant is answered so for what is stored (`X-Delivery` says which). `stored`: the proxy has the push on disk and will deliver it. `dry-run`: nothing was sent; the other fields show what would have been.',
    enum: ['success', 'stored', 'dry-run'],
    examples: ['success']
  })),
  push: Type.Optional(push),
  parked,
  repairs: Type.Optional(repairs),
  steps: Type.Optional(steps),
  request: Type.Optional(request)
}, { title: 'Push answer', description: 'Energy Expert has the push, or the proxy has it on disk; or what a dry run shows.', additionalProperties: false })

/** Every answer that a push can meet, by status: the `response` of a route's schema. */
export function pushResponses (): Record<string, object> {
  return {
    200: jsonResponse('Energy Expert confirmed the push; or, with `X-Dry-Run: true`, what would have been sent.', headersOf(200), TakenSchema, TAKEN_EXAMPLES),
    202: jsonResponse('The push is safe on disk and not yet with Energy Expert. It is delivered in its turn, or lies in the parked list with the reason; senders need not repeat it.', headersOf(202), TakenSchema, STORED_EXAMPLES),
    ...errorResponses(PUSH_CODES),
    ...cloudRefusalResponse()
  }
}
