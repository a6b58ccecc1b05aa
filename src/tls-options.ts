import { DEFAULT_CIPHERS } from 'node:tls'
import type { TlsConfig } from './config.js'

export interface TlsServerOptions {
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: TlsConfig['minVersion']
  readonly ciphers: string
  /** Node's own 120 s would let a silent sender hold a connection for longer than any request. */
  readonly handshakeTimeout: number
}

const HANDSHAKE_TIMEOUT_MS = 10_000

/**
 * What a TLS server is told. TLS 1.0 and 1.1 sign with MD5 and SHA-1, which OpenSSL 3 takes at security level 0 alone; that level
 * then holds for newer senders too, though these still agree on the best that both sides know.
 */
export function toServerOptions ({ cert, key, minVersion }: Pick<TlsServerOptions, 'cert' | 'key' | 'minVersion'>): TlsServerOptions {
  const isOld = minVersion === 'TLSv1' || minVersion === 'TLSv1.1'
  return { cert, key, minVersion, ciphers: isOld ? `${DEFAULT_CIPHERS}:@SECLEVEL=0` : DEFAULT_CIPHERS, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }
}
