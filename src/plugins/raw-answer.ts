import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { ProxyError } from '../errors.js'
import { errorBody } from './error-body.js'

/** The answer to what never became a request: written to the socket as it is, with a request id of its own. */
export function rawAnswer (error: ProxyError, nowMs: number): { readonly requestId: string, readonly text: string } {
  const requestId = randomUUID().toUpperCase()
  const body = JSON.stringify(errorBody(error, requestId))
  const head = [
    `HTTP/1.1 ${error.statusCode} ${STATUS_CODES[error.statusCode] ?? 'Error'}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    ...(error.allow === undefined ? [] : [`Allow: ${error.allow}`]),
    `Date: ${new Date(nowMs).toUTCString()}`,
    'Connection: close'
  ]
  return { requestId, text: `${head.join('\r\n')}\r\n\r\n${body}` }
}
