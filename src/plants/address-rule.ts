import { BlockList, isIP, SocketAddress } from 'node:net'
import { RegistryError } from './registry-error.js'

/** The addresses that a key may be used from. */
export interface AddressRule {
  /** Networks in CIDR form, normalised; empty means every address. */
  readonly cidrs: readonly string[]
  /** `address` as a socket gives it; `undefined`, which a closed socket gives, is allowed only where every address is. */
  allows (address: string | undefined): boolean
}

interface Network {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly prefixLength: number
}

/**
 * Makes a rule of networks (`10.0.0.0/8`, `2001:db8::/32`) and single addresses. An IPv4 address that is written inside
 * an IPv6 one (`::ffff:10.0.0.1`, as a dual-stack socket gives it) is that IPv4 address, in a network and in a request.
 *
 * @throws RegistryError `wrong-use` that names the first text that is none
 */
export function addressRule (texts: readonly string[]): AddressRule {
  const networks = texts.map(readNetwork)
  const cidrs = [...new Set(networks.map(({ address, prefixLength }) => `${address}/${prefixLength}`))]
  if (networks.length === 0) return { cidrs, allows: () => true }
  // One list a family: BlockList takes every IPv4 address for a part of ::/0.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const { family, address, prefixLength } of networks) lists[family].addSubnet(address, prefixLength, family)
  return {
    cidrs,
    allows: address => {
      const single = address === undefined ? undefined : readAddress(address)
      return single !== undefined && lists[single.family].check(single.address, single.family)
    }
  }
}

function readNetwork (text: string): Network {
  const [, addressText = '', prefixText] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? []
  const address = addressText.includes('%') ? undefined : readAddress(addressText)
  if (address === undefined) {
    throw new RegistryError('wrong-use', `${JSON.stringify(text)} is neither an address nor a network; write for instance 10.0.0.0/8.`)
  }
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8: the first 96 bits only say that it is IPv4.
  const mappedBits = address.family === 'ipv4' && isIP(addressText) === 6 ? 96 : 0
  const bits = address.family === 'ipv4' ? 32 : 128
  const prefixLength = prefixText === undefined ? bits : Number(prefixText) - mappedBits
  if (prefixLength < 0 || prefixLength > bits) {
    throw new RegistryError('wrong-use', `${JSON.stringify(text)} has a prefix that does not fit its address; it goes up to /${bits + mappedBits}.`)
  }
  if ((toBits(address.address) & ((1n << BigInt(bits - prefixLength)) - 1n)) !== 0n) {
    // Taken as a network it would let in more than whoever wrote one address meant.
    throw new RegistryError('wrong-use', `${JSON.stringify(text)} has bits set behind its prefix; write ${addressText} for the one address, or the network's first address.`)
  }
  return { ...address, prefixLength }
}

/** The one way to write the address, without a zone, and as IPv4 where it is one inside. */
function readAddress (text: string): { family: 'ipv4' | 'ipv6', address: string } | undefined {
  const [withoutZone = ''] = text.split('%')
  const version = isIP(withoutZone)
  if (version === 0) return undefined
  if (version === 4) return { family: 'ipv4', address: withoutZone }
  const { address } = new SocketAddress({ address: withoutZone, family: 'ipv6' })
  const mapped = /^::ffff:([\d.]+)$/.exec(address)?.[1]
  return mapped === undefined ? { family: 'ipv6', address } : { family: 'ipv4', address: mapped }
}

function toBits (address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n)
  // A dotted end (::1.2.3.4) is two groups; SocketAddress writes some addresses that way.
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const hex = dotted === null ? address : dotted[1] + [[2, 3], [4, 5]].map(([high = 0, low = 0]) => (Number(dotted[high]) * 256 + Number(dotted[low])).toString(16)).join(':')
  const [head = '', tail] = hex.split('::')
  const groups = (part: string): string[] => part === '' ? [] : part.split(':')
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  return [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail ?? '')].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}
