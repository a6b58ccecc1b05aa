import { readTextFile } from './read-text-file.js'

const SECRET_BYTES_MAX = 65_536
/** `$${NAME}` stands for the characters `${NAME}`. */
const REFERENCE = /\$?\$\{([A-Za-z_][0-9A-Za-z_]*)\}/g

export interface ResolveParts {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Collects every file that a value names, read or not. */
  readonly files: Set<string>
  /** Collects sentences. */
  readonly faults: string[]
  readonly warnings: string[]
}

/**
 * A declared value with what it refers to in its place: `${NAME}` anywhere in it, or a whole `file:/path`. What comes out of
 * the environment or a file is not looked at again.
 * @param place the field and its credential, as the subject of a sentence
 * @returns undefined when there is a fault
 */
export function resolveReferences (text: string, place: string, parts: ResolveParts): string | undefined {
  const expanded = expand(text, place, parts)
  return expanded !== undefined && text.startsWith('file:') ? readNamed(expanded.slice('file:'.length), place, parts) : expanded
}

function expand (text: string, place: string, { environment, faults }: ResolveParts): string | undefined {
  let isWhole = true
  const expanded = text.replace(REFERENCE, (reference, name: string) => {
    if (reference.startsWith('$$')) return reference.slice(1)
    const value = environment[name]
    if (value !== undefined && value !== '') return value
    isWhole = false
    // Not even the name is quoted: it may be a secret that was put where its name should stand. So may a path.
    faults.push(`${place} names a variable of the environment that is not set.`)
    return ''
  })
  return isWhole ? expanded : undefined
}

function readNamed (path: string, place: string, { files, faults, warnings }: ResolveParts): string | undefined {
  if (!path.startsWith('/')) {
    faults.push(`${place} must name its file by an absolute path, such as file:/run/secrets/north.`)
    return undefined
  }
  files.add(path)
  const read = readTextFile(path, SECRET_BYTES_MAX)
  if ('fault' in read) {
    faults.push(`${place} names a file that ${read.fault}.`)
    return undefined
  }
  // No fault: the secrets of containers are mounted in this way.
  if (read.isOpenToAll) warnings.push(`${place} names the file ${path}, which every user of this machine may read or write; where others use it too: chmod 600 ${path}`)
  return read.text.replace(/\r?\n$/, '')
}
