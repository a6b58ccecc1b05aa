import { BlockList, isIP } from 'node:net'
import { isLoopback } from './loopback.js'

/**
 * Whether an address stands for many senders, so that a bound for one would hit them all: this machine itself (a sender's
 * own proxy in front) and the load balancers of TRUST_PROXY.
 * @param trustProxy addresses and CIDRs, as the setting holds them
 */
export function createIsShared (trustProxy: readonly string[]): (address: string) => boolean {
  // One list a family: BlockList takes every IPv4 address for a part of ::/0.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const cidr of trustProxy) {
    const [address = '', prefix] = cidr.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) lists[family].addAddress(address, family)
    else lists[family].addSubnet(address, Number(prefix), family)
  }
  return address => {
    // Asked for each connection and body; the lists cost ten times as much as the rest.
    if (address === '127.0.0.1' || address === '::1') return true
    if (trustProxy.length === 0 && !address.includes(':') && !address.startsWith('127.')) return false
    const bare = (address.split('%')[0] ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
    const version = isIP(bare)
    return version !== 0 && (isLoopback(bare) || lists[version === 6 ? 'ipv6' : 'ipv4'].check(bare, version === 6 ? 'ipv6' : 'ipv4'))
  }
}
