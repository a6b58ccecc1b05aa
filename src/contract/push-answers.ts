import { Type } from '@sinclair/typebox'
import { headersOf } from './answer-headers.js'
import { DeliveredSchema, DryRunSchema } from './answers.js'
import { cloudRefusalResponse, errorResponses, jsonResponse } from './error-responses.js'
import { PUSH_CODES } from './plants-codes.js'
import { TAKEN_EXAMPLES } from './push-examples.js'

const { push, repairs, request } = DryRunSchema.properties

// One flat object and no oneOf: the classes that generators of OpenAPI 3.0 make of a union do not compile in Java, and fail in Python.
const TakenSchema = Type.Object({
  requestId: DeliveredSchema.properties.requestId,
  data: Type.Unsafe<'success' | 'dry-run'>(Type.String({
    title: 'Outcome',
    description: '`success`: Energy Expert confirmed the push. `dry-run`: nothing was sent; the other fields show what would have been.',
    enum: ['success', 'dry-run'],
    examples: ['success']
  })),
  push: Type.Optional(push),
  repairs: Type.Optional(repairs),
  request: Type.Optional(request)
}, { title: 'Push answer', description: 'Energy Expert has the push; or what a dry run shows.', additionalProperties: false })

/** Every answer that a push can meet, by status: the `response` of a route's schema. */
export function pushResponses (): Record<string, object> {
  return {
    200: jsonResponse('Energy Expert confirmed the push; or, with `X-Dry-Run: true`, what would have been sent.', headersOf(200), TakenSchema, TAKEN_EXAMPLES),
    ...errorResponses(PUSH_CODES),
    ...cloudRefusalResponse()
  }
}
