import { Command } from 'commander'
import type { ApiKey } from '../plants/api-key.js'
import type { ListedKey } from '../plants/manage-keys.js'
import type { CreatedKey } from '../plants/new-key.js'
import { addKeyFlags, readDurationFlag, readKeyFlags } from './key-flags.js'
import { formatMoment, isoMoment, printJson, printTable, type Output } from './print.js'
import { withRegistry, type RegistryCommandParts } from './with-registry.js'

/** Flags as commander hands them over. */
type Options = Readonly<Record<string, unknown>>

/**
 * `keys`: the API keys that plants push with. Works beside a running server, which follows within a second. Its actions
 * throw UsageError and CommandFailure.
 */
export function keysCommand (parts: RegistryCommandParts): Command {
  const keys = new Command('keys')
    .description('The API keys that plants push with. Changes reach a running server within a second.')
    .configureOutput({ writeOut: text => { parts.stdout.write(text) }, writeErr: text => { parts.stderr.write(text) } })
  const json = ['--json', 'Print JSON for a program to read.'] as const

  addKeyFlags(keys.command('create')
    .description('Make a key for a plant. The key is shown once; only a hash of it is kept.')
    .usage('<plant> [options]')
    .argument('<plant>', 'The name of the plant.'))
    .option(...json)
    .action((plant: string, options: Options) => { createKey(parts, plant, options) })

  keys.command('list')
    .description('List the keys with their state, their last use and their limits. A running server writes the last use within some seconds.')
    .argument('[plant]', 'Only the keys of this plant.')
    .option(...json)
    .action((plant: string | undefined, options: Options) => { listKeys(parts, plant, options) })

  keys.command('rotate')
    .description('Make a new key with the label, limits and lifetime of an old one, and end the old one after a while.')
    .argument('<id>', 'The id of the old key, as "keys list" shows it.')
    .option('--overlap <time>', 'How long the old key stays good, such as 7d or 12h; 0 ends it at once.', '7d')
    .option(...json)
    .action((id: string, options: Options) => { rotateKey(parts, id, options) })

  keys.command('revoke')
    .description('End a key for good.')
    .argument('<id>', 'The id of the key, or the whole key.')
    .option(...json)
    .action((id: string, options: Options) => { revokeKey(parts, id, options) })

  return keys
}

function createKey ({ openRegistry, stdout }: RegistryCommandParts, plant: string, options: Options): void {
  const given = readKeyFlags(options)
  const created = withRegistry(openRegistry, registry => registry.createKey(plant, given))
  if (options['json'] === true) printJson(stdout, newKeyToJson(created))
  else printNewKey(stdout, created)
}

function rotateKey ({ openRegistry, stdout }: RegistryCommandParts, id: string, options: Options): void {
  const overlapMs = readDurationFlag('--overlap', String(options['overlap']))
  const rotated = withRegistry(openRegistry, registry => registry.rotateKey(id, { overlapMs }))
  const { id: oldId, expiresAtMs } = rotated.replaced
  if (options['json'] === true) {
    printJson(stdout, { ...newKeyToJson(rotated), replacedExpiresAt: isoMoment(expiresAtMs) })
    return
  }
  printNewKey(stdout, rotated)
  stdout.write(overlapMs === 0
    ? `\nThe old key ${oldId} is no longer good.\n`
    : `\nThe old key ${oldId} is good until ${formatMoment(expiresAtMs)} UTC; "keys list" shows whether it is still used.\n`)
}

function revokeKey ({ openRegistry, stdout }: RegistryCommandParts, id: string, options: Options): void {
  const key = withRegistry(openRegistry, registry => registry.revokeKey(id))
  if (options['json'] === true) printJson(stdout, keyToJson(key))
  else stdout.write(`The key ${key.id} of plant ${key.plant} is revoked.\n`)
}

function listKeys ({ openRegistry, stdout, stderr }: RegistryCommandParts, plant: string | undefined, options: Options): void {
  const keys = withRegistry(openRegistry, registry => registry.listKeys(plant))
  if (options['json'] === true) {
    printJson(stdout, keys.map(key => ({ ...keyToJson(key), state: key.state, usedSinceReplaced: key.usedSinceReplaced })))
    return
  }
  if (keys.length === 0) {
    stderr.write('There is no key yet; "keys create PLANT" makes one.\n')
    return
  }
  printTable(stdout,
    ['ID', 'PLANT', 'LABEL', 'STATE', 'EXPIRES (UTC)', 'LAST USE (UTC)', 'REPLACED BY', 'LIMITS'],
    keys.map(key => [key.id, key.plant, key.label, key.state, formatMoment(key.expiresAtMs) || 'never', formatMoment(key.lastUsedAtMs) || 'never',
      key.replacedBy ?? '', describeLimits(key)]))
  for (const key of keys.filter(isStillUsed)) {
    stderr.write(`The key ${key.id} was replaced by ${key.replacedBy ?? ''} and was used since; its sender still has to change.\n`)
  }
}

function isStillUsed ({ usedSinceReplaced, state }: ListedKey): boolean {
  return usedSinceReplaced && state === 'replaced'
}

function printNewKey (stdout: Output, { key, apiKey }: CreatedKey): void {
  const expiry = apiKey.expiresAtMs === undefined ? 'It does not expire.' : `It expires ${formatMoment(apiKey.expiresAtMs)} UTC.`
  const limits = describeLimits(apiKey)
  stdout.write(`Key ${apiKey.id} of plant ${apiKey.plant}:\n\n  ${key}\n\n`)
  stdout.write(`It is shown only this once; give it to the sender now. ${expiry}${limits === '' ? '' : ` Limits: ${limits}.`}\n`)
  stdout.write(`Send it as a header, with curl for instance:\n\n  -H 'X-API-Key: ${key}'\n`)
  if (apiKey.inUrl) stdout.write(`\nor, from a sender that can set no header, in the path:\n\n  /k/${key}\n`)
}

/** A long list is counted, so that a table stays one; JSON has it whole. */
function describeLimits ({ addresses, deviceTypes, deviceIds, inUrl }: ApiKey): string {
  const list = (what: string, entries: readonly string[]): string[] => {
    if (entries.length === 0) return []
    return entries.length > 3 ? [`${entries.length} ${what}s`] : [`${what} ${entries.join(', ')}`]
  }
  return [...list('network', addresses.cidrs), ...list('type', [...deviceTypes]), ...list('device', [...deviceIds]), ...(inUrl ? ['also in the URL'] : [])].join('; ')
}

/** The id, the plant and the key come first: they are what a script reads. */
function newKeyToJson ({ id, key, apiKey }: CreatedKey): object {
  return { id, plant: apiKey.plant, key, ...keyToJson(apiKey) }
}

function keyToJson (key: ApiKey): object {
  return {
    id: key.id,
    plant: key.plant,
    label: key.label,
    createdAt: isoMoment(key.createdAtMs),
    expiresAt: isoMoment(key.expiresAtMs),
    revokedAt: isoMoment(key.revokedAtMs),
    lastUsedAt: isoMoment(key.lastUsedAtMs),
    allowFrom: key.addresses.cidrs,
    deviceTypes: [...key.deviceTypes],
    deviceIds: [...key.deviceIds],
    inUrl: key.inUrl,
    rotatedFrom: key.rotatedFrom ?? null,
    replacedBy: key.replacedBy ?? null
  }
}
