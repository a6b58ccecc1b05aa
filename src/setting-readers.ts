import { isIP } from 'node:net'

/** What a setting's text must be, in words that complete "NAME must be …". */
export class BadSetting extends Error {}

export interface Setting<T, Default extends string | undefined> {
  /** As the README shows it; undefined: there is none. */
  readonly default: Default
  readonly meaning: string
  readonly read: (text: string) => T
}

export const setting = <T, Default extends string | undefined>(fallback: Default, meaning: string, read: (text: string) => T): Setting<T, Default> => ({ default: fallback, meaning, read })

export const integer = (min: number, max: number) => (text: string): number => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  if (!(value >= min && value <= max)) throw new BadSetting(`a whole number from ${min} to ${max}`)
  return value
}

export const oneOf = <T extends string>(...choices: T[]) => (text: string): T => {
  const choice = choices.find(each => each === text)
  if (choice === undefined) throw new BadSetting(`one of ${choices.join(', ')}`)
  return choice
}

export const text = (value: string): string => value

export const regionId = (value: string): string => {
  if (!/^[a-z0-9-]{1,40}$/.test(value)) throw new BadSetting('a region id such as cn-hangzhou')
  return value
}

export const hostName = (value: string): string => {
  if (!/^[0-9A-Za-z._:[\]-]{1,255}$/.test(value)) throw new BadSetting('a host name or address')
  return value
}

/** A host as it stands in a Host header, with or without a port. */
export const hostAndPort = (value: string): string => {
  const url = URL.canParse(`https://${value}`) ? new URL(`https://${value}`) : undefined
  // What URL reads as something else, such as a path or a user, is not the host that was meant.
  if (url === undefined || url.host !== value.toLowerCase().replace(/:443$/, '')) throw new BadSetting('a host name, with a port where it needs one')
  return value
}

export const hostNames = (value: string): string[] => value.split(',').map(part => {
  const name = part.trim().toLowerCase()
  if (!/^[0-9a-z._:[\]-]{1,255}$/.test(name)) throw new BadSetting('host names or addresses, separated by commas')
  return name
})

/** What can travel in a header as it is. */
export const secret = (value: string): string => {
  if (!/^[\x21-\x7e]{1,4096}$/.test(value)) throw new BadSetting('visible ASCII characters without blanks')
  return value
}

export const origin = (value: string): URL => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new BadSetting('an origin such as https://energyexpertexternal.cn-hangzhou.aliyuncs.com, without a path')
  }
  return url
}

export const cidrs = (value: string): string[] => value.split(',').map(part => {
  const cidr = part.trim()
  const [address = '', prefix = ''] = cidr.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  if (bits === -1 || (cidr.includes('/') && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))) throw new BadSetting('addresses or CIDRs, separated by commas')
  return cidr
})
