import { Option, type Command } from 'commander'
import { policyRows } from '../plants/policy.js'
import { describeValues, type PolicySettings } from '../plants/read-policy.js'

/** One flag for each policy. */
export function addPolicyFlags (command: Command): Command {
  for (const [, row] of policyRows) {
    const fallback: unknown = row.schema['default']
    const values = `Takes ${describeValues(row.schema)}${fallback === undefined ? '' : `; default ${String(fallback)}`}.`
    command.addOption(new Option(`${row.flag} ${row.argument}`, `${row.description} ${values}`))
  }
  return command
}

/**
 * The policies that a command line names, as the registry takes them: the word `default` takes one back to its default,
 * digits are a number where the policy is one. Whether a value fits is the registry's to say.
 */
export function readPolicyFlags (options: Readonly<Record<string, unknown>>): PolicySettings {
  const changes: Record<string, unknown> = {}
  for (const [name, row] of policyRows) {
    const text = options[new Option(row.flag).attributeName()]
    if (typeof text !== 'string') continue
    const isNumber = row.schema['type'] === 'integer' && /^\d+$/.test(text)
    changes[name] = text === 'default' ? undefined : isNumber ? Number(text) : text
  }
  return changes
}
