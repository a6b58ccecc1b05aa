import fp from 'fastify-plugin'
import { ProxyError } from '../errors.js'
import { isLoopback } from '../loopback.js'

export interface HostAllowListOptions {
  /** Names and addresses beside loopback and the address that the connection came in on. */
  readonly hosts: readonly string[]
}

/**
 * A page in a browser of this network can make its own name point at this machine (DNS rebinding) and read the answers as its own;
 * it cannot choose the Host header, which still says its name. A request without Host comes from no browser.
 */
export default fp<HostAllowListOptions>(async (app, { hosts }) => {
  app.addHook('onRequest', async request => {
    const { host } = request.headers
    if (host === undefined || host === '' || namesThisMachine(host, hosts, request.socket.localAddress)) return
    throw new ProxyError('MisdirectedRequest')
  })
}, { name: 'host-allow-list', dependencies: ['error-answers'] })

/** Whether a Host header, with or without a port, means loopback, one of `hosts`, or `localAddress` as a socket gives it. */
export function namesThisMachine (host: string, hosts: readonly string[], localAddress: string | undefined): boolean {
  const name = bareHost(host)
  // A socket that takes IPv4 and IPv6 gives an IPv4 address as `::ffff:10.0.0.7`.
  return isLoopback(name) || name === localAddress?.replace(/^::ffff:(?=\d+\.)/i, '') || hosts.some(each => bareHost(each) === name)
}

/** `[::1]:8081` and `[::1]` become `::1`, `Name.:8081` becomes `name`. */
function bareHost (host: string): string {
  const inBrackets = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1]
  // More than one colon without brackets is an IPv6 address, as a setting may have it.
  const name = inBrackets ?? (host.split(':').length > 2 ? host : host.replace(/:\d*$/, ''))
  return name.toLowerCase().replace(/\.$/, '')
}
