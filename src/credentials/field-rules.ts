import { isLoopback } from '../loopback.js'
import { BadSetting, hostAndPort, origin } from '../setting-readers.js'

/** What a field's text must be beyond its schema: the words complete "FIELD must be …". */
type Rule = (text: string, given: { readonly allowHttp: boolean }) => string | undefined

const matches = (pattern: RegExp, words: string): Rule => text => pattern.test(text) ? undefined : words

/** What a reader of settings says of it. */
const reads = (read: (text: string) => unknown): Rule => text => {
  try {
    read(text)
    return undefined
  } catch (error) {
    if (error instanceof BadSetting) return error.message
    throw error
  }
}

const visible = matches(/^[\x21-\x7e]+$/, 'visible ASCII characters without blanks')

const endpoint: Rule = (text, { allowHttp }) => {
  const fault = reads(origin)(text, { allowHttp })
  if (fault !== undefined) return fault
  return faultOfWay(new URL(text), allowHttp)
}

const faultOfWay = ({ protocol, hostname }: URL, allowHttp: boolean): string | undefined =>
  protocol === 'http:' && !isLoopback(hostname) && !allowHttp ? 'https:// (http:// is for loopback alone, unless ENERGY_EXPERT_ALLOW_HTTP is true)' : undefined

/** A login in it would be shown with it, and is of no use to the service. */
const stsEndpoint: Rule = (text, given) => {
  const isUrl = /^https?:\/\//i.test(text)
  if (reads(isUrl ? origin : hostAndPort)(text, given) !== undefined) return 'a host such as sts.cn-hangzhou.aliyuncs.com, or an origin such as https://sts.cn-hangzhou.aliyuncs.com'
  return isUrl ? faultOfWay(new URL(text), given.allowHttp) : undefined
}

const uri: Rule = (text, { allowHttp }) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url === undefined || !/^https?:$/.test(url.protocol) ? 'an address that begins with http:// or https://' : faultOfWay(url, allowHttp)
}

const isJsonObject = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const RULES: ReadonlyMap<string, Rule> = new Map(Object.entries({
  region: matches(/^[a-z0-9-]{1,40}$/, 'a region id such as cn-hangzhou'),
  endpoint,
  signedHost: reads(hostAndPort),
  // A comma would end the id within the Authorization header.
  accessKeyId: matches(/^[\x21-\x2b\x2d-\x7e]+$/, 'visible ASCII characters without blanks and commas'),
  accessKeySecret: visible,
  securityToken: visible,
  expiresAt: text => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)) ? undefined : 'a moment such as 2030-12-31T18:00:00Z',
  roleArn: matches(/^acs:ram::\d+:role\/\S+$/, 'a role such as acs:ram::1234567890123456:role/energy-expert'),
  sessionName: matches(/^[\w.@-]{2,64}$/, '2 to 64 letters, digits and characters of . @ - _'),
  policy: text => isJsonObject(text) ? undefined : 'a policy in JSON',
  stsEndpoint,
  oidcProviderArn: matches(/^acs:ram::\d+:oidc-provider\/\S+$/, 'an identity provider such as acs:ram::1234567890123456:oidc-provider/plant'),
  uri
} satisfies Record<string, Rule>))

/** What is wrong with the text of a field, in words that complete "FIELD must be …"; undefined when nothing is. Never quotes it. */
export function faultOfField (field: string, text: string, given: { readonly allowHttp: boolean }): string | undefined {
  return RULES.get(field)?.(text, given)
}
