import { Option, type Command } from 'commander'
import { fieldsOf, isSecretField, KIND_NAMES } from '../credentials/spec-kinds.js'
import { UsageError } from './failure.js'

/** Flags as commander hands them over. */
export type Options = Readonly<Record<string, unknown>>

const flagOf = (field: string): string => `--${field.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** What somebody may try; commander would say that it does not know them, but not why. */
const REFUSED = ['--access-key-secret', '--security-token', '--secret', '--token', '--password']

/** The fields that may stand on a command line, each with its kinds. */
function openFields (): Map<string, { kinds: string[], description: string, isNumber: boolean }> {
  const found = new Map<string, { kinds: string[], description: string, isNumber: boolean }>()
  for (const kind of KIND_NAMES) {
    for (const { field, schema } of fieldsOf(kind) ?? []) {
      if (isSecretField(field)) continue
      const known = found.get(field)
      if (known === undefined) found.set(field, { kinds: [kind], description: String(schema['description']), isNumber: schema['type'] === 'integer' })
      else known.kinds.push(kind)
    }
  }
  return found
}

/** One flag for each field that is no secret. */
export function addSpecFlags (command: Command): Command {
  command.addOption(new Option('--kind <kind>', 'How the credential comes about.').choices([...KIND_NAMES]).makeOptionMandatory())
  for (const [field, { kinds, description }] of openFields()) {
    command.option(`${flagOf(field)} <value>`, kinds.length === KIND_NAMES.length ? description : `${description} (${kinds.join(', ')})`)
  }
  return command
}

/** Where secrets come from, and, hidden, what is refused with its reason. */
export function addSecretFlags (command: Command): Command {
  command
    .option('--secret-file <file>', 'Holds the secret; for kinds with a token a second line. Without it and the next, the terminal is asked.')
    .option('--secret-stdin', 'Read the same from standard input.')
  for (const flag of REFUSED) command.addOption(new Option(`${flag} [value]`, 'Refused: a secret is never an argument.').hideHelp())
  return command
}

/** @throws {UsageError} where a secret stands on the command line */
export function refuseSecretFlags (options: Options): void {
  const flag = REFUSED.find(each => options[new Option(each).attributeName()] !== undefined)
  if (flag === undefined) return
  throw new UsageError(`A secret on the command line can be read by every user of this machine and stays in the shell's history, so ${flag} is refused; leave it out to be asked, or use --secret-file or --secret-stdin, and take the secret that was typed for known to others.`)
}

/** The fields that a command line names, as a specification has them; whether they fit is judged later. */
export function readSpecFlags (options: Options): Record<string, unknown> {
  const fields: Record<string, unknown> = { kind: options['kind'] }
  for (const [field, { isNumber }] of openFields()) {
    const text = options[new Option(flagOf(field)).attributeName()]
    if (typeof text === 'string') fields[field] = isNumber && /^\d{1,9}$/.test(text) ? Number(text) : text
  }
  return fields
}
