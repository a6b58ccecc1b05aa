import type { Clock } from '../clock.js'
import type { Config } from '../config.js'
import { CredentialsStore } from '../store/credentials-store.js'
import type { CredentialBook, CredentialSpec } from './credential-spec.js'
import { type CredentialVault, openVault } from './credential-vault.js'
import { CredentialsError } from './credentials-error.js'
import { FollowedFile } from './follow-declared.js'
import { readMasterKey, type MasterKey } from './master-key.js'

/** What of the settings counts for stored and declared credentials. */
export type CredentialSettings = Pick<Config, 'dataDir' | 'credentials' | 'allowHttp'>

export interface BookParts {
  readonly config: CredentialSettings
  /** What `${NAME}` in CREDENTIALS_FILE stands for. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Told once of each problem that comes up later on, in sentences; what was known before is used on. */
  readonly onProblem?: (problem: unknown) => void
}

/** The name that every plant has that names no other. */
export const DEFAULT_NAME = 'default'
const POLL_MS = 500

/** The book, open: it reads on until it is closed. */
export interface OpenCredentialBook extends CredentialBook {
  close (): void
}

/**
 * Opens what is stored and what is declared, and keeps up with both.
 * @throws {CredentialsError|StoreError} in sentences that name each fault: a start with half of the credentials must not happen
 */
export function openCredentialBook (parts: BookParts): OpenCredentialBook {
  return new LiveBook(parts)
}

/** Whether there is a vault to open; looking for it makes none. */
export function isAnythingStored ({ dataDir }: Pick<CredentialSettings, 'dataDir'>): boolean {
  return CredentialsStore.exists(dataDir)
}

/** The vault of the settings. @throws {StoreError} */
export function openConfiguredVault ({ dataDir, credentials: { masterKeyFile }, allowHttp }: CredentialSettings, clock: Clock): CredentialVault {
  return openVault({ dataDir, clock, allowHttp, masterKey: () => configuredKey(dataDir, masterKeyFile) })
}

function configuredKey (dataDir: string, file: string | undefined): MasterKey {
  if (file === undefined) throw new CredentialsError('Stored credentials need a master key: set MASTER_KEY_FILE to the file that has it; "credentials init-key FILE" makes one where none is stored yet.')
  return readMasterKey(file, dataDir)
}

export function bothSentence (name: string): string {
  return `${name} is both stored and declared in CREDENTIALS_FILE; take its entry out of the file, or the stored one with "credentials remove ${name}".`
}

class LiveBook implements OpenCredentialBook {
  readonly #parts: BookParts
  readonly #file: FollowedFile | undefined
  readonly #listeners = new Set<(names: readonly string[]) => void>()
  #vault: CredentialVault | undefined
  #stored: ReadonlyMap<string, CredentialSpec> = new Map()
  #storedProblems: readonly unknown[] = []
  #specs: ReadonlyMap<string, CredentialSpec> = new Map()
  /** By message. */
  #told: ReadonlySet<string> = new Set()
  #cancel = (): void => {}

  constructor (parts: BookParts) {
    const { config: { credentials: { file }, allowHttp }, environment } = parts
    this.#parts = parts
    this.#file = file === undefined ? undefined : new FollowedFile(file, { environment, allowHttp })
    try {
      this.#lookAtStored()
      const { specs, conflicts } = this.#join()
      const problems = [...this.#file?.faults ?? [], ...conflicts, ...new Set(this.#storedProblems.map(messageOf))]
      if (problems.length > 0) throw this.#storedProblems.find(isStoreError) ?? new CredentialsError(problems.join(' '))
      this.#specs = specs
    } catch (error) {
      this.close()
      throw error
    }
    this.#tell(this.#file?.warnings.map(warning => new CredentialsError(warning)) ?? [])
    this.#schedule()
  }

  names (): readonly string[] {
    return [...new Set([...this.#specs.keys(), DEFAULT_NAME])].sort()
  }

  find (name: string): CredentialSpec | undefined {
    return this.#specs.get(name) ?? (name === DEFAULT_NAME ? { kind: 'default' } : undefined)
  }

  onChange (listener: (names: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  close (): void {
    this.#cancel()
    this.#listeners.clear()
    this.#vault?.close()
  }

  #schedule (): void {
    this.#cancel = this.#parts.clock.after(POLL_MS, () => {
      this.#look()
      this.#schedule()
    })
  }

  #look (): void {
    this.#file?.look()
    this.#lookAtStored()
    const { specs, conflicts } = this.#join()
    const before = this.#specs
    this.#specs = specs
    const sentences = [...this.#file?.faults ?? [], ...this.#file?.warnings ?? [], ...conflicts]
    this.#tell([...sentences.map(sentence => new CredentialsError(sentence)), ...this.#storedProblems])
    const changed = [...new Set([...before.keys(), ...specs.keys()])].filter(name => JSON.stringify(before.get(name)) !== JSON.stringify(specs.get(name)))
    if (changed.length > 0) for (const listener of [...this.#listeners]) listener(changed)
  }

  /** Reads again after a change and while there is a problem: the key's file is not watched, and may be what heals it. */
  #lookAtStored (): void {
    const { config, clock } = this.#parts
    try {
      if (this.#vault === undefined && !isAnythingStored(config)) return
      this.#vault ??= openConfiguredVault(config, clock)
      if (!this.#vault.changed() && this.#storedProblems.length === 0) return
      const rows = this.#vault.list()
      const specs = rows.map(({ name, spec }): [string, CredentialSpec | undefined] => [name, spec ?? this.#stored.get(name)])
      this.#stored = new Map(specs.flatMap(([name, spec]) => spec === undefined ? [] : [[name, spec]]))
      this.#storedProblems = rows.flatMap(({ problem }) => problem === undefined ? [] : [new CredentialsError(problem)])
    } catch (error) {
      this.#storedProblems = [error]
    }
  }

  /** Of a name that is in both, what it was before stays in use. */
  #join (): { specs: ReadonlyMap<string, CredentialSpec>, conflicts: string[] } {
    const declared = this.#file?.specs ?? new Map<string, CredentialSpec>()
    const both = [...this.#stored.keys()].filter(name => declared.has(name))
    const specs = new Map([...declared, ...this.#stored])
    for (const name of both) {
      const before = this.#specs.get(name)
      if (before === undefined) specs.delete(name)
      else specs.set(name, before)
    }
    return { specs, conflicts: both.map(bothSentence) }
  }

  #tell (problems: readonly unknown[]): void {
    const byMessage = new Map(problems.map(problem => [messageOf(problem), problem]))
    for (const [message, problem] of byMessage) {
      if (!this.#told.has(message)) this.#parts.onProblem?.(problem)
    }
    this.#told = new Set(byMessage.keys())
  }
}

const messageOf = (problem: unknown): string => problem instanceof Error ? problem.message : 'unknown'

const isStoreError = (problem: unknown): boolean => problem instanceof Error && problem.name === 'StoreError'
