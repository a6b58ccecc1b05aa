import type { Conversation } from './requests.js'

const STATUSES = new Set([100, 200, 302, 304, 400, 401, 403, 404, 405, 408, 413, 415, 416, 429, 431, 503])
const CODES_OF_503 = new Set(['TooMuchInFlight'])

/** What is wrong with what came back over one connection; undefined: nothing. */
export function findFault ({ isRight, requestCount, hasHead }: Conversation, received: string, wasCutShort: boolean): string | undefined {
  // An answer to HEAD has no body, and which answer that is cannot be told once bytes were mangled.
  if (hasHead) return undefined
  const statuses: number[] = []
  let rest = received
  while (rest !== '') {
    const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[\w-]+: [^\r\n]*\r\n)*)\r\n/.exec(rest)
    if (head === null) return wasCutShort ? undefined : `this is no answer: ${JSON.stringify(rest.slice(0, 80))}`
    const [whole, status, headers = ''] = head
    const statusCode = Number(status)
    if (!STATUSES.has(statusCode)) return `the status ${statusCode}`
    rest = rest.slice(whole.length)
    if (statusCode === 100) continue
    if (/^transfer-encoding:/im.test(headers)) return 'a chunked answer'
    const length = Number(/^content-length: (\d+)\r$/im.exec(headers)?.[1] ?? (statusCode === 304 ? 0 : NaN))
    if (Number.isNaN(length)) return `no Content-Length with ${statusCode}`
    if (rest.length < length) return wasCutShort ? undefined : `an answer that is shorter than its Content-Length (${rest.length} of ${length})`
    const fault = statusCode >= 400 ? findErrorFault(statusCode, headers, rest.slice(0, length)) : undefined
    if (fault !== undefined) return fault
    statuses.push(statusCode)
    rest = rest.slice(length)
  }
  if (isRight && !wasCutShort && (statuses.length !== requestCount || statuses.some(status => status !== 200))) return `${requestCount} right pushes were answered ${statuses.join(', ') || 'nothing'}`
  return undefined
}

function findErrorFault (statusCode: number, headers: string, body: string): string | undefined {
  let answer: { code?: string, message?: string, requestId?: string }
  try {
    answer = JSON.parse(body)
  } catch {
    return `a ${statusCode} whose body is no JSON: ${body.slice(0, 80)}`
  }
  const id = /^x-request-id: ([0-9A-F-]{36})\r$/im.exec(headers)?.[1]
  if (id === undefined || id !== answer.requestId) return `a ${statusCode} whose request ids differ`
  if (typeof answer.code !== 'string' || typeof answer.message !== 'string') return `a ${statusCode} without code or message`
  if (statusCode === 503 && !CODES_OF_503.has(answer.code)) return `a 503 ${answer.code}`
  return undefined
}
