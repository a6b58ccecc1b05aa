import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { ConnectionError } from './connection-error.js'

export type Connector = buildConnector.connector
type Target = Parameters<Connector>[0]

export interface ConnectorParts {
  readonly timeoutMs: number
  /** Default: Node's, against the name that was asked for. */
  readonly checkServerIdentity?: NonNullable<ConnectionOptions['checkServerIdentity']>
  /** Undefined: what Node trusts. */
  readonly secureContext?: SecureContext | undefined
}

const KEEP_ALIVE_MS = 60_000

/**
 * TCP, and TLS where the place speaks it, or TLS alone over a connection that is there; TLS is always verified. It does what the connector
 * of undici does, for undici's clients too; ours, since loading undici took a tenth of the start, and the usual way needs nothing else of it.
 */
export function createConnector (parts: ConnectorParts): Connector {
  const openTls = tlsOpener(parts)
  return (target, callback) => {
    const isTls = target.protocol === 'https:'
    const socket = isTls ? openTls(target) : connectTcp({ host: target.hostname, port: portOf(target, 80) })
    socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true)
    let isSettled = false
    const deadline = setTimeout(() => {
      // An error of the socket that is there already goes before it.
      setImmediate(() => { if (!isSettled) socket.destroy(new ConnectionError('UND_ERR_CONNECT_TIMEOUT')) })
    }, parts.timeoutMs).unref()
    const settle: typeof callback = (...outcome) => {
      if (isSettled) return
      isSettled = true
      clearTimeout(deadline)
      callback(...outcome)
    }
    socket.once(isTls ? 'secureConnect' : 'connect', () => { settle(null, socket) })
    // It stays for as long as the socket lives: an error that nobody listens to would end the process.
    socket.on('error', error => { settle(error, null) })
  }
}

/** Takes up the last session of the same name. */
function tlsOpener ({ checkServerIdentity, secureContext }: ConnectorParts): (target: Target) => Socket {
  let last: { readonly name: string, readonly session: Buffer } | undefined
  return target => {
    const servername = target.servername || nameIn(target.host ?? '')
    const name = servername === '' ? target.hostname : servername
    const socket = connectTls({
      host: target.hostname,
      port: portOf(target, 443),
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      // SNI has no place for an address.
      ...(servername === '' ? undefined : { servername }),
      ...(last?.name === name ? { session: last.session } : undefined),
      ...(target.httpSocket === undefined ? undefined : { socket: target.httpSocket }),
      ...(checkServerIdentity === undefined ? undefined : { checkServerIdentity }),
      ...(secureContext === undefined ? undefined : { secureContext })
    })
    return socket.on('session', session => { last = { name, session } })
  }
}

const portOf = ({ port }: Target, usual: number): number => port === '' ? usual : Number(port)

/** The name in a host with or without a port; '' for an address. */
function nameIn (host: string): string {
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:.*$/, '')
  return isIP(name) === 0 ? name : ''
}
