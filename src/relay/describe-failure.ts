import { isTunnelCode, TUNNEL_SENTENCES } from '../way-out/tunnel-error.js'
import type { Failure } from './verdict.js'

/** What broke, for the log and for whoever must mend it. By code, not by class: two copies of undici have two sets of classes. */
const HINTS: ReadonlyArray<readonly [code: RegExp, sentence: string, remedy?: 'tell-operator']> = [
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'The certificate of the endpoint is for another name than the signed host; check ENERGY_EXPERT_ENDPOINT and ENERGY_EXPERT_SIGNED_HOST.', 'tell-operator'],
  [/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/, 'The certificate of the endpoint is not valid today; check the clock of this machine, then the endpoint.', 'tell-operator'],
  [/CERT|^UNABLE_TO_/, 'The certificate of the endpoint is not trusted; what answers there may not be Energy Expert.', 'tell-operator'],
  [/^(?:EPROTO|ERR_SSL_|ERR_TLS_)/, 'The endpoint does not speak TLS as expected; check ENERGY_EXPERT_ENDPOINT.'],
  [/^(?:ENOTFOUND|EAI_)/, 'The name of the endpoint could not be resolved; check DNS.'],
  [/^ECONNREFUSED$/, 'The endpoint refuses connections.'],
  [/^(?:UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, 'The endpoint could not be reached; check the network.']
]

/**
 * What a failed attempt means for the push.
 *
 * @param begun Whether the request was begun on a connection. It decides alone: EHOSTUNREACH or ETIMEDOUT may as well
 *   end a connection over which a whole push has gone.
 */
export function describeFailure (cause: unknown, begun: boolean): Failure {
  const code = codeOf(cause)
  if (begun) {
    return { kind: 'maybe-arrived', mayHaveArrived: true, code, message: 'The connection broke before the answer was whole.' }
  }
  if (code !== undefined && isTunnelCode(code)) return { kind: 'unsent', mayHaveArrived: false, code, message: TUNNEL_SENTENCES[code], remedy: code === 'PROXY_LOGIN' || code === 'PROXY_UNTRUSTED' ? 'tell-operator' : undefined }
  const [, message = 'No connection to the endpoint could be made.', remedy] = HINTS.find(([known]) => known.test(code ?? '')) ?? []
  return { kind: 'unsent', mayHaveArrived: false, code, message, remedy }
}

export function describeTimeout (begun: boolean, viaProxy = false): Failure {
  const message = begun ? 'Energy Expert did not answer in time.' : `The endpoint could not be reached${viaProxy ? ' through the proxy on the way out' : ''} in time.`
  return { kind: begun ? 'maybe-arrived' : 'unsent', mayHaveArrived: begun, timedOut: true, message }
}

export function describeCancel (begun: boolean): Failure {
  return { kind: 'cancelled', mayHaveArrived: begun, message: 'The sender hung up.' }
}

function codeOf (cause: unknown): string | undefined {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  return /^\w{1,64}$/.test(code) ? code : undefined
}
