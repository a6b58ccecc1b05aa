import { isTunnelCode } from '../way-out/tunnel-error.js'

/** What keeps the proxy without a credential, and what to do, in sentences that quote nothing of anybody's. */
const SENTENCES = {
  'none-found': 'No source of RAM credentials answered; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or another source of the default chain.',
  'broken-file': 'A file with RAM credentials (~/.aliyun/config.json or ~/.alibabacloud/credentials) could not be used; check that it is valid, readable and has the profile.',
  'no-token-file': 'The file with the OIDC token cannot be read, or is empty; check its path, and that it is mounted.',
  'unusable-spec': 'The credential cannot be used as it is set up; check its region, endpoint and signed host, its stsEndpoint, uri and expiresAt.',
  unreachable: 'The service that issues temporary RAM credentials cannot be reached; check its address, DNS, its certificate and the line.',
  'service-failed': 'The service that issues temporary RAM credentials refused or failed; check the role, its trust policy and the way to the service.',
  'wrong-clock': 'The token service refuses the time of this machine; set its clock right, and keep it so with a time service.',
  'key-refused': 'The token service refuses the AccessKey that asks for the role; check it, or rotate it.',
  'role-refused': 'The token service refuses the role; check the role, its trust policy, and the identity provider and its token where there is one.',
  'session-over': 'The session that was set up has expired; put a new one in its place, or check the clock of this machine.',
  expired: 'The RAM credential that was issued has expired already; check the clock of this machine.',
  malformed: 'The source of RAM credentials gave an AccessKey id, secret or token that is empty or holds blanks or control characters.',
  slow: 'The source of RAM credentials does not answer in time; check the way to it.',
  PROXY_LOGIN: 'The way to the service that issues RAM credentials goes through a proxy that asks for another user or password (407); check HTTPS_PROXY.',
  PROXY_REFUSED: 'The way to the service that issues RAM credentials goes through a proxy that refuses to connect to it; it must allow CONNECT to its host and port.',
  PROXY_UNREACHABLE: 'The way to the service that issues RAM credentials goes through a proxy that cannot be reached; check HTTPS_PROXY and the network.',
  PROXY_TIMEOUT: 'The way to the service that issues RAM credentials goes through a proxy that opens no connection in time.',
  PROXY_UNTRUSTED: 'The way to the service that issues RAM credentials goes through a proxy whose certificate is not trusted; check HTTPS_PROXY and CA_FILE.',
  PROXY_BAD_ANSWER: 'On the way to the service that issues RAM credentials something answers that is neither a proxy nor that service; check HTTPS_PROXY.',
  failed: 'The source of RAM credentials failed.'
} as const

export type CredentialProblemKind = keyof typeof SENTENCES

/** Never carries the error of @alicloud/credentials as its cause: those quote whole files and whole answers. */
export class CredentialProblem extends Error {
  override readonly name = 'CredentialProblem'
  readonly kind: CredentialProblemKind

  constructor (kind: CredentialProblemKind) {
    super(SENTENCES[kind])
    this.kind = kind
  }
}

// The package has no codes, only sentences. The default chain joins those of all its links, so the most telling comes
// first here; that a file is absent ("reading aliyun cli config …") says nothing.
const KINDS: ReadonlyArray<readonly [known: RegExp, kind: CredentialProblemKind]> = [
  [/"(?:InvalidTimeStamp|IllegalTimestamp)/i, 'wrong-clock'],
  [/parse aliyun cli config|no any configured profiles|unable to get profile|unsupported profile mode|Has no read permission|Can not find credential type/, 'broken-file'],
  [/token.{0,20} (?:failed|err)|to refresh OAuth token|access key secret is invalid|external command|retrieving credentials from credentialsURI/, 'service-failed'],
  [/unable to get credentials/, 'none-found'],
  [/^reading aliyun cli config/, 'broken-file']
]

const UNREACHABLE = /^(?:ECONN|ENOTFOUND$|EAI_|ETIMEDOUT$|EHOSTUNREACH$|ENETUNREACH$|EPIPE$|EPROTO$|UND_ERR_(?:SOCKET|CONNECT_TIMEOUT)$|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/

/** Makes a fixed sentence of whatever @alicloud/credentials 2.4.7, or the way to a service, threw. */
export function toCredentialProblem (error: unknown): CredentialProblem {
  if (error instanceof CredentialProblem) return error
  if (!(error instanceof Error)) return new CredentialProblem('failed')
  const known = KINDS.find(([sentence]) => sentence.test(error.message))?.[1]
  if (known !== undefined) return new CredentialProblem(known)
  // What the package's HTTP client throws when its time is over.
  if (error.name === 'RequestTimeoutError') return new CredentialProblem('slow')
  const code = 'code' in error ? String(error.code) : ''
  if (isTunnelCode(code)) return new CredentialProblem(code)
  if (UNREACHABLE.test(code)) return new CredentialProblem('unreachable')
  // The package's files are read with the system's own errors.
  return new CredentialProblem(/^(?:ENOENT|EACCES|EISDIR)$/.test(code) ? 'broken-file' : 'failed')
}
