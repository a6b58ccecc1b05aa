import { Command } from 'commander'
import type { Plant } from '../plants/plant.js'
import { policyRows } from '../plants/policy.js'
import { CommandFailure, UsageError } from './failure.js'
import { addPolicyFlags, policyInWords, readPolicyFlags } from './policy-flags.js'
import { formatMoment, isoMoment, printJson, printTable } from './print.js'
import { withRegistry, type RegistryCommandParts } from './with-registry.js'

/** Flags as commander hands them over. */
type Options = Readonly<Record<string, unknown>>

/**
 * `plants`: who may push, and how their pushes are treated. Works beside a running server, which follows within a second.
 * Its actions throw UsageError and CommandFailure.
 */
export function plantsCommand (parts: RegistryCommandParts): Command {
  const plants = new Command('plants')
    .description('Who may push, and how their pushes are treated. Changes reach a running server within a second.')
    .configureOutput({ writeOut: text => { parts.stdout.write(text) }, writeErr: text => { parts.stderr.write(text) } })
  const json = ['--json', 'Print JSON for a program to read.'] as const

  addPolicyFlags(plants.command('add')
    .description('Add a plant. Its keys are made with "keys create".')
    .argument('<name>', 'The name: lower-case letters, digits and hyphens.')
    .option(...json))
    .action((name: string, options: Options) => { addPlant(parts, name, options) })

  plants.command('list')
    .description('List the plants, with the policies that were set.')
    .option(...json)
    .action((options: Options) => { listPlants(parts, options) })

  plants.command('show')
    .description('Show a plant with all its policies.')
    .argument('<name>', 'The name of the plant.')
    .option('--mapping', 'Print the text of its mapping, as it was set, and nothing else.')
    .option(...json)
    .action((name: string, options: Options) => { showPlant(parts, name, options) })

  addPolicyFlags(plants.command('set')
    .description('Change policies of a plant. The word "default" in the place of a value takes a policy back to its default.')
    .argument('<name>', 'The name of the plant.')
    .option(...json))
    .action((name: string, options: Options) => { setPlant(parts, name, options) })

  plants.command('remove')
    .description('Remove a plant and its keys.')
    .argument('<name>', 'The name of the plant.')
    .option('--force', 'Remove it even when some of its keys are still good.')
    .option(...json)
    .action((name: string, options: Options) => { removePlant(parts, name, options) })

  plants.command('backup')
    .description('Copy all plants and keys of this moment into a file, also while the server runs. A plain copy of plants.db loses what lies in the file beside it.')
    .argument('<file>', 'A file that is not there yet.')
    .option(...json)
    .action((path: string, options: Options) => { backUpPlants(parts, path, options) })

  return plants
}

/** A copy of nothing would only be found out when it is needed. */
function backUpPlants ({ openRegistry, stdout }: RegistryCommandParts, path: string, options: Options): void {
  const { plants, bytes } = withRegistry(openRegistry, registry => {
    const { length } = registry.listPlants()
    if (length === 0) throw new CommandFailure(`There is no plant in ${registry.path}; check DATA_DIR.`)
    return { plants: length, ...registry.backupTo(path) }
  })
  if (options['json'] === true) printJson(stdout, { path, bytes, plants })
  else stdout.write(`${path} has ${plants === 1 ? 'the one plant' : `all ${plants} plants`} and their keys of this moment, ${bytes} bytes.\n`)
}

function addPlant (parts: RegistryCommandParts, name: string, options: Options): void {
  const plant = withRegistry(parts.openRegistry, registry => registry.addPlant(name, readPolicyFlags(options)))
  printPlant(parts, options, plant)
  if (options['json'] !== true) parts.stderr.write(`Make a key for it with: npx energy-expert-proxy keys create ${name}\n`)
}

function showPlant (parts: RegistryCommandParts, name: string, options: Options): void {
  const plant = withRegistry(parts.openRegistry, registry => registry.showPlant(name))
  if (options['mapping'] !== true) return printPlant(parts, options, plant)
  const { mapping } = plant.settings
  if (typeof mapping !== 'string') throw new CommandFailure(`The plant ${name} has no mapping; "plants set ${name} --mapping FILE" sets one.`)
  if (options['json'] === true) printJson(parts.stdout, { name, mapping })
  else parts.stdout.write(mapping.endsWith('\n') ? mapping : `${mapping}\n`)
}

function setPlant (parts: RegistryCommandParts, name: string, options: Options): void {
  const changes = readPolicyFlags(options)
  if (Object.keys(changes).length === 0) throw new UsageError('Name at least one policy to change; "plants set --help" lists them.')
  printPlant(parts, options, withRegistry(parts.openRegistry, registry => registry.setPlant(name, changes)))
}

function removePlant ({ openRegistry, stdout }: RegistryCommandParts, name: string, options: Options): void {
  const keys = withRegistry(openRegistry, registry => {
    const { length } = registry.listKeys(name)
    registry.removePlant(name, { force: options['force'] === true })
    return length
  })
  if (options['json'] === true) printJson(stdout, { name, removed: true, keysRemoved: keys })
  else stdout.write(`The plant ${name} is removed${keys === 0 ? '' : `, and ${keys === 1 ? 'its key' : `its ${keys} keys`} with it`}.\n`)
}

function listPlants ({ openRegistry, stdout, stderr }: RegistryCommandParts, options: Options): void {
  const { plants, path } = withRegistry(openRegistry, registry => ({ plants: registry.listPlants(), path: registry.path }))
  if (options['json'] === true) {
    printJson(stdout, plants.map(toJson))
    return
  }
  if (plants.length === 0) {
    // With the file, for a DATA_DIR other than the server's looks just like this.
    stderr.write(`There is no plant in ${path} yet; "plants add" makes one.\n`)
    return
  }
  const setPolicies = (plant: Plant): string => policyRows
    .filter(([name]) => Object.hasOwn(plant.settings, name))
    .map(([name, row]) => `${row.flag} ${policyInWords(plant.settings[name], row.isFile === true)}`).join(' ')
  printTable(stdout, ['NAME', 'CREATED (UTC)', 'POLICIES SET'], plants.map(plant => [plant.name, formatMoment(plant.createdAtMs), setPolicies(plant)]))
}

function printPlant ({ stdout, stderr }: RegistryCommandParts, options: Options, plant: Plant): void {
  if (options['json'] === true) printJson(stdout, toJson(plant))
  else {
    stdout.write(`Plant ${plant.name}, created ${formatMoment(plant.createdAtMs)} UTC\n\n`)
    printTable(stdout, ['POLICY', 'VALUE', ''], policyRows.map(([name, row]) => {
      const isSet = Object.hasOwn(plant.settings, name)
      const value = isSet ? plant.settings[name] : plant.policy[name]
      const word = isSet ? 'set' : value === undefined ? 'not set' : 'default'
      // Its text has many lines, which --mapping prints.
      if (row.isFile === true && isSet) return [row.flag, `set ${policyInWords(value, true)}`, '']
      return [row.flag, value === undefined ? '-' : String(value), word]
    }))
  }
  const { name, policy: { dialect, mapping } } = plant
  if (dialect === 'energy-expert' && mapping !== undefined) {
    stderr.write(`--mapping is not used with --dialect energy-expert; say what the bodies are: plants set ${name} --dialect kepware (or flat, csv, form)\n`)
  }
  for (const fault of plant.policyFaults) stderr.write(`${fault} Its pushes are answered with 500 until it is set again.\n`)
}

function toJson ({ name, createdAtMs, policy, settings, policyFaults }: Plant): object {
  return { name, createdAt: isoMoment(createdAtMs), policy, set: settings, policyFaults }
}
