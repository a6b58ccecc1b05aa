import { CATALOGUE, ProxyError } from '../errors.js'
import { toLogSentence } from './log-sentence.js'
import type { Failure } from './verdict.js'

const RETRY_AFTER_MS = 1_000
/** For an answer that is certain by itself: without it a sender would take "refused" for "nothing arrived". */
const EARLIER_ATTEMPT = ' An earlier attempt may have arrived.'

/** What a plant is told when the cloud did not confirm. Source: the proxy's table of answers, docs/errors.md. */
export function toAnswerError (failure: Failure): ProxyError {
  const { kind, code, retryAfterMs = RETRY_AFTER_MS } = failure
  // The cloud's own words go to a plant whose push it refuses, and nowhere else.
  const cause = new Error(toLogSentence(failure))
  switch (kind) {
    case 'refused':
    case 'unknown-refusal':
      return toRefusal(failure)
    case 'throttled':
      return new ProxyError('Cloud.Throttled', withDoubt(failure, CATALOGUE['Cloud.Throttled'].message), { cause, retryAfterMs })
    case 'unsent':
      return new ProxyError('Cloud.Unreachable', withDoubt(failure, CATALOGUE['Cloud.Unreachable'].message), { cause, retryAfterMs })
    case 'account-fault':
      return new ProxyError('Cloud.AccountFault', withDoubt(failure, code === undefined ? CATALOGUE['Cloud.AccountFault'].message : `Energy Expert refuses the operator's account (${code}); the push is not at fault. Tell the operator.`), { cause })
    case 'bad-answer':
      return new ProxyError('Cloud.BadAnswer', withDoubt(failure, CATALOGUE['Cloud.BadAnswer'].message), { cause })
    case 'maybe-arrived':
      return new ProxyError(failure.timedOut === true ? 'Cloud.Timeout' : 'Cloud.MaybeArrived', undefined, { cause })
    case 'cancelled':
      // Nobody reads it; it is for the log.
      return failure.mayHaveArrived
        ? new ProxyError('Cloud.MaybeArrived', undefined, { cause })
        : new ProxyError('Cloud.Unreachable', 'The sender hung up before anything was sent.', { cause, retryAfterMs })
  }
}

/** The cloud's own status, code and message, as long as the status is one that blames the sender. */
function toRefusal (failure: Failure): ProxyError {
  const { statusCode = 400, code = 'Cloud.Refused', message, cloudRequestId } = failure
  const isSenders = statusCode >= 400 && statusCode < 500
  return new ProxyError('Cloud.Refused', withDoubt(failure, message), { refusal: { statusCode: isSenders ? statusCode : CATALOGUE['Cloud.Refused'].statusCode, code, requestId: cloudRequestId } })
}

function withDoubt ({ mayHaveArrived }: Failure, message: string): string {
  return mayHaveArrived ? message + EARLIER_ATTEMPT : message
}
