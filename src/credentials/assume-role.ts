import { randomBytes } from 'node:crypto'
import { registerSecret } from '../redact.js'
import { acsDate, signRequest } from '../signing/sign-request.js'
import { askSts, type StsParts } from './ask-sts.js'
import { CredentialProblem } from './credential-problem.js'
import type { CredentialSpec } from './credential-spec.js'
import type { LoadedCredential } from './default-chain.js'
import { readTextFile } from './read-text-file.js'
import { readSecretUrl } from './secret-url.js'

type RamRole = Extract<CredentialSpec, { kind: 'ram-role' }>
type OidcRole = Extract<CredentialSpec, { kind: 'oidc-role' }>

const VERSION = '2015-04-01'
const SESSION_SECONDS = 3600
/** What the service takes has at most 20,000 characters. */
const TOKEN_BYTES_MAX = 65_536
const SESSION_NAME = 'energy-expert-proxy'
const STS_ENDPOINT = 'sts.aliyuncs.com'
const FORM = 'application/x-www-form-urlencoded'

/**
 * A session of a RAM role, asked for with a key pair. Signed with the machine's own time, so that a wrong clock is refused and named.
 * @throws {CredentialProblem}
 */
export async function assumeRole (spec: RamRole, parts: StsParts): Promise<LoadedCredential> {
  const { accessKeyId, accessKeySecret, securityToken, externalId } = spec
  registerSecret(accessKeyId, 4)
  registerSecret(accessKeySecret)
  registerSecret(securityToken ?? '')
  const origin = originOf(spec.stsEndpoint, parts.allowHttp)
  const body = formOf({ ...sessionOf(spec), ExternalId: externalId })
  const headers = {
    host: origin.host,
    accept: 'application/json',
    'content-type': FORM,
    'x-acs-action': 'AssumeRole',
    'x-acs-version': VERSION,
    'x-acs-date': acsDate(parts.clock.now()),
    'x-acs-signature-nonce': randomBytes(16).toString('hex')
  }
  const credential = { accessKeyId, accessKeySecret, ...(securityToken === undefined ? undefined : { securityToken }) }
  const signed = signRequest({ method: 'POST', path: '/', headers }, body, credential)
  return await askSts({ origin, path: '/', headers: signed.headers, body }, parts)
}

/**
 * A session of a RAM role for whoever holds the token of an identity provider; the file is read anew, since what mounts it replaces it.
 * Nothing is signed: the token is the proof.
 * @throws {CredentialProblem}
 */
export async function assumeRoleWithOidc (spec: OidcRole, parts: StsParts): Promise<LoadedCredential> {
  const origin = originOf(spec.stsEndpoint, parts.allowHttp)
  const read = readTextFile(spec.oidcTokenFile, TOKEN_BYTES_MAX)
  const token = 'text' in read ? read.text.trim() : ''
  if (token === '') throw new CredentialProblem('no-token-file')
  registerSecret(token)
  const query = formOf({ Action: 'AssumeRoleWithOIDC', Format: 'JSON', Timestamp: acsDate(parts.clock.now()), Version: VERSION })
  const body = formOf({ ...sessionOf(spec), OIDCProviderArn: spec.oidcProviderArn, OIDCToken: token })
  return await askSts({ origin, path: `/?${query}`, headers: { host: origin.host, accept: 'application/json', 'content-type': FORM }, body }, parts)
}

function sessionOf ({ roleArn, sessionName = SESSION_NAME, sessionSeconds = SESSION_SECONDS, policy }: RamRole | OidcRole): Record<string, string | undefined> {
  return { RoleArn: roleArn, RoleSessionName: sessionName, DurationSeconds: String(sessionSeconds), Policy: policy }
}

function formOf (fields: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(fields)
    .filter((field): field is [string, string] => field[1] !== undefined)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
}

/** A host, or an origin. */
function originOf (endpoint = STS_ENDPOINT, allowHttp: boolean): URL {
  const url = readSecretUrl(/^https?:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`, allowHttp)
  const isOrigin = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (!isOrigin) throw new CredentialProblem('unusable-spec')
  return url
}
