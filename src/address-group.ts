import { isIP } from 'node:net'

/**
 * What counts as one sender: an IPv4 address, or the /64 of an IPv6 address, since whoever has one address of a /64 has all
 * of them. What is no address (a forwarded header may say anything, at any length) is one group together.
 * @param address as a socket or Fastify gives it; `undefined`, which a closed socket gives, is no address
 */
export function addressGroup (address: string | undefined): string {
  const [bare = ''] = (address ?? '').split('%')
  switch (isIP(bare)) {
    case 4: return bare
    case 6: return ipv6Group(bare)
    default: return 'none'
  }
}

function ipv6Group (address: string): string {
  // As a dual-stack socket writes an IPv4 sender.
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted end is two groups; it never reaches into the first four unless zeros stand before it.
  const afterCount = after.length + (after.at(-1)?.includes('.') === true ? 1 : 0)
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - afterCount)
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4)
  return `${groups.map(group => parseInt(group, 16).toString(16)).join(':')}::/64`
}
