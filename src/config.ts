import { BlockList, isIP } from 'node:net'

/** What a setting's text must be, in words that complete "NAME must be …". */
class BadSetting extends Error {}

interface Setting<T, Default extends string | undefined> {
  /** As the README shows it; undefined: there is none. */
  readonly default: Default
  readonly meaning: string
  readonly read: (text: string) => T
}

const setting = <T, Default extends string | undefined>(fallback: Default, meaning: string, read: (text: string) => T): Setting<T, Default> => ({ default: fallback, meaning, read })

const integer = (min: number, max: number) => (text: string): number => {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  if (!(value >= min && value <= max)) throw new BadSetting(`a whole number from ${min} to ${max}`)
  return value
}

const oneOf = <T extends string>(...choices: T[]) => (text: string): T => {
  const choice = choices.find(each => each === text)
  if (choice === undefined) throw new BadSetting(`one of ${choices.join(', ')}`)
  return choice
}

const text = (value: string): string => value

const hostName = (value: string): string => {
  if (!/^[0-9A-Za-z._:[\]-]{1,255}$/.test(value)) throw new BadSetting('a host name or address')
  return value
}

const origin = (value: string): URL => {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.username !== '' || url.password !== '') {
    throw new BadSetting('an origin such as https://energyexpertexternal.cn-hangzhou.aliyuncs.com, without a path')
  }
  return url
}

const cidrs = (value: string): string[] => value.split(',').map(part => {
  const cidr = part.trim()
  const [address = '', prefix = ''] = cidr.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  if (bits === -1 || (cidr.includes('/') && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))) throw new BadSetting('addresses or CIDRs, separated by commas')
  return cidr
})

/** Every setting, once: the README's table and the messages are made from these rows. */
export const SETTINGS = {
  HOST: setting('0.0.0.0', 'address that plants push to', hostName),
  PORT: setting('8080', 'port that plants push to', integer(0, 65535)),
  DATA_DIR: setting('./data', 'the embedded store; one server at a time', text),
  ENERGY_EXPERT_REGION: setting('cn-hangzhou', 'picks the endpoint', value => {
    if (!/^[a-z0-9-]{1,40}$/.test(value)) throw new BadSetting('a region id such as cn-hangzhou')
    return value
  }),
  ENERGY_EXPERT_ENDPOINT: setting(undefined, 'the address to connect to, as an origin; default: the region\'s public address', origin),
  ENERGY_EXPERT_SIGNED_HOST: setting(undefined, 'the Host that is sent and signed, and the name that TLS checks; default: the endpoint\'s host when it ends in .aliyuncs.com or is loopback, otherwise the region\'s public host', hostName),
  ENERGY_EXPERT_ALLOW_HTTP: setting('false', 'allow an http:// endpoint that is not loopback', oneOf('true', 'false')),
  RELAY_TIMEOUT_MS: setting('10000', 'deadline of one push, retries included', integer(100, 120_000)),
  BODY_MAX_BYTES: setting('4194304', 'larger bodies get 413', integer(1024, 67_108_864)),
  BODIES_IN_FLIGHT_MAX_BYTES: setting('67108864', 'all request bodies in memory together; beyond it 503 with Retry-After', integer(1024, 4_294_967_296)),
  LOG_LEVEL: setting('info', 'fatal, error, warn, info, debug, trace or silent', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')),
  LOG_FORMAT: setting('json', 'json or text', oneOf('json', 'text')),
  TRUST_PROXY: setting(undefined, 'CIDRs whose X-Forwarded-For is believed', cidrs),
  SHUTDOWN_TIMEOUT_MS: setting('8000', 'after SIGTERM: stop accepting, finish what is under way, then go', integer(0, 600_000))
} as const

type Value<Row> = Row extends Setting<infer T, infer Default> ? T | (Default extends string ? never : undefined) : never
type Values = { [Name in keyof typeof SETTINGS]: Value<(typeof SETTINGS)[Name]> }

export interface Config {
  readonly host: string
  readonly port: number
  readonly dataDir: string
  /** Where the relay connects to. */
  readonly endpoint: URL
  /** The Host that is sent and signed; its name is what TLS checks. */
  readonly signedHost: string
  readonly relayTimeoutMs: number
  readonly bodyMaxBytes: number
  readonly bodiesInFlightMaxBytes: number
  readonly logLevel: string
  readonly logFormat: 'json' | 'text'
  readonly trustProxy: string[] | undefined
  readonly shutdownTimeoutMs: number
}

/** A start that must not happen: one message that names every bad setting, and no value (a value may be a secret). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** Known regions; another one needs an endpoint of its own. Source: the endpoint list of the service's documentation. */
const REGIONS = ['cn-hangzhou', 'ap-southeast-1']

/**
 * Reads every setting from an environment. An empty value counts as not set.
 * @throws {ConfigError} naming every bad setting in one message.
 */
export function readConfig (env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const entries = Object.entries(SETTINGS).map(([name, row]) => {
    const given = env[name] === '' ? undefined : env[name]
    const value = given ?? row.default
    try {
      return [name, value === undefined ? undefined : row.read(value)]
    } catch (cause) {
      if (!(cause instanceof BadSetting)) throw cause
      faults.push(`${name} must be ${cause.message}`)
      return [name, undefined]
    }
  })
  // Object.entries forgets which name goes with which type; the rows above are the proof.
  const values = Object.fromEntries(entries) as Values
  if (values.ENERGY_EXPERT_ENDPOINT === undefined && !REGIONS.includes(values.ENERGY_EXPERT_REGION) && faults.length === 0) {
    faults.push(`ENERGY_EXPERT_REGION must be one of ${REGIONS.join(', ')}, or ENERGY_EXPERT_ENDPOINT must be set`)
  }
  if (values.ENERGY_EXPERT_ENDPOINT?.protocol === 'http:' && !isLoopback(values.ENERGY_EXPERT_ENDPOINT.hostname) && values.ENERGY_EXPERT_ALLOW_HTTP !== 'true') {
    faults.push('ENERGY_EXPERT_ENDPOINT must be https:// (http:// is for loopback alone, unless ENERGY_EXPERT_ALLOW_HTTP is true)')
  }
  if (faults.length > 0) throw new ConfigError(`The settings are wrong: ${faults.join('; ')}.`)
  return toConfig(values)
}

function toConfig (values: Values): Config {
  const publicHost = `energyexpertexternal.${values.ENERGY_EXPERT_REGION}.aliyuncs.com`
  const endpoint = values.ENERGY_EXPERT_ENDPOINT ?? new URL(`https://${publicHost}`)
  const ownName = endpoint.hostname.endsWith('.aliyuncs.com') || isLoopback(endpoint.hostname)
  return {
    host: values.HOST,
    port: values.PORT,
    dataDir: values.DATA_DIR,
    endpoint,
    signedHost: values.ENERGY_EXPERT_SIGNED_HOST ?? (ownName ? endpoint.host : publicHost),
    relayTimeoutMs: values.RELAY_TIMEOUT_MS,
    bodyMaxBytes: values.BODY_MAX_BYTES,
    bodiesInFlightMaxBytes: values.BODIES_IN_FLIGHT_MAX_BYTES,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    trustProxy: values.TRUST_PROXY,
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS
  }
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8)
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether a host (a name, an IPv4 address, or an IPv6 address with or without brackets) is this machine itself. */
export function isLoopback (host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(bare)
  return bare === 'localhost' || (family !== 0 && LOOPBACK.check(bare, family === 6 ? 'ipv6' : 'ipv4'))
}
