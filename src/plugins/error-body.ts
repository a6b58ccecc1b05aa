import type { Fault, ProxyError } from '../errors.js'

export interface ErrorBody {
  readonly requestId: string
  readonly code: string
  readonly message: string
  readonly errors?: readonly Fault[]
  readonly steps?: ProxyError['steps']
}

/** The one shape of every answer that is an error. */
export function errorBody (error: ProxyError, requestId: string): ErrorBody {
  return {
    requestId,
    code: error.refusal?.code ?? error.code,
    message: error.message,
    ...(error.faults === undefined ? undefined : { errors: error.faults }),
    ...(error.steps === undefined ? undefined : { steps: error.steps })
  }
}
