/** What a proxy on the way out did, by code. Each of them means that nothing of a push had gone by then. */
export const TUNNEL_SENTENCES = {
  PROXY_LOGIN: 'The proxy on the way out asks for another user or password (407); check HTTPS_PROXY.',
  PROXY_REFUSED: 'The proxy on the way out refuses to connect to the endpoint; it must allow CONNECT to its host and port.',
  PROXY_UNREACHABLE: 'The proxy on the way out cannot be reached; check HTTPS_PROXY and the network.',
  PROXY_TIMEOUT: 'The proxy on the way out did not open a connection in time.',
  PROXY_UNTRUSTED: 'The certificate of the proxy on the way out is not trusted; check HTTPS_PROXY and CA_FILE.',
  PROXY_BAD_ANSWER: 'What answers behind the proxy on the way out speaks neither as a proxy nor as the endpoint; check HTTPS_PROXY.'
} as const

export type TunnelCode = keyof typeof TUNNEL_SENTENCES

/** Says nothing in the proxy's words: its page may quote the request, password included. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError'
  readonly code: TunnelCode

  constructor (code: TunnelCode) {
    super(TUNNEL_SENTENCES[code])
    this.code = code
  }
}

export const isTunnelCode = (code: string): code is TunnelCode => Object.hasOwn(TUNNEL_SENTENCES, code)
