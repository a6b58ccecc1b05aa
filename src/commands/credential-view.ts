import { DEFAULT_NAME, bothSentence } from '../credentials/credential-book.js'
import type { CredentialSpec } from '../credentials/credential-spec.js'
import type { StoredCredential } from '../credentials/credential-vault.js'
import { maskSpec } from '../credentials/spec-kinds.js'
import { CommandFailure } from './failure.js'
import { isoMoment } from './print.js'
import { type CredentialCommandParts, listStored, readDeclaredNow } from './with-credentials.js'
import { withRegistry } from './with-registry.js'

/** A credential that is known, with nothing of it that must not be shown. */
export interface CredentialView {
  readonly name: string
  readonly from: 'stored' | 'declared' | 'built-in'
  /** Undefined when a stored one cannot be opened. */
  readonly spec: CredentialSpec | undefined
  readonly shown: Readonly<Record<string, string | number>>
  readonly plants: readonly string[]
  readonly createdAtMs?: number
  readonly changedAtMs?: number
  readonly problem?: string
}

/** Everything that a plant may name, by name. */
export function listViews (parts: CredentialCommandParts): CredentialView[] {
  const declared = readDeclaredNow(parts)
  const stored = listStored(parts)
  const users = plantsByCredential(parts)
  const view = (name: string, from: CredentialView['from'], spec: CredentialSpec | undefined, more: Partial<StoredCredential> = {}): CredentialView =>
    ({ ...more, name, from, spec, shown: spec === undefined ? {} : maskSpec(spec), plants: users.get(name) ?? [] })
  const views = [
    ...[...declared].map(([name, spec]) => view(name, 'declared', spec)),
    ...stored.map(each => view(each.name, 'stored', each.spec, declared.has(each.name) ? { ...each, problem: bothSentence(each.name) } : each))
  ]
  if (!views.some(({ name }) => name === DEFAULT_NAME)) views.push(view(DEFAULT_NAME, 'built-in', { kind: 'default' }))
  return views.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
}

/** @throws {CommandFailure} for a name that is not known */
export function findView (parts: CredentialCommandParts, name: string): CredentialView {
  const found = listViews(parts).find(view => view.name === name)
  if (found === undefined) throw new CommandFailure(`There is no credential ${JSON.stringify(name.slice(0, 80))}; "credentials list" shows which there are.`)
  return found
}

/** Sentences about plants that name a credential which is not there. */
export function describeOrphans (parts: CredentialCommandParts, views: readonly CredentialView[]): string[] {
  return [...plantsByCredential(parts)].filter(([name]) => !views.some(view => view.name === name)).map(([name, plants]) =>
    `There is no credential ${name}, but ${plants.join(', ')} ${plants.length === 1 ? 'names' : 'name'} it; add it, or change the plant with "plants set".`)
}

/** The plants that use each credential; one that names none uses `default`. */
function plantsByCredential ({ openRegistry }: CredentialCommandParts): Map<string, string[]> {
  const users = new Map<string, string[]>()
  for (const { name, settings } of withRegistry(openRegistry, registry => registry.listPlants())) {
    const set = settings['credential']
    const credential = typeof set === 'string' ? set : DEFAULT_NAME
    users.set(credential, [...users.get(credential) ?? [], name])
  }
  return users
}

export function viewToJson ({ name, from, shown, plants, createdAtMs, changedAtMs, problem }: CredentialView): object {
  const { kind = null, ...fields } = shown
  return { name, kind, from, fields, plants, createdAt: isoMoment(createdAtMs), changedAt: isoMoment(changedAtMs), problem: problem ?? null }
}
