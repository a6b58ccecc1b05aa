import { ProxyError } from '../errors.js'
import type { Failure } from '../relay/verdict.js'

/**
 * What the relay throws, as a failure like any other: without a credential, and while it closes, nothing is sent.
 * @throws whatever is no ProxyError: a defect
 */
export function toFailure (error: unknown): Failure {
  if (!(error instanceof ProxyError)) throw error
  const { code, message } = error
  return code === 'ShuttingDown'
    ? { kind: 'cancelled', mayHaveArrived: false, code, message }
    : { kind: 'unsent', mayHaveArrived: false, code, message, remedy: 'tell-operator' }
}
