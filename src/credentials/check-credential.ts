import { registerSecret } from '../redact.js'
import { CredentialProblem } from './credential-problem.js'
import type { LoadedCredential } from './default-chain.js'

/** A RAM credential that may be signed with now. */
export interface RamCredential {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly securityToken?: string
  /** Milliseconds since the epoch; absent: none that anyone knows of. */
  readonly expiresAtMs?: number
}

/**
 * Makes sure that what a source gave can stand in headers and has not expired, and makes its secrets known to the
 * redactor before anyone can write them down.
 * @throws {CredentialProblem} malformed, expired
 */
export function checkCredential (loaded: LoadedCredential, nowMs: number): RamCredential {
  // Files and environment variables end in a line break more often than a secret does.
  const accessKeyId = (loaded.accessKeyId ?? '').trim()
  const accessKeySecret = (loaded.accessKeySecret ?? '').trim()
  const securityToken = (loaded.securityToken ?? '').trim()
  registerSecret(accessKeyId, 4)
  registerSecret(accessKeySecret)
  registerSecret(securityToken)
  const isPrintable = [accessKeyId, accessKeySecret, securityToken || '-'].every(text => /^[\x21-\x7e]+$/.test(text))
  // A comma would end the key id within the Authorization header.
  if (!isPrintable || accessKeyId.includes(',')) throw new CredentialProblem('malformed')
  if (loaded.expiresAtMs !== undefined && loaded.expiresAtMs <= nowMs) throw new CredentialProblem('expired')
  return {
    accessKeyId,
    accessKeySecret,
    ...(securityToken === '' ? undefined : { securityToken }),
    ...(loaded.expiresAtMs === undefined ? undefined : { expiresAtMs: loaded.expiresAtMs })
  }
}
