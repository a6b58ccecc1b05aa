import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import { checkServerIdentity, connect, type SecureContext, type TLSSocket } from 'node:tls'
import type { Clock } from '../clock.js'
import { isLoopback } from '../loopback.js'
import { describeFailure } from '../relay/describe-failure.js'
import type { WayOut } from '../way-out/way-out.js'
import { describeBundle } from './describe-bundle.js'
import { judgeExpiry } from './expiry.js'
import { openLine } from './open-line.js'
import { codeOf, fault, type Found, ok, type Report, warning } from './report.js'

/** Where pushes go. */
export interface Place {
  readonly endpoint: URL
  readonly signedHost: string
}

export interface LineParts {
  readonly place: Place | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly wayOut: WayOut | undefined
}

const CONNECT_MS_MAX = 5_000
const HANDSHAKE_MS_MAX = 5_000

/** The way to the cloud, up to the point where a request could be sent. @returns the place when it can be reached */
export async function checkLine (report: Report, { place, environment, clock, wayOut }: LineParts): Promise<Place | undefined> {
  const name = await report.check('dns', { endpoint: place, 'way-out': wayOut }, async given => given['way-out'].goesThroughProxy(given.endpoint.endpoint) ? ok('The proxy looks the endpoint up.', true) : await resolveName(given.endpoint))
  const socket = await report.check('tcp', { dns: name, endpoint: place, 'way-out': wayOut }, async given => await open(given.endpoint, given['way-out']))
  try {
    const line = await report.check('tls', { tcp: socket, endpoint: place }, async given => {
      const { endpoint, signedHost } = given.endpoint
      return endpoint.protocol === 'http:' ? judgePlain(endpoint) : await shakeHands(given.tcp, { signedHost, bundle: await describeBundle(environment), clock, trusted: wayOut?.trusted() })
    })
    return line === undefined ? undefined : place
  } finally {
    socket?.destroy()
  }
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')
const portOf = ({ port, protocol }: URL): number => port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port)

async function resolveName ({ endpoint }: Place): Promise<Found<true>> {
  const host = hostOf(endpoint)
  if (isIP(host) !== 0) return ok(`${host} is an address and needs no look-up.`, true)
  try {
    const addresses = await lookup(host, { all: true })
    return ok(`${host} is ${addresses.slice(0, 4).map(({ address }) => address).join(', ')}.`, true)
  } catch (cause) {
    return fault(`${host} could not be resolved (${codeOf(cause)}).`, 'Check the name in ENERGY_EXPERT_ENDPOINT or ENERGY_EXPERT_REGION, then the name server of this machine or container.')
  }
}

async function open ({ endpoint }: Place, wayOut: WayOut): Promise<Found<Socket>> {
  const isProxied = wayOut.goesThroughProxy(endpoint)
  try {
    const socket = await (wayOut.tunnelTo(endpoint, CONNECT_MS_MAX) ?? openLine({ host: hostOf(endpoint), port: portOf(endpoint) }, CONNECT_MS_MAX))
    return ok(`${endpoint.host} takes connections${isProxied ? ' through the proxy' : ''}.`, socket)
  } catch (cause) {
    const remedy = isProxied ? 'Check HTTPS_PROXY, what that proxy lets through, and NO_PROXY.' : 'Check ENERGY_EXPERT_ENDPOINT, and whether a firewall lets this machine through to its port.'
    return fault(`${endpoint.host}: ${describeFailure(cause, false).message} (${codeOf(cause)})`, remedy)
  }
}

function judgePlain (endpoint: URL): Found<true> {
  if (isLoopback(endpoint.hostname)) return ok('Plain HTTP, to this machine alone.', true)
  return warning('Plain HTTP: whoever is on the way reads and may change every push (ENERGY_EXPERT_ALLOW_HTTP).', 'Use an https:// endpoint, unless what stands there does TLS itself.', true)
}

interface HandshakeParts {
  readonly signedHost: string
  readonly bundle: string
  readonly clock: LineParts['clock']
  /** Besides the bundle. */
  readonly trusted: SecureContext | undefined
}

/** Verified by the rules of the relay's pool. A certificate that fails is looked at all the same, to say whose it is; nothing is sent over such a connection. */
async function shakeHands (socket: Socket, { signedHost, bundle, clock, trusted }: HandshakeParts): Promise<Found<true>> {
  const name = new URL(`https://${signedHost}`).hostname.replace(/^\[|\]$/g, '')
  const secure = connect({
    socket,
    ...(isIP(name) === 0 ? { servername: name } : undefined),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
    ...(trusted === undefined ? undefined : { secureContext: trusted }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate)
  })
  let cancel = (): void => {}
  try {
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve).once('error', reject)
      secure.once('close', () => { reject(Object.assign(new Error(), { code: 'ECONNRESET' })) })
      cancel = clock.after(HANDSHAKE_MS_MAX, () => { reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })) })
    })
  } catch (cause) {
    return fault(`There was no TLS handshake (${codeOf(cause)}). ${describeFailure(cause, false).message}`, 'Check that ENERGY_EXPERT_ENDPOINT is an https:// port, and what stands between: a firewall may let the connection through and swallow what is said over it.')
  } finally {
    cancel()
  }
  return judgeCertificate(secure, { name, bundle, nowMs: clock.now() })
}

function judgeCertificate (secure: TLSSocket, { name, bundle, nowMs }: { name: string, bundle: string, nowMs: number }): Found<true> {
  const { subject, issuer, valid_to: validTo, subjectaltname } = secure.getPeerCertificate()
  const names = String(subjectaltname ?? subject?.CN ?? 'no name').slice(0, 200)
  const whose = `It is for ${names}, issued by ${String(issuer?.O ?? issuer?.CN ?? 'nobody known').slice(0, 100)}, good until ${validTo}; trusted are ${bundle}.`
  if (!secure.authorized) {
    // Declared as an Error, and in fact the code of one.
    const code = String(secure.authorizationError)
    return fault(`${describeFailure({ code }, false).message} (${code}) ${whose}`, `The certificate must be for ${name}. Where a device on the way opens TLS, name its root in CA_FILE, or have this endpoint left alone.`)
  }
  return judgeExpiry(`${secure.getProtocol() ?? 'TLS'}, verified for ${name} against ${bundle}; the certificate`, Date.parse(validTo), nowMs)
}
