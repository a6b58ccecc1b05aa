import type { Failure } from './verdict.js'

/**
 * A failure in words that may stand in a log, and before plants that did not cause it: never those of whoever answered, which
 * may repeat a piece of a body. docs/operations.md says what a code calls for; the cloud's support finds the rest by its request id.
 */
export function toLogSentence ({ statusCode, code, cloudRequestId, message }: Failure): string {
  // Where nothing answered the words are our own.
  if (statusCode === undefined) return message
  return `The answer was ${statusCode} ${code ?? 'without a code of Energy Expert'}, ${cloudRequestId === undefined ? 'without a request id' : `with the request id ${cloudRequestId}`}.`
}
