/** What keeps the proxy without a credential, and what to do, in sentences that quote nothing of anybody's. */
const SENTENCES = {
  'none-found': 'No source of RAM credentials answered; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or another source of the default chain.',
  'broken-file': 'A file with RAM credentials (~/.aliyun/config.json or ~/.alibabacloud/credentials) could not be used; check that it is valid, readable and has the profile.',
  'service-failed': 'The service that issues temporary RAM credentials refused or failed; check the role, its trust policy and the way to the service.',
  expired: 'The RAM credential that was issued has expired already; check the clock of this machine.',
  malformed: 'The source of RAM credentials gave an AccessKey id, secret or token that is empty or holds blanks or control characters.',
  slow: 'The source of RAM credentials does not answer in time; check the way to it.',
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
  [/parse aliyun cli config|no any configured profiles|unable to get profile|unsupported profile mode|Has no read permission|Can not find credential type/, 'broken-file'],
  [/token.{0,20} (?:failed|err)|to refresh OAuth token|access key secret is invalid|external command|retrieving credentials from credentialsURI/, 'service-failed'],
  [/unable to get credentials/, 'none-found']
]

/** Makes a fixed sentence of whatever @alicloud/credentials 2.4.7 threw. */
export function toCredentialProblem (error: unknown): CredentialProblem {
  if (error instanceof CredentialProblem) return error
  const message = error instanceof Error ? error.message : ''
  return new CredentialProblem(KINDS.find(([known]) => known.test(message))?.[1] ?? 'failed')
}
