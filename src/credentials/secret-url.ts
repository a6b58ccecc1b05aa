import { isLoopback } from '../loopback.js'
import { CredentialProblem } from './credential-problem.js'

/**
 * Where secrets come from: https, or http from this machine alone unless that is allowed.
 * @throws {CredentialProblem} unusable-spec
 */
export function readSecretUrl (text: string, allowHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHttp = url?.protocol === 'http:' && (allowHttp || isLoopback(url.hostname))
  if (url === undefined || !(isHttp || url.protocol === 'https:')) throw new CredentialProblem('unusable-spec')
  return url
}
