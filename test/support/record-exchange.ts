import { appendFileSync } from 'node:fs'
import type { SeenAnswer } from './check-answer.js'

const BODY_BYTES_MAX = 65_536

/**
 * Writes down what was sent and what came back, a JSON line each, into the file that RECORD_EXCHANGES names; without it nothing
 * happens. scripts/test-prism.js has another judge look at it, scripts/seen-answers.js what it holds.
 */
export function recordExchange ({ method, target, request, statusCode, headers, body }: SeenAnswer): void {
  const file = process.env.RECORD_EXCHANGES
  if (file === undefined || file === '' || body.length > BODY_BYTES_MAX) return
  const sent = request === undefined || request.body.length > BODY_BYTES_MAX ? undefined : request
  appendFileSync(file, `${JSON.stringify({ method, target, request: sent, answer: { statusCode, headers, body } })}\n`)
}
