import type { Document, LineCounter as Lines } from 'yaml'
import { nestsTooDeep } from '../yaml-depth.js'
import { yamlPackage } from '../yaml-package.js'
import { checkSpec, CREDENTIAL_NAME_PATTERN, isRecord, NAME_RULE } from './check-spec.js'
import type { CredentialSpec } from './credential-spec.js'
import { readTextFile } from './read-text-file.js'
import { resolveReferences, type ResolveParts } from './resolve-references.js'
import { isSecretField } from './spec-kinds.js'

const FILE_BYTES_MAX = 1_048_576
/** Enough to share a few fields, too few to multiply into gigabytes. */
const ALIASES_MAX = 100
const FAULTS_MAX = 20

export interface DeclaredCredentials {
  readonly specs: ReadonlyMap<string, CredentialSpec>
  /** Sentences with the place and never a value; where there is any, `specs` is empty. */
  readonly faults: readonly string[]
  /** Sentences about what should be mended and is used all the same. */
  readonly warnings: readonly string[]
  /** Everything that was read or should have been: a change of any of them may change the outcome. */
  readonly files: readonly string[]
}

export interface ReadDeclaredParts {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly allowHttp: boolean
}

/** Reads CREDENTIALS_FILE, whatever is in it. */
export function readDeclared (file: string, { environment, allowHttp }: ReadDeclaredParts): DeclaredCredentials {
  const parts: ResolveParts = { environment, files: new Set([file]), faults: [], warnings: [] }
  const specs = new Map<string, CredentialSpec>()
  const read = readTextFile(file, FILE_BYTES_MAX)
  const given = 'fault' in read ? {} : parse(read.text, parts.faults)
  if ('fault' in read) parts.faults.push(`CREDENTIALS_FILE ${read.fault}.`)
  for (const [name, fields] of Object.entries(given)) {
    const resolved = isRecord(fields) ? resolveFields(name, fields, parts) : fields
    if (resolved === undefined) continue
    const { spec, faults } = checkSpec(name, resolved, { allowHttp })
    parts.faults.push(...faults)
    if (spec !== undefined) specs.set(name, spec)
    if ('text' in read && read.isOpenToAll && holdsSecret(fields)) parts.warnings.push(`CREDENTIALS_FILE holds a secret of ${name} itself, and every user of this machine may read or write it: chmod 600 ${file}`)
  }
  const faults = parts.faults.slice(0, FAULTS_MAX)
  if (parts.faults.length > FAULTS_MAX) faults.push(`There are ${parts.faults.length - FAULTS_MAX} faults more.`)
  return { specs: faults.length > 0 ? new Map() : specs, faults, warnings: parts.warnings, files: [...parts.files] }
}

/** @returns undefined when a reference leads nowhere */
function resolveFields (name: string, fields: Record<string, unknown>, parts: ResolveParts): Record<string, unknown> | undefined {
  const faultsBefore = parts.faults.length
  const resolved = Object.entries(fields).map(([field, value]): [string, unknown] => {
    if (typeof value !== 'string') return [field, value]
    if (field === 'oidcTokenFile' && value.startsWith('file:')) {
      parts.faults.push(`oidcTokenFile of ${name} must be the path alone, without file:, since its file is read again for every session.`)
      return [field, undefined]
    }
    return [field, resolveReferences(value, `${showPlace(field)} of ${name}`, parts)]
  })
  return parts.faults.length > faultsBefore ? undefined : Object.fromEntries(resolved)
}

/** A name may be a value that stands in the wrong place. */
const showPlace = (field: string): string => /^[A-Za-z_-]{1,24}$/.test(field) ? field : 'A field'

/** Of a text that refers to nothing, the value is the secret itself. */
function holdsSecret (fields: unknown): boolean {
  return isRecord(fields) && Object.entries(fields).some(([field, value]) => isSecretField(field) && typeof value === 'string' && !value.startsWith('file:') && !value.startsWith('${'))
}

/** The mapping of the file. The package's own messages quote the lines that they speak of, so only their codes are used. */
function parse (text: string, faults: string[]): Record<string, unknown> {
  if (nestsTooDeep(text)) {
    faults.push('CREDENTIALS_FILE nests deeper than any credential does.')
    return {}
  }
  const { LineCounter, parseDocument } = yamlPackage()
  const lines = new LineCounter()
  // At log level silent the package would pass over a second document.
  const document = parseDocument(text, { schema: 'core', version: '1.2', resolveKnownTags: false, merge: false, stringKeys: true, uniqueKeys: true, prettyErrors: false, logLevel: 'error', lineCounter: lines })
  const problems = [...document.errors, ...document.warnings]
  for (const { code, pos: [at] } of problems) {
    const { line, col } = lines.linePos(at)
    faults.push(`CREDENTIALS_FILE is no YAML that is understood here: ${code} in line ${line}, column ${col}.`)
  }
  if (problems.length > 0) return {}
  const given = toPlain(document)
  // A file with nothing but comments declares nothing.
  if (given === null) return {}
  if (!isRecord(given)) {
    faults.push('CREDENTIALS_FILE must hold a mapping of names to credentials, whose aliases stay within bounds.')
    return {}
  }
  for (const [line, name] of namesOf(document, lines)) {
    if (!CREDENTIAL_NAME_PATTERN.test(name)) faults.push(`A name in line ${line} of CREDENTIALS_FILE cannot be used. ${NAME_RULE}`)
  }
  return Object.fromEntries(Object.entries(given).filter(([name]) => CREDENTIAL_NAME_PATTERN.test(name)))
}

function toPlain (document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch {
    return undefined
  }
}

function namesOf ({ contents }: Document.Parsed, lines: Lines): Array<[line: number, name: string]> {
  const { isMap, isScalar } = yamlPackage()
  if (!isMap(contents)) return []
  return contents.items.map(({ key }) => [isScalar(key) ? lines.linePos(key.range?.[0] ?? 0).line : 0, isScalar(key) ? String(key.value) : ''])
}
