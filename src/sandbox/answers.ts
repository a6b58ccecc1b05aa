/** What is put on the wire; Date, Content-Length and x-acs-request-id are added there. */
export interface Answer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The gateway writes `{"RequestId","HostId","Code",…}`, services behind it and RAM often the lower camel case variant. */
export type KeyCase = 'pascal' | 'camel'

interface RefusalOptions {
  readonly statusCode?: number | undefined
  readonly keyCase?: KeyCase | undefined
  readonly retryAfterMs?: number | undefined
}

/** A request that the gateway or the service behind it does not take. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly statusCode: number
  readonly keyCase: KeyCase
  readonly retryAfterMs: number | undefined

  constructor (code: string, message: string, options: RefusalOptions = {}) {
    super(message)
    this.code = code
    this.statusCode = options.statusCode ?? usualStatus(code)
    this.keyCase = options.keyCase ?? (isDenial(code) ? 'camel' : 'pascal')
    this.retryAfterMs = options.retryAfterMs
  }
}

const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  InternalError: 500,
  ServiceUnavailable: 503,
  ServiceTimeout: 504,
  UnsupportedHTTPMethod: 405,
  RequestEntityTooLarge: 413
}

/** The status that goes with a code in the gateway's documentation. Throttling is a 400, an unknown key a 404. */
function usualStatus (code: string): number {
  const known = Object.hasOwn(STATUS_OF_CODE, code) ? STATUS_OF_CODE[code] : undefined
  if (known !== undefined) return known
  if (code.endsWith('.NotFound')) return 404
  return isDenial(code) ? 403 : 400
}

function isDenial (code: string): boolean {
  return code.startsWith('Forbidden') || code.startsWith('NoPermission')
}

const JSON_TYPE = 'application/json;charset=utf-8'

export function jsonAnswer (statusCode: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { statusCode, headers: { 'content-type': JSON_TYPE, ...headers }, body: JSON.stringify(value) }
}

/** The documented success; `data` differs only where the sandbox is told to be odd. */
export function successAnswer (requestId: string, data: string = 'success'): Answer {
  return jsonAnswer(200, { requestId, data })
}

/** @param hostId The Host that was asked, as the gateway repeats it. */
export function refusalAnswer (refusal: Refusal, requestId: string, hostId: string): Answer {
  const recommend = `https://api.alibabacloud.com/troubleshoot?q=${encodeURIComponent(refusal.code)}&product=energyExpertExternal&requestId=${requestId}`
  const value = refusal.keyCase === 'pascal'
    ? { RequestId: requestId, HostId: hostId, Code: refusal.code, Message: refusal.message, Recommend: recommend }
    : {
        requestId,
        hostId,
        code: refusal.code,
        message: refusal.message,
        recommend,
        accessDeniedDetail: isDenial(refusal.code)
          ? { AuthAction: 'energy:PushDeviceData', AuthPrincipalType: 'SubUser', NoPermissionType: 'ImplicitDeny', PolicyType: 'AccountLevelIdentityBasedPolicy' }
          : null
      }
  const headers: Record<string, string> = {}
  if (refusal.retryAfterMs !== undefined) headers['x-acs-retry-after'] = String(refusal.retryAfterMs)
  if (refusal.statusCode === 405) headers['allow'] = 'POST'
  return jsonAnswer(refusal.statusCode, value, headers)
}

/** The page of a load balancer or a captive portal that stands in front of the gateway. */
export function errorPageAnswer (statusCode: number): Answer {
  const body = `<html>\r\n<head><title>${statusCode}</title></head>\r\n<body>\r\n<center><h1>${statusCode}</h1></center>\r\n<hr><center>load balancer</center>\r\n</body>\r\n</html>\r\n`
  return { statusCode, headers: { 'content-type': 'text/html' }, body }
}
