export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** Fields of the gateway's answers; each absent unless it has the form that is documented for it. */
export interface AnswerFields {
  /** It bears the gateway's mark. Any other proxy's page may have a `code` and a `Retry-After` of its own, and neither speaks for the account. */
  readonly isGateways: boolean
  readonly code: string | undefined
  readonly message: string | undefined
  readonly requestId: string | undefined
  readonly data: unknown
}

/** Longer than any window of the gateway's limits; a header that says more must not silence the account for days. */
const RETRY_AFTER_MS_MAX = 300_000

/**
 * The gateway writes `Code`, services behind it `code`: both are read. Its mark is a header of its own, or a code together with a
 * request id; without the mark what stands in the place of a code is none.
 */
export function readFields (headers: AnswerHeaders, body: Uint8Array | undefined): AnswerFields {
  const value = parse(body) ?? {}
  const code = codeOf(value['Code'] ?? value['code'])
  const idInBody = idOf(value['RequestId'] ?? value['requestId'])
  const idInHeader = idOf(firstOf(headers['x-acs-request-id']))
  const isGateways = idInHeader !== undefined || headers['x-acs-retry-after'] !== undefined || (code !== undefined && idInBody !== undefined)
  return {
    isGateways,
    code: isGateways ? code : undefined,
    message: isGateways ? textOf(value['Message'] ?? value['message']) : undefined,
    requestId: idInBody ?? idInHeader,
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

const codeOf = (value: unknown): string | undefined => typeof value === 'string' && /^[\w.-]{1,128}$/.test(value) ? value : undefined
// It goes on into a header of our answer.
const idOf = (value: unknown): string | undefined => typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? value : undefined
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
