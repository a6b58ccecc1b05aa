import type { CredentialBook, CredentialSpec } from './credential-spec.js'

/** A book that never changes. `default` stands in it, as in every book. */
export function fixedBook (specs: Readonly<Record<string, CredentialSpec>> = {}): CredentialBook {
  const known = new Map<string, CredentialSpec>(Object.entries({ default: { kind: 'default' } satisfies CredentialSpec, ...specs }))
  return {
    names: () => [...known.keys()],
    find: name => known.get(name),
    onChange: () => () => {}
  }
}
