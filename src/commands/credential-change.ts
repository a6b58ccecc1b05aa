import { CREDENTIAL_NAME_PATTERN, checkSpec, NAME_RULE } from '../credentials/check-spec.js'
import { DEFAULT_NAME } from '../credentials/credential-book.js'
import type { CredentialSpec } from '../credentials/credential-spec.js'
import { CredentialsError } from '../credentials/credentials-error.js'
import { SECRET_FIELDS, secretsOf } from '../credentials/spec-kinds.js'
import { readSpecFlags, refuseSecretFlags, type Options } from './credential-flags.js'
import { printView } from './credential-show.js'
import { findView, listViews } from './credential-view.js'
import { CommandFailure, UsageError } from './failure.js'
import { printJson } from './print.js'
import { readSecrets } from './read-secrets.js'
import { type CredentialCommandParts, readDeclaredNow, withVault } from './with-credentials.js'

/** `credentials add` */
export async function addCredential (parts: CredentialCommandParts, name: string, options: Options): Promise<void> {
  refuseSecretFlags(options)
  if (!CREDENTIAL_NAME_PATTERN.test(name)) throw new UsageError(NAME_RULE)
  refuseDeclared(parts, name)
  const fields = readSpecFlags(options)
  // Before anybody is asked for a secret that would only be thrown away.
  toSpec(parts, name, { ...fields, ...Object.fromEntries(secretsOf(String(fields['kind'])).map(({ field }) => [field, 'unread'])) })
  withVault(parts, vault => { vault.checkAdd(name) })
  const spec = toSpec(parts, name, { ...fields, ...await readSecretFields(parts, String(fields['kind']), options) })
  withVault(parts, vault => { vault.add(name, spec) })
  printView(parts, findView(parts, name), { json: options['json'] === true })
  if (options['json'] !== true && name !== DEFAULT_NAME) parts.stderr.write(`Give it to a plant with: plants set PLANT --credential ${name}\n`)
}

/** `credentials rotate`: other secrets for the same kind and place. */
export async function rotateCredential (parts: CredentialCommandParts, name: string, options: Options): Promise<void> {
  refuseSecretFlags(options)
  refuseDeclared(parts, name)
  const { spec, problem, from } = findView(parts, name)
  if (from !== 'stored') throw new CommandFailure(`${name} is built in and has no secret; "credentials add ${name}" puts another in its place.`)
  if (spec === undefined) throw new CommandFailure(problem ?? `The credential ${name} cannot be opened.`)
  if (secretsOf(spec.kind).length === 0) throw new UsageError(`A credential of the kind ${spec.kind} has no secret to rotate; remove ${name} and add it again to change it.`)
  const { kind: _, ...given } = readSpecFlags(options)
  toSpec(parts, name, { ...spec, ...given })
  const secrets = await readSecretFields(parts, spec.kind, options)
  withVault(parts, vault => vault.replace(name, before => {
    // It may have been changed while somebody typed.
    if (before.kind !== spec.kind) throw new CredentialsError(`${name} has become a credential of the kind ${before.kind} meanwhile; nothing was changed.`)
    // A token and its end belong to the pair that goes.
    const { securityToken: _token, expiresAt: _end, ...kept } = { securityToken: undefined, expiresAt: undefined, ...before }
    return toSpec(parts, name, { ...kept, ...given, ...secrets })
  }))
  printView(parts, findView(parts, name), { json: options['json'] === true })
  if (options['json'] !== true) parts.stderr.write('A running server takes it over within a second.\n')
}

/** `credentials remove` */
export function removeCredential (parts: CredentialCommandParts, name: string, options: Options): void {
  const views = listViews(parts).filter(view => view.name === name)
  if (!views.some(({ from }) => from === 'stored')) {
    refuseDeclared(parts, name)
    findView(parts, name)
    throw new CommandFailure(`${name} is built in; there is nothing to remove.`)
  }
  // One that is declared as well stays after all.
  const plants = views.length > 1 ? [] : views.flatMap(view => view.plants)
  if (plants.length > 0 && options['force'] !== true) {
    throw new CommandFailure(`${name} is used by ${plants.join(', ')}; give ${plants.length === 1 ? 'that plant' : 'those plants'} another credential first, or remove it with --force.`)
  }
  withVault(parts, vault => { vault.remove(name) })
  if (options['json'] === true) printJson(parts.stdout, { name, removed: true, plants })
  else parts.stdout.write(`The credential ${name} is removed.\n`)
}

function refuseDeclared (parts: CredentialCommandParts, name: string): void {
  if (readDeclaredNow(parts).has(name)) throw new CommandFailure(`${name} is declared in CREDENTIALS_FILE; change it there.`)
}

async function readSecretFields (parts: CredentialCommandParts, kind: string, { secretFile, secretStdin }: Options): Promise<Record<string, string>> {
  const fields = secretsOf(kind)
  if (fields.length === 0) {
    if (secretFile !== undefined || secretStdin === true) throw new UsageError(`A credential of the kind ${kind} has no secret; leave --secret-file and --secret-stdin out.`)
    return {}
  }
  const lines = fields.map(({ field, isRequired }) => ({ label: SECRET_FIELDS[field], isRequired }))
  const texts = await readSecrets(lines, { secretFile: typeof secretFile === 'string' ? secretFile : undefined, secretStdin: secretStdin === true }, parts)
  return Object.fromEntries(fields.map(({ field }, index): [string, string] => [field, texts[index] ?? '']).filter(([, text]) => text !== ''))
}

/** @throws {UsageError} with every fault */
function toSpec ({ readSettings }: CredentialCommandParts, name: string, given: Record<string, unknown>): CredentialSpec {
  const { spec, faults } = checkSpec(name, given, readSettings())
  if (spec === undefined) throw new UsageError(faults.join(' '))
  return spec
}
