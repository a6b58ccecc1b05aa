import type { TSchema } from '@sinclair/typebox'
import { CATALOGUE, type ErrorCode } from '../errors.js'
import { type AnswerStatus, headersOf } from './answer-headers.js'
import { ErrorAnswerSchema } from './answers.js'
import { CLOUD_REFUSAL_EXAMPLE, errorExample, type Example } from './push-examples.js'

/** A response as Fastify's schemas and OpenAPI both read it. */
export function jsonResponse (description: string, headers: Record<string, TSchema>, schema: TSchema, examples: Readonly<Record<string, Example>>): object {
  return { description, headers, content: { 'application/json': { schema, examples } } }
}

/**
 * The answers that are errors, made from the catalogue: one response a status, which tells each code with its sentence and an
 * example. `code` is no closed list in the schema, since a client that was generated with one breaks on the next code.
 */
export function errorResponses (codes: readonly ErrorCode[]): Record<string, object> {
  const statuses = [...new Set(codes.map(code => CATALOGUE[code].statusCode))].sort((a, b) => a - b)
  return Object.fromEntries(statuses.map(status => [status, errorResponse(status, codes.filter(code => CATALOGUE[code].statusCode === status))]))
}

/** Energy Expert's own refusal of a push keeps its status, whichever of 4xx that is; the usual one is 400. */
export function cloudRefusalResponse (): Record<'4xx', object> {
  return { '4xx': jsonResponse('Energy Expert refused the push: its own status, code and message.', headersOf('4XX'), ErrorAnswerSchema, { EnergyExpert: CLOUD_REFUSAL_EXAMPLE }) }
}

function errorResponse (status: AnswerStatus, codes: readonly ErrorCode[]): object {
  const lines = codes.map(code => `- \`${code}\`: ${CATALOGUE[code].message}`)
  const examples = Object.fromEntries(codes.map(code => [code, errorExample(code)]))
  const isCloudsToo = codes.includes('Cloud.Refused')
  return jsonResponse(
    [...lines, ...(isCloudsToo ? ['- any other code: Energy Expert\'s own.'] : [])].join('\n'),
    headersOf(status),
    ErrorAnswerSchema,
    { ...examples, ...(isCloudsToo ? { EnergyExpert: CLOUD_REFUSAL_EXAMPLE } : undefined) }
  )
}
