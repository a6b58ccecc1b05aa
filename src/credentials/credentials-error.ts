/**
 * Why stored or declared credentials did not do what was asked, in plain sentences that say what to do and quote no value.
 * `wrong-use`: the request itself cannot be right, whatever is stored.
 */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
  readonly reason: 'wrong-use' | 'failure'

  constructor (message: string, reason: 'wrong-use' | 'failure' = 'failure') {
    super(message)
    this.reason = reason
  }
}
