import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { OutboundProxy } from './proxy-url.js'
import { type TunnelCode, TunnelError } from './tunnel-error.js'

export interface TunnelOptions {
  readonly proxy: OutboundProxy
  /** The host and port that the proxy is to connect to; an IPv6 address in brackets. */
  readonly host: string
  /** For the proxy and its answer together. */
  readonly timeoutMs: number
  /** What an https:// proxy is verified against; undefined: what Node trusts. */
  readonly secureContext: SecureContext | undefined
}

/**
 * A connection to a host through a proxy, by CONNECT. Nothing of a request goes before the proxy has said yes.
 * @throws {TunnelError}
 */
export async function openTunnel ({ proxy: { url, authorization }, host, timeoutMs, secureContext }: TunnelOptions): Promise<Socket> {
  // A proxy that sends a byte now and then is no less late.
  const deadline = AbortSignal.timeout(timeoutMs)
  const hostname = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isTls = url.protocol === 'https:'
  const asked = (isTls ? requestHttps : requestHttp)({
    host: hostname,
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    method: 'CONNECT',
    path: host,
    headers: { host, ...(authorization === undefined ? undefined : { 'proxy-authorization': authorization }) },
    agent: false,
    signal: deadline,
    ...(isTls ? { rejectUnauthorized: true, servername: isIP(hostname) === 0 ? hostname : '', ...(secureContext === undefined ? undefined : { secureContext }) } : undefined)
  })
  try {
    return await socketOf(asked)
  } catch (error) {
    if (error instanceof TunnelError) throw error
    throw new TunnelError(deadline.aborted ? 'PROXY_TIMEOUT' : codeOf(error))
  }
}

async function socketOf (asked: ClientRequest): Promise<Socket> {
  return await new Promise((resolve, reject) => {
    asked.once('error', reject)
    asked.once('connect', (answer, socket: Socket, head) => {
      const refusal = refusalOf(answer, head)
      if (refusal === undefined) {
        resolve(socket)
        return
      }
      socket.on('error', () => {}).destroy()
      reject(new TunnelError(refusal))
    })
    // Never for a CONNECT, unless Node changes its mind: then it is no tunnel.
    asked.once('response', answer => {
      answer.destroy()
      reject(new TunnelError('PROXY_BAD_ANSWER'))
    })
    asked.end()
  })
}

function refusalOf ({ statusCode = 0, headers }: IncomingMessage, head: Buffer): TunnelCode | undefined {
  if (statusCode === 407) return 'PROXY_LOGIN'
  if (statusCode < 200 || statusCode >= 300) return 'PROXY_REFUSED'
  // Whoever is connected to speaks second: what comes at once is a page of the proxy.
  return head.length > 0 || /html/i.test(headers['content-type'] ?? '') ? 'PROXY_BAD_ANSWER' : undefined
}

function codeOf (error: unknown): TunnelCode {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/^(?:HPE_|EPROTO$|ERR_SSL_)/.test(code)) return 'PROXY_BAD_ANSWER'
  return /CERT|^UNABLE_TO_|^ERR_TLS_/.test(code) ? 'PROXY_UNTRUSTED' : 'PROXY_UNREACHABLE'
}
