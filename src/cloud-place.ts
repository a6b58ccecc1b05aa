import { isLoopback } from './loopback.js'
import { BadSetting, hostAndPort, origin, regionId } from './setting-readers.js'

/** Where pushes of an account go. */
export interface CloudPlace {
  /** Where the relay connects to. */
  readonly endpoint: URL
  /** The Host that is sent and signed; its name is what TLS checks. */
  readonly signedHost: string
}

export interface PlaceSettings {
  readonly region: string
  /** Undefined: the region's public address. */
  readonly endpoint: URL | undefined
  /** Undefined: the endpoint's host where it is one of Alibaba Cloud's or loopback, otherwise the region's public host. */
  readonly signedHost: string | undefined
}

/** Known regions; another one needs an endpoint of its own. Source: the endpoint list of the service's documentation. */
export const REGIONS: readonly string[] = ['cn-hangzhou', 'ap-southeast-1']

export function toPlace ({ region, endpoint: given, signedHost }: PlaceSettings): CloudPlace {
  const publicHost = `energyexpertexternal.${region}.aliyuncs.com`
  const endpoint = given ?? new URL(`https://${publicHost}`)
  const ownName = endpoint.hostname.endsWith('.aliyuncs.com') || isLoopback(endpoint.hostname)
  return { endpoint, signedHost: signedHost ?? (ownName ? endpoint.host : publicHost) }
}

/** Whether an endpoint speaks plain HTTP with others than this machine, which must be allowed expressly. */
export function isOpenHttp (endpoint: URL): boolean {
  return endpoint.protocol === 'http:' && !isLoopback(endpoint.hostname)
}

/** The settings that a credential may have of its own; by the rules of the settings of the same names. */
export interface OwnPlace {
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  readonly signedHost?: string | undefined
}

/**
 * Where a credential's pushes go. What it does not say itself the settings say; only a region of its own means that region's public
 * address, since the endpoint of the settings leads to another.
 * @returns undefined when what it says cannot be used
 */
export function placeOf (own: OwnPlace, settings: CloudPlace & { readonly region: string, readonly allowHttp: boolean }): CloudPlace | undefined {
  if (own.region === undefined && own.endpoint === undefined) return readOr(() => ({ endpoint: settings.endpoint, signedHost: own.signedHost === undefined ? settings.signedHost : hostAndPort(own.signedHost) }))
  return readOr(() => {
    const region = own.region === undefined ? settings.region : regionId(own.region)
    const endpoint = own.endpoint === undefined ? undefined : origin(own.endpoint)
    if (endpoint === undefined && !REGIONS.includes(region)) throw new BadSetting('another region')
    if (endpoint !== undefined && isOpenHttp(endpoint) && !settings.allowHttp) throw new BadSetting('https')
    return toPlace({ region, endpoint, signedHost: own.signedHost === undefined ? undefined : hostAndPort(own.signedHost) })
  })
}

function readOr (read: () => CloudPlace): CloudPlace | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof BadSetting) return undefined
    throw error
  }
}
