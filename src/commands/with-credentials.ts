import type { Clock } from '../clock.js'
import { type CredentialSettings, isAnythingStored, openConfiguredVault } from '../credentials/credential-book.js'
import type { CredentialSpec } from '../credentials/credential-spec.js'
import type { CredentialVault, StoredCredential } from '../credentials/credential-vault.js'
import { CredentialsError } from '../credentials/credentials-error.js'
import { type DeclaredCredentials, readDeclared } from '../credentials/read-declared.js'
import { CommandFailure, UsageError } from './failure.js'
import type { SecretInput } from './read-secrets.js'
import type { RegistryCommandParts } from './with-registry.js'

export interface CredentialCommandParts extends RegistryCommandParts {
  /** Throws ConfigError. */
  readonly readSettings: () => CredentialSettings
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly stdin: SecretInput
  readonly testCredential: (spec: CredentialSpec) => Promise<{ readonly ok: boolean, readonly sentence: string }>
}

/**
 * Opens the vault for one command and closes it again.
 * @throws {UsageError|CommandFailure} in place of what it and the store refuse in plain sentences
 */
export function withVault<Result> ({ readSettings, clock }: Pick<CredentialCommandParts, 'readSettings' | 'clock'>, work: (vault: CredentialVault) => Result): Result {
  return inWords(() => {
    const vault = openConfiguredVault(readSettings(), clock)
    try {
      return work(vault)
    } finally {
      vault.close()
    }
  })
}

/** What is stored. Only looking makes no file, which might belong to another user than the server's. */
export function listStored (parts: Pick<CredentialCommandParts, 'readSettings' | 'clock'>): StoredCredential[] {
  return isAnythingStored(parts.readSettings()) ? withVault(parts, vault => vault.list()) : []
}

/** @throws {UsageError|CommandFailure} in place of what credentials and the store refuse in plain sentences */
export function inWords<Result> (work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof CredentialsError && cause.reason === 'wrong-use') throw new UsageError(cause.message, { cause })
    // By name, since a command does not know the store.
    if (cause instanceof CredentialsError || (cause instanceof Error && cause.name === 'StoreError')) throw new CommandFailure(cause.message, { cause })
    throw cause
  }
}

/** What CREDENTIALS_FILE declares now, with its warnings on stderr. @throws {CommandFailure} that names every fault */
export function readDeclaredNow ({ readSettings, environment, stderr }: CredentialCommandParts): DeclaredCredentials['specs'] {
  const { credentials: { file }, allowHttp } = readSettings()
  if (file === undefined) return new Map()
  const { specs, faults, warnings } = readDeclared(file, { environment, allowHttp })
  if (faults.length > 0) throw new CommandFailure(faults.join(' '))
  for (const warning of warnings) stderr.write(`${warning}\n`)
  return specs
}
