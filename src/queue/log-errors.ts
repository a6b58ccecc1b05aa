import { ProxyError } from '../errors.js'
import { StoreError } from '../store/store-error.js'
import { QueueBoundReached } from './log-bounds.js'
import type { FullBound, Refusal } from './log-messages.js'

/** What is full, and when it is worth another try: a backlog drains slowly, a disk is freed at once. */
const FULL: Readonly<Record<FullBound, { message: string, retryAfterMs: number }>> = {
  plant: { message: 'This plant\'s share of the proxy\'s queue is full; nothing was taken. Send it again later, and tell the operator.', retryAfterMs: 30_000 },
  queue: { message: 'The proxy\'s queue is full; nothing was taken. Send it again later, and tell the operator.', retryAfterMs: 30_000 },
  disk: { message: 'The proxy\'s disk is full; nothing was taken. Send it again later, and tell the operator.', retryAfterMs: 10_000 }
}

export function fullError (bound: FullBound): ProxyError {
  const { message, retryAfterMs } = FULL[bound]
  return new ProxyError('QueueFull', message, { retryAfterMs, cause: new QueueBoundReached(bound) })
}

/** The store cannot be trusted now; its own words are for the log. */
export function unusableError ({ code, message }: { code: string, message: string }): ProxyError {
  return new ProxyError('InternalError', undefined, { cause: new StoreError(code, message) })
}

export function errorOfRefusal (refusal: Refusal): ProxyError | TypeError {
  switch (refusal.kind) {
    case 'full':
      return fullError(refusal.bound)
    case 'failed':
      return unusableError(refusal)
    case 'misuse':
      return new TypeError(refusal.message)
  }
}
