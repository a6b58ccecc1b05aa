import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { askService } from './ask-service.js'
import { CLOCK_REFUSED, codeOf, type StsParts } from './ask-sts.js'
import { CredentialProblem } from './credential-problem.js'
import type { LoadedCredential } from './default-chain.js'
import { readSecretUrl } from './secret-url.js'

const IssuedSchema = Type.Object({ AccessKeyId: Type.String(), AccessKeySecret: Type.String(), SecurityToken: Type.String(), Expiration: Type.String() })

/**
 * The session that a credentials URI has. Not by @alicloud/credentials, which knows neither proxies nor further certificates.
 * @throws {CredentialProblem}
 */
export async function askUri (uri: string, parts: StsParts): Promise<LoadedCredential> {
  const url = readSecretUrl(uri, parts.allowHttp)
  const login = url.username === '' ? undefined : { authorization: `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64')}` }
  const { statusCode, json } = await askService({ origin: url, method: 'GET', path: `${url.pathname}${url.search}`, headers: { accept: 'application/json', ...login } }, parts)
  if (statusCode !== 200 || !Value.Check(IssuedSchema, json)) throw new CredentialProblem(CLOCK_REFUSED.test(codeOf(json)) ? 'wrong-clock' : 'service-failed')
  const { AccessKeyId: accessKeyId, AccessKeySecret: accessKeySecret, SecurityToken: securityToken, Expiration } = json
  const expiresAtMs = Date.parse(Expiration)
  // A session whose end nobody can tell would be used beyond it.
  if (Number.isNaN(expiresAtMs)) throw new CredentialProblem('service-failed')
  return { accessKeyId, accessKeySecret, securityToken, expiresAtMs }
}
