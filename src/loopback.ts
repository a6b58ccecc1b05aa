import { BlockList, isIP } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether a host (a name, an IPv4 address, or an IPv6 address with or without brackets) is this machine itself. */
export function isLoopback (host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(bare)
  return bare === 'localhost' || (family !== 0 && LOOPBACK.check(bare, family === 6 ? 'ipv6' : 'ipv4'))
}
