import type { Socket } from 'node:net'
import { checkServerIdentity, type SecureContext } from 'node:tls'
import { isLoopback } from '../loopback.js'
import { registerSecret } from '../redact.js'
import { type Connector, createConnector } from './connector.js'
import type { IsDirect } from './no-proxy.js'
import { openTunnel } from './open-tunnel.js'
import type { OutboundProxy } from './proxy-url.js'
import { TunnelError } from './tunnel-error.js'

export interface ConnectorOptions {
  /** For the way through a proxy, and once more for TCP or TLS. */
  readonly connectTimeoutMs: number
  /** The name that the certificate must have; default: that of the host asked for. */
  readonly certificateName?: string
}

/** How connections leave this machine. */
export interface WayOut {
  /** Whether a place is reached through a proxy. */
  goesThroughProxy (place: URL): boolean
  /** What undici connects to `place` with. TLS is verified end to end, whatever stands in between. */
  connectorTo (place: URL, options: ConnectorOptions): Connector
  /** The connection that TLS is then spoken over, where it leads through a proxy. Rejects with TunnelError. */
  tunnelTo (place: URL, timeoutMs: number): Promise<Socket> | undefined
  /** What TLS trusts now; undefined: what Node trusts. */
  trusted (): SecureContext | undefined
}

interface Proxies {
  /** For https:// places. */
  readonly httpsProxy?: OutboundProxy | undefined
  /** For http:// places. */
  readonly httpProxy?: OutboundProxy | undefined
  /** The places that need no proxy; this machine itself never has one. */
  readonly isDirect?: IsDirect | undefined
}

export interface WayOutSettings extends Proxies {
  /** Certificates to trust besides the built-in ones. */
  readonly caFile: string | undefined
}

export interface WayOutParts extends Proxies {
  /** What is trusted now, by an object that is another one when that has changed; undefined: what Node trusts. */
  readonly trusted?: (() => SecureContext | undefined) | undefined
}

export function createWayOut ({ httpsProxy, httpProxy, isDirect = () => false, trusted = () => undefined }: WayOutParts = {}): WayOut {
  for (const proxy of [httpsProxy, httpProxy]) registerLogin(proxy)

  function proxyOf (place: URL): OutboundProxy | undefined {
    const { protocol, hostname } = place
    if (isLoopback(hostname) || isDirect({ hostname, port: portOf(place) })) return undefined
    return protocol === 'https:' ? httpsProxy : httpProxy
  }

  return {
    goesThroughProxy: place => proxyOf(place) !== undefined,
    trusted,
    tunnelTo: (place, timeoutMs) => {
      const proxy = proxyOf(place)
      return proxy && openTunnel({ proxy, host: `${place.hostname}:${portOf(place)}`, timeoutMs, secureContext: trusted() })
    },
    connectorTo: (place, options) => {
      const connect = connectorOver(trusted, options)
      const proxy = proxyOf(place)
      return proxy === undefined ? connect : through(proxy, `${place.hostname}:${portOf(place)}`, { ...options, trusted, connect })
    }
  }
}

/** TCP, and TLS where the place speaks it, or TLS alone over a connection that is there. */
function connectorOver (trusted: () => SecureContext | undefined, { connectTimeoutMs, certificateName }: ConnectorOptions): Connector {
  const make = (secureContext: SecureContext | undefined): Connector => createConnector({
    timeoutMs: connectTimeoutMs,
    // For SNI undici takes the name in the Host header, the signed one. An IP address has no place there, and Node would compare the
    // certificate with the address connected to.
    ...(certificateName === undefined ? undefined : { checkServerIdentity: (_, certificate) => checkServerIdentity(certificateName, certificate) }),
    secureContext
  })
  let known = trusted()
  let connect = make(known)
  return (options, callback) => {
    const current = trusted()
    // With the connector go the TLS sessions that it remembers, whose certificates nobody would look at again.
    if (current !== known) {
      known = current
      connect = make(current)
    }
    connect(options, callback)
  }
}

interface ThroughParts extends ConnectorOptions {
  readonly trusted: () => SecureContext | undefined
  readonly connect: Connector
}

function through (proxy: OutboundProxy, host: string, { connectTimeoutMs: timeoutMs, trusted, connect }: ThroughParts): Connector {
  return (options, callback) => {
    openTunnel({ proxy, host, timeoutMs, secureContext: trusted() }).then(socket => {
      if (options.protocol !== 'https:') {
        callback(null, socket)
        return
      }
      connect({ ...options, httpSocket: socket }, (...given) => {
        const [error] = given
        if (error === null) callback(...given)
        else callback(isNoTls(error) ? new TunnelError('PROXY_BAD_ANSWER') : error, null)
      })
    }, (error: Error) => { callback(error, null) })
  }
}

/** A page in place of a tunnel is noticed by TLS. */
const isNoTls = (error: Error): boolean => 'code' in error && /^(?:EPROTO$|ERR_SSL_)/.test(String(error.code))

const portOf = ({ port, protocol }: URL): number => port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)

/** No text carries the login on, in whatever form it comes back. */
function registerLogin (proxy: OutboundProxy | undefined): void {
  const encoded = proxy?.authorization?.replace(/^Basic /, '')
  if (encoded === undefined) return
  registerSecret(encoded)
  const login = Buffer.from(encoded, 'base64').toString()
  const password = login.slice(login.indexOf(':') + 1)
  for (const text of [password, encodeURIComponent(password)]) registerSecret(text)
}
