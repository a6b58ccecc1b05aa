import { readFileSync } from 'node:fs'
import { Option, type Command } from 'commander'
import { policyRows } from '../plants/policy.js'
import { describeValues, type PolicySettings } from '../plants/read-policy.js'
import { CommandFailure } from './failure.js'

/** One flag for each policy. */
export function addPolicyFlags (command: Command): Command {
  for (const [, row] of policyRows) {
    const fallback: unknown = row.schema['default']
    const values = `Takes ${row.isFile === true ? 'a file of at most 64 KB' : describeValues(row.schema)}${fallback === undefined ? '' : `; default ${String(fallback)}`}.`
    command.addOption(new Option(`${row.flag} ${row.argument}`, `${row.description} ${values}`))
  }
  return command
}

/**
 * The policies that a command line names, as the registry takes them: the word `default` takes one back to its default,
 * digits are a number where the policy is one, and a policy that is a file is its text. Whether a value fits is the registry's to say.
 */
export function readPolicyFlags (options: Readonly<Record<string, unknown>>): PolicySettings {
  const changes: Record<string, unknown> = {}
  for (const [name, row] of policyRows) {
    const text = options[new Option(row.flag).attributeName()]
    if (typeof text !== 'string') continue
    const isNumber = row.schema['type'] === 'integer' && /^\d+$/.test(text)
    changes[name] = text === 'default' ? undefined : row.isFile === true ? readText(text, row.flag) : isNumber ? Number(text) : text
  }
  return changes
}

function readText (path: string, flag: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw new CommandFailure(`${path} ${isMissing ? 'is not there' : 'cannot be read'}; ${flag} takes the path of a file.`, { cause })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new CommandFailure(`${path} is no text in UTF-8; save it in that encoding.`, { cause })
  }
}

/** A policy's value for people: a text of many lines only by its size. */
export function policyInWords (value: unknown, isFile: boolean): string {
  return isFile && typeof value === 'string' ? `(${Buffer.byteLength(value)} bytes)` : String(value)
}
