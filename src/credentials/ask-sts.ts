import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { askService, type ServiceAnswer, type ServiceParts, type ServiceRequest } from './ask-service.js'
import { CredentialProblem, type CredentialProblemKind } from './credential-problem.js'
import type { LoadedCredential } from './default-chain.js'

export interface StsParts extends ServiceParts {
  /** Allows an http:// token service that is not loopback. */
  readonly allowHttp: boolean
}

const IssuedSchema = Type.Object({
  Credentials: Type.Object({ AccessKeyId: Type.String(), AccessKeySecret: Type.String(), SecurityToken: Type.String(), Expiration: Type.String() })
})
const RefusedSchema = Type.Object({ Code: Type.String() })

export const CLOCK_REFUSED = /^(?:InvalidTimeStamp|IllegalTimestamp)/i

/** Source: the error codes of AssumeRole and AssumeRoleWithOIDC, and of the gateway in front. What is not here is a failure of the service. */
const REFUSALS: ReadonlyArray<readonly [code: RegExp, kind: CredentialProblemKind]> = [
  [CLOCK_REFUSED, 'wrong-clock'],
  [/^(?:InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|InvalidSecurityToken|MissingSecurityToken)/i, 'key-refused'],
  [/^(?:NoPermission|Forbidden|EntityNotExist|AuthenticationFail|InvalidParameter|InvalidIdentityToken|NoSuch)/i, 'role-refused']
]

/** @throws {CredentialProblem} in a fixed sentence, whatever was answered */
export async function askSts (request: Omit<ServiceRequest, 'method'>, parts: ServiceParts): Promise<LoadedCredential> {
  return readAnswer(await askService({ ...request, method: 'POST' }, parts))
}

function readAnswer ({ statusCode, json: answer }: ServiceAnswer): LoadedCredential {
  if (statusCode === 200 && Value.Check(IssuedSchema, answer)) {
    const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = answer.Credentials
    const expiresAtMs = Date.parse(Expiration)
    // A session whose end nobody can tell would be used beyond it.
    if (!Number.isNaN(expiresAtMs)) return { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken, expiresAtMs }
  }
  const code = codeOf(answer)
  throw new CredentialProblem(REFUSALS.find(([known]) => known.test(code))?.[1] ?? 'service-failed')
}

/** The code of a refusal, empty where there is none. */
export const codeOf = (answer: unknown): string => Value.Check(RefusedSchema, answer) ? answer.Code : ''
