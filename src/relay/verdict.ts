import { redactText } from '../redact.js'
import { type CodeMeaning, meaningOf } from './gateway-codes.js'
import { type AnswerFields, type AnswerHeaders, readFields, readRetryAfterMs } from './answer-fields.js'

export interface Delivered {
  readonly kind: 'delivered'
  readonly statusCode: 200
  readonly cloudRequestId: string | undefined
}

export type FailureKind = 'refused' | 'throttled' | 'unsent' | 'maybe-arrived' | 'account-fault' | 'unknown-refusal' | 'bad-answer' | 'cancelled'

/** What may help at once; without one, only time helps, or nothing. */
export type Remedy = 'sign-again' | 'learn-clock' | 'refresh-credential' | 'tell-operator'

export interface Failure {
  readonly kind: FailureKind
  /** False only when it is certain that the cloud took nothing. */
  readonly mayHaveArrived: boolean
  /** The deadline ended it. */
  readonly timedOut?: boolean
  readonly statusCode?: number | undefined
  /** The cloud's code, or the system's where nothing answered. */
  readonly code?: string | undefined
  /** Redacted and bounded. Where the cloud answered these are its words, for the plant whose push it refused; all else reads log-sentence.ts. */
  readonly message: string
  readonly cloudRequestId?: string | undefined
  readonly retryAfterMs?: number | undefined
  readonly remedy?: Remedy | undefined
}

export type Verdict = Delivered | Failure

const MESSAGE_LENGTH_MAX = 500

const SENTENCES = {
  refused: 'Energy Expert refused the push.',
  throttled: 'Energy Expert asks the account to slow down.',
  'maybe-arrived': 'Energy Expert did not confirm the push.',
  'account-fault': 'Energy Expert refuses the account.',
  'unknown-refusal': 'Energy Expert refused the push for a reason that the proxy does not know.',
  'bad-answer': 'What answered was not Energy Expert.'
} as const

/**
 * What an answer means for the push: by the body's code first, since throttling comes as 400 and an unknown key as 404,
 * and by the status second. Source: the gateway's documentation, table of refusals.
 *
 * @param headers Names in lower case.
 * @param body Undefined when it was longer than anything the service sends.
 */
export function readVerdict (statusCode: number, headers: AnswerHeaders, body: Uint8Array | undefined): Verdict {
  const fields = readFields(headers, body)
  const { isGateways, requestId: cloudRequestId } = fields
  if (statusCode === 200 && fields.data === 'success') return { kind: 'delivered', statusCode, cloudRequestId }
  const { kind, remedy } = judge(statusCode, fields)
  return {
    kind,
    mayHaveArrived: kind === 'maybe-arrived',
    statusCode,
    code: fields.code,
    message: fields.message === undefined ? SENTENCES[kind] : toPlainText(fields.message),
    cloudRequestId,
    // What is not Energy Expert has no say in how fast its account may go.
    retryAfterMs: isGateways && kind !== 'bad-answer' ? readRetryAfterMs(headers) : undefined,
    remedy
  }
}

function judge (statusCode: number, { code, isGateways }: AnswerFields): CodeMeaning {
  // A redirect is no answer of this service whatever it carries, and is never followed.
  if (statusCode >= 300 && statusCode < 400) return { kind: 'bad-answer' }
  const known = code === undefined ? undefined : meaningOf(code)
  if (known !== undefined) return known
  // Also an HTML page with one of these: a load balancer that gives up may have handed the push on before.
  if (statusCode < 300 || statusCode === 408 || statusCode >= 500) return { kind: 'maybe-arrived' }
  if (statusCode === 413) return { kind: 'refused' }
  // Somebody on the way may have a limit too: that is a fault of the line.
  if (statusCode === 429) return { kind: isGateways ? 'throttled' : 'bad-answer' }
  return { kind: code === undefined ? 'bad-answer' : 'unknown-refusal' }
}

/** A foreign text that may stand in an answer, a header or a terminal. */
function toPlainText (text: string): string {
  // Control characters, and those that turn the direction of a line or break it.
  const plain = redactText(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return plain.length > MESSAGE_LENGTH_MAX ? `${plain.slice(0, MESSAGE_LENGTH_MAX - 1)}…` : plain
}
