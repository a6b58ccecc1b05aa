import type { Clock } from '../clock.js'
import { CredentialsStore, type CredentialRow } from '../store/credentials-store.js'
import { checkSpec } from './check-spec.js'
import type { CredentialSpec } from './credential-spec.js'
import { CredentialsError } from './credentials-error.js'
import type { MasterKey } from './master-key.js'
import { seal, unseal } from './seal.js'

/** What is stored under a name: the credential, or why it cannot be opened. */
export interface StoredCredential {
  readonly name: string
  readonly createdAtMs: number
  readonly changedAtMs: number
  readonly spec?: CredentialSpec
  /** A sentence. */
  readonly problem?: string
}

/** RAM credentials that lie sealed in `credentials.db`. Every method throws CredentialsError and StoreError. */
export interface CredentialVault {
  readonly path: string
  /** Needs no key to tell the names. */
  list (): StoredCredential[]
  add (name: string, spec: CredentialSpec): void
  /** Throws what `add` would throw for the name, before anybody is asked for a secret. */
  checkAdd (name: string): void
  /** @param change makes the new one of the old one */
  replace (name: string, change: (spec: CredentialSpec) => CredentialSpec): CredentialSpec
  /** Needs no key. */
  remove (name: string): void
  /**
   * Seals everything anew, all of it or nothing: whatever ends the process, one of the two keys opens every credential.
   * @returns how many are sealed with the new key
   */
  rekey (newKey: MasterKey): number
  /** See Database.changed. */
  changed (): boolean
  /** @param path a file that is not there yet */
  backupTo (path: string): { bytes: number }
  close (): void
}

export interface VaultParts {
  readonly dataDir: string
  readonly clock: Clock
  /** Asked each time, since the file may be replaced beside a running server. Throws CredentialsError. */
  readonly masterKey: () => MasterKey
  readonly allowHttp: boolean
  readonly randomBytes?: (size: number) => Uint8Array
}

/** @throws StoreError in a plain sentence */
export function openVault (parts: VaultParts): CredentialVault {
  return new SealedVault(parts)
}

class SealedVault implements CredentialVault {
  readonly #store: CredentialsStore
  readonly #parts: VaultParts

  constructor (parts: VaultParts) {
    this.#store = new CredentialsStore(parts.dataDir)
    this.#parts = parts
  }

  get path (): string {
    return this.#store.path
  }

  list (): StoredCredential[] {
    const rows = this.#store.list()
    if (rows.length === 0) return []
    const key = this.#keyOrProblem()
    return rows.map(row => {
      const { name, createdAtMs, changedAtMs } = row
      return { name, createdAtMs, changedAtMs, ...(typeof key === 'string' ? { problem: key } : this.#tryOpen(row, key)) }
    })
  }

  checkAdd (name: string): void {
    this.#refuseAdd(name, this.#parts.masterKey())
  }

  add (name: string, spec: CredentialSpec): void {
    const key = this.#parts.masterKey()
    this.#store.transaction(() => {
      this.#refuseAdd(name, key)
      const nowMs = this.#parts.clock.now()
      this.#store.insert({ ...this.#sealed(name, JSON.stringify(spec), key), createdAtMs: nowMs, changedAtMs: nowMs })
    })
  }

  replace (name: string, change: (spec: CredentialSpec) => CredentialSpec): CredentialSpec {
    const key = this.#parts.masterKey()
    const changed = this.#store.transaction(() => {
      const row = this.#find(name)
      const spec = change(this.#open(row, key))
      this.#store.update({ ...this.#sealed(name, JSON.stringify(spec), key), changedAtMs: this.#parts.clock.now() })
      return spec
    })
    this.#store.emptyLog()
    return changed
  }

  remove (name: string): void {
    this.#store.transaction(() => {
      this.#find(name)
      this.#store.delete(name)
    })
    this.#store.emptyLog()
  }

  rekey (newKey: MasterKey): number {
    const count = this.#store.transaction(() => {
      const rows = this.#store.list()
      // A second run after one that was cut off behind its commit finds nothing left to do, and needs no old key.
      const left = rows.filter(row => row.keyId !== newKey.id)
      const oldKey = left.length === 0 ? newKey : this.#parts.masterKey()
      for (const row of left) this.#store.update({ ...row, ...this.#sealed(row.name, this.#openText(row, oldKey), newKey) })
      return rows.length
    })
    this.#store.emptyLog()
    return count
  }

  changed (): boolean {
    return this.#store.changed()
  }

  backupTo (path: string): { bytes: number } {
    return this.#store.copyTo(path)
  }

  close (): void {
    this.#store.close()
  }

  #refuseAdd (name: string, key: MasterKey): void {
    if (this.#store.find(name) !== undefined) throw new CredentialsError(`There is a credential ${name} already; "credentials rotate ${name}" replaces its secrets.`)
    // Two keys in one store could never be made one again.
    for (const row of this.#store.list()) this.#refuseOther(row, key)
  }

  #find (name: string): CredentialRow {
    const row = this.#store.find(name)
    if (row === undefined) throw new CredentialsError(`There is no stored credential ${JSON.stringify(name.slice(0, 80))}; "credentials list" shows which there are.`)
    return row
  }

  #sealed (name: string, text: string, key: MasterKey): Pick<CredentialRow, 'name' | 'keyId' | 'sealed'> {
    return { name, keyId: key.id, sealed: seal(text, { name, key, randomBytes: this.#parts.randomBytes }) }
  }

  #keyOrProblem (): MasterKey | string {
    try {
      return this.#parts.masterKey()
    } catch (error) {
      if (error instanceof CredentialsError) return error.message
      throw error
    }
  }

  #tryOpen (row: CredentialRow, key: MasterKey): Pick<StoredCredential, 'spec' | 'problem'> {
    try {
      return { spec: this.#open(row, key) }
    } catch (error) {
      if (error instanceof CredentialsError) return { problem: error.message }
      throw error
    }
  }

  #open (row: CredentialRow, key: MasterKey): CredentialSpec {
    const given: unknown = JSON.parse(this.#openText(row, key))
    const { spec, faults } = checkSpec(row.name, given, { allowHttp: this.#parts.allowHttp })
    if (spec === undefined) throw new CredentialsError(`The stored credential ${row.name} cannot be used by this version or with these settings: ${faults.join(' ')}`)
    return spec
  }

  #openText (row: CredentialRow, key: MasterKey): string {
    this.#refuseOther(row, key)
    const text = unseal(row.sealed, { name: row.name, key })
    if (text === undefined) throw new CredentialsError(`The stored credential ${row.name} was changed or damaged since it was sealed; restore credentials.db from a backup, or remove ${row.name} and add it again.`)
    return text
  }

  #refuseOther (row: CredentialRow, key: MasterKey): void {
    if (row.keyId === key.id) return
    throw new CredentialsError(`The stored credentials were sealed with another master key (its id is ${row.keyId}; that of ${key.path} is ${key.id}); name in MASTER_KEY_FILE the file that sealed them, which after "credentials rekey" is the new one.`)
  }
}
