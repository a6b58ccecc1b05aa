import { readTextFile } from '../credentials/read-text-file.js'
import { CommandFailure, UsageError } from './failure.js'
import type { Output } from './print.js'
import { typeHidden } from './type-hidden.js'

/** Standard input as far as secrets need it: a terminal that can be told not to echo, or a stream. */
export interface SecretInput extends AsyncIterable<unknown> {
  readonly isTTY?: boolean
  setRawMode? (raw: boolean): unknown
  on (event: 'data' | 'end', listener: (chunk?: unknown) => void): unknown
  off (event: 'data' | 'end', listener: (chunk?: unknown) => void): unknown
  pause (): unknown
}

export interface SecretLine {
  /** What it is called to whoever types it. */
  readonly label: string
  readonly isRequired: boolean
}

export interface SecretSources {
  readonly secretFile?: string | undefined
  readonly secretStdin?: boolean | undefined
}

const BYTES_MAX = 65_536

/**
 * Reads secrets from a file, from standard input, or from whoever sits at the terminal: one a line, in the order of `lines`.
 * @returns as many texts as `lines`, empty for one that may be left out and was
 */
export async function readSecrets (lines: readonly SecretLine[], { secretFile, secretStdin = false }: SecretSources, { stdin, stderr }: { stdin: SecretInput, stderr: Output }): Promise<string[]> {
  if (secretFile !== undefined && secretStdin) throw new UsageError('Name either --secret-file or --secret-stdin.')
  if (secretFile !== undefined) return toLines(fromFile(secretFile, stderr), lines, `${secretFile} holds`)
  if (secretStdin) return toLines(await fromStream(stdin), lines, 'Standard input has')
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) throw new UsageError(`There is no terminal to ask for the ${inWords(lines)}; use --secret-file FILE, or --secret-stdin.`)
  return checkLines(await typeHidden(lines, stdin, stderr), lines)
}

function fromFile (path: string, stderr: Output): string {
  const read = readTextFile(path, BYTES_MAX)
  if ('fault' in read) throw new CommandFailure(`${path} ${read.fault}; name a file that holds the secret.`)
  if (read.isOpenToAll) stderr.write(`Every user of this machine may read or write ${path}; remove it, or: chmod 600 ${path}\n`)
  return read.text
}

async function fromStream (stdin: SecretInput): Promise<string> {
  let text = ''
  for await (const chunk of stdin) {
    text += String(chunk)
    if (text.length > BYTES_MAX) throw new UsageError('Standard input has more than secrets.')
  }
  return text
}

function toLines (text: string, lines: readonly SecretLine[], subject: string): string[] {
  const given = text.replace(/\r?\n$/, '').split(/\r?\n/)
  if (given.length > lines.length) throw new UsageError(`${subject} more than ${lines.length === 1 ? 'one line' : `${lines.length} lines`}: the ${inWords(lines)}${lines.length === 1 ? '' : ', one a line'}.`)
  return checkLines(lines.map((_, index) => given[index] ?? ''), lines)
}

function checkLines (given: readonly string[], lines: readonly SecretLine[]): string[] {
  const missing = lines.find(({ isRequired }, index) => isRequired && given[index] === '')
  if (missing !== undefined) throw new UsageError(`The ${missing.label} is missing; nothing was stored.`)
  return [...given]
}

const inWords = (lines: readonly SecretLine[]): string => lines.map(({ label }) => label).join(' and the ')
