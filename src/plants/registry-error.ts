/**
 * Why the registry did not do what it was asked, in one plain sentence that says what to do.
 *
 * - `wrong-use`: the request itself cannot be right, whatever is stored
 * - `not-found`, `exists`, `in-use`, `ended`: what is stored speaks against it
 */
export type RegistryErrorReason = 'wrong-use' | 'not-found' | 'exists' | 'in-use' | 'ended'

export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly reason: RegistryErrorReason

  constructor (reason: RegistryErrorReason, message: string) {
    super(message)
    this.reason = reason
  }
}
