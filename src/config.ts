import { isOpenHttp, REGIONS, toPlace, type CloudPlace } from './cloud-place.js'
import { isLoopback } from './loopback.js'
import { noProxy } from './way-out/no-proxy.js'
import { proxyUrl } from './way-out/proxy-url.js'
import type { WayOutSettings } from './way-out/way-out.js'
import { BadSetting, cidrs, hostAndPort, hostName, hostNames, integer, oneOf, origin, regionId, type Setting, secret, setting, text } from './setting-readers.js'

export { isLoopback }

/** Every setting, once: the README's table and the messages are made from these rows. */
export const SETTINGS = {
  HOST: setting('0.0.0.0', 'address that plants push to', hostName),
  PORT: setting('8080', 'port that plants push to', integer(0, 65535)),
  TLS_CERT_FILE: setting(undefined, 'certificate, and what leads to its root, in PEM: https on the plants\' port', text),
  TLS_KEY_FILE: setting(undefined, 'the certificate\'s private key in PEM; both files are read again when they change', text),
  TLS_MIN_VERSION: setting('TLSv1.2', 'oldest TLS version that plants may speak: TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3', oneOf('TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3')),
  ADMIN_HOST: setting('127.0.0.1', 'address of health and metrics', hostName),
  ADMIN_PORT: setting('8081', 'port of health and metrics', integer(0, 65535)),
  ADMIN_TOKEN: setting(undefined, 'needed there for everything but /livez and /readyz; must be set when ADMIN_HOST is not loopback', secret),
  ADMIN_ALLOWED_HOSTS: setting(undefined, 'further names, separated by commas, by which health and metrics may be asked for', hostNames),
  DATA_DIR: setting('./data', 'the embedded store; one server at a time', text),
  ENERGY_EXPERT_REGION: setting('cn-hangzhou', 'picks the endpoint', regionId),
  ENERGY_EXPERT_ENDPOINT: setting(undefined, 'the address to connect to, as an origin; default: the region\'s public address', origin),
  ENERGY_EXPERT_SIGNED_HOST: setting(undefined, 'the Host that is sent and signed, and the name that TLS checks; default: the endpoint\'s host when it ends in .aliyuncs.com or is loopback, otherwise the region\'s public host', hostAndPort),
  ENERGY_EXPERT_ALLOW_HTTP: setting('false', 'allow http:// endpoints, token services and credentials URIs that are not loopback', oneOf('true', 'false')),
  HTTPS_PROXY: setting(undefined, 'proxy on the way to the cloud and to what issues credentials, as http://user:password@host:port; it must allow CONNECT. Also in lower case, as the next two', proxyUrl),
  HTTP_PROXY: setting(undefined, 'the same for http:// endpoints alone', proxyUrl),
  NO_PROXY: setting(undefined, 'what is reached without it: hosts, .suffixes, addresses, CIDRs, with :port where one is meant, separated by commas; or *. Loopback always is', noProxy),
  CA_FILE: setting(undefined, 'certificates to trust besides the built-in ones, in PEM, for the same ways; read again when it changes', text),
  CREDENTIALS_FILE: setting(undefined, 'RAM credentials by name, in YAML; read again when it changes', text),
  MASTER_KEY_FILE: setting(undefined, 'the key that seals stored RAM credentials; outside DATA_DIR, for this user alone', text),
  RELAY_TIMEOUT_MS: setting(undefined, 'deadline of one push, retries included; default: 2500 where the push can be stored, 10000 where not', integer(100, 120_000)),
  QUEUE_MAX_BYTES: setting('1073741824', 'the whole queue on disk, parked pushes included; a plant has a quarter of it unless its own bound is set', integer(1_048_576, 100_000_000_000_000)),
  QUEUE_CALL_MAX_DEVICES: setting('500', 'device records of stored pushes that travel in one call', integer(1, 10_000)),
  QUEUE_CALL_MAX_BYTES: setting('1048576', 'bytes of such a call; a single push is sent whole', integer(1024, 67_108_864)),
  QUEUE_SPLIT_MAX_CALLS: setting('64', 'calls that finding the guilty records of a refused call may cost', integer(0, 10_000)),
  QUEUE_WAIT_MAX_MS: setting('30000', 'longest wait between two questions whether the cloud, the line or the account is back', integer(1000, 3_600_000)),
  IDEMPOTENCY_WINDOW_MS: setting('86400000', 'how long a delivered or stored push is remembered, so that its repeat with the same Idempotency-Key is not sent; at most the latest 100,000 such pushes are', integer(1000, 2_592_000_000)),
  BODY_MAX_BYTES: setting('4194304', 'larger bodies get 413', integer(1024, 67_108_864)),
  BODIES_IN_FLIGHT_MAX_BYTES: setting('67108864', 'all request bodies in memory together; beyond it 503 with Retry-After', integer(1024, 4_294_967_296)),
  FAST_PATH: setting('true', 'plain pushes are read from the socket, proven clean in one pass and sent as they came; false: every request goes through Node\'s HTTP server, Fastify and undici, every body is read, judged and written anew', oneOf('true', 'false')),
  CATALOG_FILE: setting(undefined, 'the operator\'s list of device types and points (CSV or YAML), against which plants set to --catalog are judged', text),
  LOG_LEVEL: setting('info', 'fatal, error, warn, info, debug, trace or silent', oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent')),
  LOG_FORMAT: setting('json', 'json or text', oneOf('json', 'text')),
  TRUST_PROXY: setting(undefined, 'CIDRs whose X-Forwarded-For is believed', cidrs),
  SHUTDOWN_TIMEOUT_MS: setting('8000', 'after SIGTERM: stop accepting, store what can be stored, finish the rest, then go', integer(0, 600_000))
} as const

/** Other tools read these in lower case too. */
const IN_LOWER_CASE: ReadonlySet<string> = new Set(['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'])

type Value<Row> = Row extends Setting<infer T, infer Default> ? T | (Default extends string ? never : undefined) : never
type Values = { [Name in keyof typeof SETTINGS]: Value<(typeof SETTINGS)[Name]> }

export interface TlsConfig {
  readonly certFile: string
  readonly keyFile: string
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'
}

export interface AdminConfig {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  readonly allowedHosts: readonly string[]
}

/** Where RAM credentials besides those of the default chain are. */
export interface CredentialsConfig {
  readonly file: string | undefined
  readonly masterKeyFile: string | undefined
}

export interface QueueConfig {
  /** In bytes as the disk counts. */
  readonly bytesMax: number
  readonly callRecordsMax: number
  readonly callBytesMax: number
  readonly splitCallsMax: number
  readonly holdMsMax: number
}

/** `endpoint` and `signedHost` are those of every credential that has none of its own. */
export interface Config extends CloudPlace {
  readonly host: string
  readonly port: number
  /** Undefined: plants push over plain HTTP. */
  readonly tls: TlsConfig | undefined
  readonly admin: AdminConfig
  readonly dataDir: string
  readonly region: string
  /** Endpoints that speak plain HTTP need not be loopback. */
  readonly allowHttp: boolean
  /** Undefined: 2500 where the push can be stored, 10000 where not. */
  readonly relayTimeoutMs: number | undefined
  readonly queue: QueueConfig
  readonly idempotencyWindowMs: number
  readonly bodyMaxBytes: number
  readonly bodiesInFlightMaxBytes: number
  /** Whether bodies that can be proven clean in one pass are sent as they came. */
  readonly takesFastPath: boolean
  /** The operator's list of device types and points; undefined: none. */
  readonly catalogFile: string | undefined
  readonly logLevel: string
  readonly logFormat: 'json' | 'text'
  readonly trustProxy: string[] | undefined
  readonly credentials: CredentialsConfig
  readonly wayOut: WayOutSettings
  readonly shutdownTimeoutMs: number
}

/** A start that must not happen: one message that names every bad setting, and no value (a value may be a secret). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads every setting from an environment. An empty value counts as not set.
 * @throws {ConfigError} naming every bad setting in one message.
 */
export function readConfig (env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = []
  const unread = new Set<string>()
  const entries = Object.entries(SETTINGS).map(([name, row]) => {
    const given = [name, ...(IN_LOWER_CASE.has(name) ? [name.toLowerCase()] : [])].map(each => env[each]).find(each => each !== undefined && each !== '')
    const value = given ?? row.default
    try {
      return [name, value === undefined ? undefined : row.read(value)]
    } catch (cause) {
      if (!(cause instanceof BadSetting)) throw cause
      faults.push(`${name} must be ${cause.message}`)
      unread.add(name)
      return [name, undefined]
    }
  })
  // Object.entries forgets which name goes with which type; the rows above are the proof.
  const values = Object.fromEntries(entries) as Values
  faults.push(...findConflicts(values, unread))
  if (faults.length > 0) throw new ConfigError(`The settings are wrong: ${faults.join('; ')}.`)
  return toConfig(values)
}

/** What is wrong between settings. Those that could not be read are undefined in `values`, whatever their type says. */
function findConflicts (values: Values, unread: ReadonlySet<string>): string[] {
  const { ENERGY_EXPERT_ENDPOINT: endpoint, ENERGY_EXPERT_REGION: region, TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, ADMIN_HOST: adminHost } = values
  const conflicts: string[] = []
  if (endpoint === undefined && !unread.has('ENERGY_EXPERT_ENDPOINT') && !unread.has('ENERGY_EXPERT_REGION') && !REGIONS.includes(region)) {
    conflicts.push(`ENERGY_EXPERT_REGION must be one of ${REGIONS.join(', ')}, or ENERGY_EXPERT_ENDPOINT must be set`)
  }
  if (endpoint !== undefined && isOpenHttp(endpoint) && values.ENERGY_EXPERT_ALLOW_HTTP !== 'true') {
    conflicts.push('ENERGY_EXPERT_ENDPOINT must be https:// (http:// is for loopback alone, unless ENERGY_EXPERT_ALLOW_HTTP is true)')
  }
  if ((certFile === undefined) !== (keyFile === undefined)) conflicts.push('TLS_CERT_FILE and TLS_KEY_FILE must be set together, or neither of them')
  if (values.ADMIN_TOKEN === undefined && !unread.has('ADMIN_TOKEN') && !unread.has('ADMIN_HOST') && !isLoopback(adminHost)) {
    conflicts.push('ADMIN_TOKEN must be set, since ADMIN_HOST is not loopback')
  }
  return conflicts
}

function toConfig (values: Values): Config {
  const region = values.ENERGY_EXPERT_REGION
  return {
    host: values.HOST,
    port: values.PORT,
    tls: values.TLS_CERT_FILE === undefined || values.TLS_KEY_FILE === undefined
      ? undefined
      : { certFile: values.TLS_CERT_FILE, keyFile: values.TLS_KEY_FILE, minVersion: values.TLS_MIN_VERSION },
    admin: { host: values.ADMIN_HOST, port: values.ADMIN_PORT, token: values.ADMIN_TOKEN, allowedHosts: values.ADMIN_ALLOWED_HOSTS ?? [] },
    dataDir: values.DATA_DIR,
    region,
    allowHttp: values.ENERGY_EXPERT_ALLOW_HTTP === 'true',
    ...toPlace({ region, endpoint: values.ENERGY_EXPERT_ENDPOINT, signedHost: values.ENERGY_EXPERT_SIGNED_HOST }),
    relayTimeoutMs: values.RELAY_TIMEOUT_MS,
    queue: {
      bytesMax: values.QUEUE_MAX_BYTES,
      callRecordsMax: values.QUEUE_CALL_MAX_DEVICES,
      callBytesMax: values.QUEUE_CALL_MAX_BYTES,
      splitCallsMax: values.QUEUE_SPLIT_MAX_CALLS,
      holdMsMax: values.QUEUE_WAIT_MAX_MS
    },
    idempotencyWindowMs: values.IDEMPOTENCY_WINDOW_MS,
    bodyMaxBytes: values.BODY_MAX_BYTES,
    bodiesInFlightMaxBytes: values.BODIES_IN_FLIGHT_MAX_BYTES,
    takesFastPath: values.FAST_PATH === 'true',
    catalogFile: values.CATALOG_FILE,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    trustProxy: values.TRUST_PROXY,
    credentials: { file: values.CREDENTIALS_FILE, masterKeyFile: values.MASTER_KEY_FILE },
    wayOut: { httpsProxy: values.HTTPS_PROXY, httpProxy: values.HTTP_PROXY, isDirect: values.NO_PROXY, caFile: values.CA_FILE },
    shutdownTimeoutMs: values.SHUTDOWN_TIMEOUT_MS
  }
}
