import type { CredentialBook, CredentialSpec } from '../../src/credentials/credential-spec.js'

/** The credentials of a test, which may change while a proxy runs. */
export class MemoryBook implements CredentialBook {
  readonly #specs: Map<string, CredentialSpec>
  readonly #listeners = new Set<(names: readonly string[]) => void>()

  constructor (specs: Readonly<Record<string, CredentialSpec>> = {}) {
    this.#specs = new Map(Object.entries({ default: { kind: 'default' } satisfies CredentialSpec, ...specs }))
  }

  names (): readonly string[] {
    return [...this.#specs.keys()]
  }

  find (name: string): CredentialSpec | undefined {
    return this.#specs.get(name)
  }

  onChange (listener: (names: readonly string[]) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  set (name: string, spec: CredentialSpec): void {
    this.#specs.set(name, spec)
    for (const listener of this.#listeners) listener([name])
  }

  remove (name: string): void {
    this.#specs.delete(name)
    for (const listener of this.#listeners) listener([name])
  }
}
