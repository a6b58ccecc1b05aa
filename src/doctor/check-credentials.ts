import type { Clock } from '../clock.js'
import { checkCredential, type RamCredential } from '../credentials/check-credential.js'
import { bothSentence, type CredentialSettings, DEFAULT_NAME, isAnythingStored, openConfiguredVault } from '../credentials/credential-book.js'
import { toCredentialProblem } from '../credentials/credential-problem.js'
import type { CredentialSpec } from '../credentials/credential-spec.js'
import { readMasterKey } from '../credentials/master-key.js'
import type { CredentialClient } from '../credentials/default-chain.js'
import { readDeclared } from '../credentials/read-declared.js'
import { maskKeyId } from '../credentials/spec-kinds.js'
import { fault, type Found, ok, type Report, warning } from './report.js'

/** What asks for a credential, once. */
export type ClientOf = (spec: CredentialSpec) => CredentialClient

export interface CredentialParts {
  readonly settings: CredentialSettings
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly clientOf: ClientOf
  /** The name of the one that is asked for; undefined: it could not be found out. */
  readonly name: string | undefined
}

export interface CheckedCredential {
  readonly spec: CredentialSpec | undefined
  /** Undefined when there is none to sign with. */
  readonly credential: RamCredential | undefined
  /** It lives for a while and is issued by this machine's clock, which must be right then. */
  readonly isTemporary: boolean
}

type Specs = ReadonlyMap<string, CredentialSpec>

const ISSUED: ReadonlySet<CredentialSpec['kind']> = new Set(['sts', 'ram-role', 'oidc-role', 'ecs-role'])
const ASK_MS_MAX = 20_000
const DAY_MS = 86_400_000

/** The credentials of the settings, and the one that is asked for: whether it can be had. */
export async function checkCredentials (report: Report, parts: CredentialParts): Promise<CheckedCredential> {
  const { settings, name } = parts
  const { file, masterKeyFile } = settings.credentials
  const declared: Specs | undefined = file === undefined ? new Map() : await report.check('declared', {}, () => lookAtDeclared(file, parts))
  if (masterKeyFile !== undefined) {
    await report.check('master-key', {}, () => {
      readMasterKey(masterKeyFile, settings.dataDir)
      return ok('MASTER_KEY_FILE holds a key that this user alone may read.')
    })
  }
  const stored: Specs | undefined = isAnythingStored(settings) ? await report.check('stored', {}, () => lookAtStored(parts, declared)) : new Map()
  let spec: CredentialSpec | undefined
  const credential = await report.check('credential', { plants: name, declared, stored }, async given => {
    spec = given.stored.get(given.plants) ?? given.declared.get(given.plants) ?? (given.plants === DEFAULT_NAME ? { kind: 'default' } : undefined)
    return spec === undefined
      ? fault(`The plant's credential ${given.plants} is not known.`, `"credentials add ${given.plants}" stores one, "credentials list" shows which there are.`)
      : await ask(given.plants, spec, parts)
  }, ASK_MS_MAX)
  return { spec, credential, isTemporary: credential?.securityToken !== undefined || (spec !== undefined && ISSUED.has(spec.kind)) }
}

function lookAtDeclared (file: string, { environment, settings: { allowHttp } }: CredentialParts): Found<Specs> {
  const { specs, faults, warnings } = readDeclared(file, { environment, allowHttp })
  if (faults.length > 0) return fault(faults.join(' '), 'Mend CREDENTIALS_FILE; a proxy that runs keeps what it had, one that starts does not.')
  const sentence = `CREDENTIALS_FILE declares ${specs.size === 1 ? 'one credential' : `${specs.size} credentials`}.`
  return warnings.length > 0 ? warning(sentence, warnings.join(' '), specs) : ok(sentence, specs)
}

function lookAtStored ({ settings, clock }: CredentialParts, declared: Specs | undefined): Found<Specs> {
  const vault = openConfiguredVault(settings, clock)
  try {
    const rows = vault.list()
    const problems = [...new Set(rows.flatMap(({ problem }) => problem ?? [])), ...rows.filter(({ name }) => declared?.has(name) === true).map(({ name }) => bothSentence(name))]
    if (problems.length > 0) return { status: 'fault', message: problems.join(' ') }
    const specs = new Map(rows.flatMap(({ name, spec }): Array<[string, CredentialSpec]> => spec === undefined ? [] : [[name, spec]]))
    return ok(`${specs.size === 1 ? 'One stored credential opens' : `${specs.size} stored credentials open`} with the master key.`, specs)
  } finally {
    vault.close()
  }
}

/** Asked without the source that the proxy keeps: that one would wait five seconds and then speak of slowness alone. */
async function ask (name: string, spec: CredentialSpec, { clock, clientOf }: CredentialParts): Promise<Found<RamCredential>> {
  try {
    const loaded = await clientOf(spec).getCredential()
    const credential = checkCredential(loaded, clock.now())
    const source = loaded.link === undefined ? spec.kind : `${spec.kind}, found in ${loaded.link}`
    const sentence = `${name} (${source}): AccessKey id ${maskKeyId(credential.accessKeyId)}${credential.securityToken === undefined ? '' : ' with a session token'}, ${describeExpiry(credential)}.`
    // What is set up as a session is renewed by nobody.
    const endsSoon = spec.kind === 'sts' && (credential.expiresAtMs ?? Infinity) - clock.now() < DAY_MS
    return endsSoon ? warning(sentence, 'Put a new session in its place in time, or use a kind that renews itself.', credential) : ok(sentence, credential)
  } catch (error) {
    throw toCredentialProblem(error)
  }
}

function describeExpiry ({ expiresAtMs }: RamCredential): string {
  return expiresAtMs === undefined ? 'without an end that anyone knows of' : `good until ${new Date(expiresAtMs).toISOString()}`
}
