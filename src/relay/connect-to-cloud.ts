import { isIP, type Socket } from 'node:net'
import type { WayOut } from '../way-out/way-out.js'

export interface CloudConnectionOptions {
  /** Where to connect to, as an origin. */
  readonly endpoint: URL | string
  /** The name that TLS asks for and checks is this one's. */
  readonly signedHost: string
  readonly wayOut: WayOut
  readonly connectTimeoutMs?: number
}

/** The name in a Host, an IPv6 address without brackets. */
export const certificateNameOf = (signedHost: string): string => new URL(`https://${signedHost}`).hostname.replace(/^\[|\]$/g, '')

/**
 * A connection to the cloud as a push would have it, through the proxy and with TLS on top, for whoever wants to know whether there is one.
 * Whoever asked ends it. What it rejects with describeFailure(error, false) puts in words.
 */
export async function connectToCloud (options: CloudConnectionOptions): Promise<Socket> {
  return await connectorToCloud(options)()
}

/** Makes such connections, one after the other, whose TLS sessions are taken up again. */
export function connectorToCloud ({ endpoint, signedHost, wayOut, connectTimeoutMs = 5_000 }: CloudConnectionOptions): () => Promise<Socket> {
  const place = new URL(endpoint)
  const { protocol, host, hostname, port } = place
  const certificateName = certificateNameOf(signedHost)
  const connect = wayOut.connectorTo(place, { connectTimeoutMs, certificateName })
  // As undici asks: SNI has no place for an address.
  const servername = isIP(certificateName) === 0 ? { servername: certificateName } : undefined
  return async () => await new Promise((resolve, reject) => {
    connect({ protocol, host, hostname, port, ...servername }, (...[error, socket]) => {
      if (error === null) resolve(socket)
      else reject(error)
    })
  })
}
