export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** Fields of the gateway's answers; each absent unless it has the form that is documented for it. */
export interface AnswerFields {
  readonly code: string | undefined
  readonly message: string | undefined
  readonly requestId: string | undefined
  readonly data: unknown
}

/** Longer than any window of the gateway's limits; a header that says more must not silence the account for days. */
const RETRY_AFTER_MS_MAX = 300_000

/** The gateway writes `Code`, services behind it `code`: both are read. Undefined when the body is no JSON object. */
export function readFields (headers: AnswerHeaders, body: Uint8Array | undefined): AnswerFields | undefined {
  const value = parse(body)
  if (value === undefined) return undefined
  const code = textOf(value['Code'] ?? value['code'])
  const requestId = textOf(value['RequestId'] ?? value['requestId']) ?? firstOf(headers['x-acs-request-id'])
  return {
    code: code !== undefined && /^[\w.-]{1,128}$/.test(code) ? code : undefined,
    message: textOf(value['Message'] ?? value['message']),
    // It goes on into a header of our answer.
    requestId: requestId !== undefined && /^[\w-]{1,64}$/.test(requestId) ? requestId : undefined,
    data: value['data'] ?? value['Data']
  }
}

/** `x-acs-retry-after` is in milliseconds, `Retry-After` in seconds; both mean: slow down. */
export function readRetryAfterMs (headers: AnswerHeaders): number | undefined {
  const ms = positive(headers['x-acs-retry-after']) ?? (positive(headers['retry-after']) ?? NaN) * 1000
  return ms > 0 ? Math.min(ms, RETRY_AFTER_MS_MAX) : undefined
}

function positive (value: string | string[] | undefined): number | undefined {
  const text = firstOf(value)?.trim() ?? ''
  return /^\d{1,12}$/.test(text) && Number(text) > 0 ? Number(text) : undefined
}

const firstOf = (value: string | string[] | undefined): string | undefined => Array.isArray(value) ? value[0] : value
const textOf = (value: unknown): string | undefined => typeof value === 'string' && value !== '' ? value : undefined

function parse (body: Uint8Array | undefined): Readonly<Record<string, unknown>> | undefined {
  if (body === undefined) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
    // Checked here; which properties it has is for the caller to find out.
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}
