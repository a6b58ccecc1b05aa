import { BlockList, isIP } from 'node:net'
import { BadSetting } from '../setting-readers.js'

/** Whether a place is connected to directly, whatever the proxy. */
export type IsDirect = (place: { readonly hostname: string, readonly port: number }) => boolean

const MUST_BE = 'host names, .suffixes, addresses or CIDRs, separated by commas, each but a CIDR with :port where it is meant for one port; or *'

/**
 * Reads NO_PROXY as other tools do: `plant.example` is that host and every one below it, `.plant.example` and `*.plant.example` are those
 * below it. Addresses and CIDRs are compared with addresses alone; no name is resolved for them.
 */
export function noProxy (value: string): IsDirect {
  const rules = value.split(/[\s,]+/).filter(part => part !== '').map(readRule)
  return ({ hostname, port }) => {
    const host = bareHost(hostname)
    return rules.some(rule => rule({ hostname: host, port }))
  }
}

function readRule (part: string): IsDirect {
  if (part === '*') return () => true
  const [, bracketed, plain = '', portText] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(part) ?? []
  // An IPv6 address without brackets has no port.
  const host = isIP(part.split('/')[0] ?? '') === 6 ? part : bracketed ?? plain
  const port = host === part || portText === undefined ? undefined : Number(portText)
  if (port !== undefined && (port < 1 || port > 65_535)) throw new BadSetting(MUST_BE)
  const isHost = readHost(host.toLowerCase(), port)
  return place => (port === undefined || port === place.port) && isHost(place.hostname)
}

function readHost (host: string, port: number | undefined): (hostname: string) => boolean {
  const [address = '', prefixText, ...more] = host.split('/')
  const version = isIP(address)
  if (version !== 0) {
    const bits = version === 6 ? 128 : 32
    const prefix = Number(prefixText ?? bits)
    const isCidr = prefixText === undefined || (/^\d{1,3}$/.test(prefixText) && prefix <= bits && port === undefined)
    if (!isCidr || more.length > 0) throw new BadSetting(MUST_BE)
    const family = version === 6 ? 'ipv6' : 'ipv4'
    const list = new BlockList()
    list.addSubnet(address, prefix, family)
    return hostname => isIP(hostname) === version && list.check(hostname, family)
  }
  const name = host.replace(/^\*(?=\.)/, '').replace(/\.$/, '')
  if (!/^\.?[0-9a-z_](?:[0-9a-z_.-]*[0-9a-z_])?$/.test(name) || /^[\d.]+$/.test(name)) throw new BadSetting(MUST_BE)
  const suffix = name.startsWith('.') ? name : `.${name}`
  return hostname => hostname === name || hostname.endsWith(suffix)
}

const bareHost = (hostname: string): string => hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
