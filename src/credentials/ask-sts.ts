import { rootCertificates } from 'node:tls'
import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Client } from 'undici'
import type { Clock } from '../clock.js'
import { CredentialProblem, type CredentialProblemKind, toCredentialProblem } from './credential-problem.js'
import type { LoadedCredential } from './default-chain.js'

export interface StsParts {
  readonly clock: Clock
  /** Allows an http:// token service that is not loopback. */
  readonly allowHttp: boolean
  /** Certificates to trust besides the built-in ones, in PEM. */
  readonly ca?: string | undefined
}

/** One question to the token service. */
export interface StsRequest {
  readonly origin: URL
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const ANSWER_MS_MAX = 10_000
const CONNECT_MS_MAX = 5_000
const ANSWER_BYTES_MAX = 65_536

const IssuedSchema = Type.Object({
  Credentials: Type.Object({ AccessKeyId: Type.String(), AccessKeySecret: Type.String(), SecurityToken: Type.String(), Expiration: Type.String() })
})
const RefusedSchema = Type.Object({ Code: Type.String() })

/** Source: the error codes of AssumeRole and AssumeRoleWithOIDC, and of the gateway in front. What is not here is a failure of the service. */
const REFUSALS: ReadonlyArray<readonly [code: RegExp, kind: CredentialProblemKind]> = [
  [/^(?:InvalidTimeStamp|IllegalTimestamp)/i, 'wrong-clock'],
  [/^(?:InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|InvalidSecurityToken|MissingSecurityToken)/i, 'key-refused'],
  [/^(?:NoPermission|Forbidden|EntityNotExist|AuthenticationFail|InvalidParameter|InvalidIdentityToken|NoSuch)/i, 'role-refused']
]

/**
 * Asks the token service once. A connection of its own for each question, since one comes by every 50 minutes.
 * @throws {CredentialProblem} in a fixed sentence, whatever was answered
 */
export async function askSts ({ origin, path, headers, body }: StsRequest, { clock, ca }: Omit<StsParts, 'allowHttp'>): Promise<LoadedCredential> {
  const client = new Client(origin.origin, {
    connectTimeout: CONNECT_MS_MAX,
    // These tick about once a second; the signal below is exact.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: ANSWER_BYTES_MAX,
    allowH2: false,
    connect: { rejectUnauthorized: true, ...(ca === undefined ? undefined : { ca: [...rootCertificates, ca] }) }
  })
  const ending = new AbortController()
  const cancel = clock.after(ANSWER_MS_MAX, () => { ending.abort() })
  try {
    const answer = await client.request({ method: 'POST', path, headers, body, signal: ending.signal })
    return readAnswer(answer.statusCode, await answer.body.text())
  } catch (error) {
    if (ending.signal.aborted) throw new CredentialProblem('slow')
    const problem = toCredentialProblem(error)
    // What cannot be read as HTTP, or has no end.
    throw problem.kind === 'failed' ? new CredentialProblem('service-failed') : problem
  } finally {
    cancel()
    await client.destroy()
  }
}

function readAnswer (statusCode: number, text: string): LoadedCredential {
  const answer = parse(text)
  if (statusCode === 200 && Value.Check(IssuedSchema, answer)) {
    const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = answer.Credentials
    const expiresAtMs = Date.parse(Expiration)
    // A session whose end nobody can tell would be used beyond it.
    if (!Number.isNaN(expiresAtMs)) return { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken, expiresAtMs }
  }
  const code = Value.Check(RefusedSchema, answer) ? answer.Code : ''
  throw new CredentialProblem(REFUSALS.find(([known]) => known.test(code))?.[1] ?? 'service-failed')
}

/** Undefined for what is no JSON: a page of something on the way. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
