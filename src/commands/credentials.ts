import { Command } from 'commander'
import { addSecretFlags, addSpecFlags, type Options } from './credential-flags.js'
import type { CredentialCommandParts } from './with-credentials.js'

const JSON_FLAG = ['--json', 'Print JSON for a program to read.'] as const
const NAME = ['<name>', 'The name of the credential.'] as const

// Loaded only when one of them runs: reading YAML takes other commands a twentieth of a second to no end.
const changes = async (): Promise<typeof import('./credential-change.js')> => await import('./credential-change.js')
const views = async (): Promise<typeof import('./credential-show.js')> => await import('./credential-show.js')
const keys = async (): Promise<typeof import('./credential-keys.js')> => await import('./credential-keys.js')

const isJson = ({ json }: Options): { json: boolean } => ({ json: json === true })

/**
 * `credentials`: the RAM credentials that plants may name. Works beside a running server, which follows within a second.
 * Its actions throw UsageError and CommandFailure.
 */
export function credentialsCommand (parts: CredentialCommandParts): Command {
  const credentials = new Command('credentials')
    .description('The RAM credentials that plants may name. Changes reach a running server within a second.')
    .configureOutput({
      writeOut: text => { parts.stdout.write(text) },
      writeErr: text => { parts.stderr.write(text) },
      // A flag that is not known may hold what should never have been typed.
      outputError: (text, write) => { write(text.replace(/(--[\w-]+)=[^\n]*/g, '$1=***\'')) }
    })
  addChanges(credentials, parts)
  addViews(credentials, parts)
  addKeys(credentials, parts)
  return credentials
}

function addChanges (credentials: Command, parts: CredentialCommandParts): void {
  addSecretFlags(addSpecFlags(credentials.command('add')
    .description('Store a credential, sealed with the master key. Its secrets are asked for, or read from a file or standard input; never an argument.')
    .argument('<name>', 'The name: lower-case letters, digits and hyphens. "default" takes the place of the default chain.')))
    .option(...JSON_FLAG)
    .action(async (name: string, options: Options) => { await (await changes()).addCredential(parts, name, options) })

  addSecretFlags(credentials.command('rotate')
    .description('Replace the secrets of a stored credential; its kind, region and endpoint stay.')
    .argument(...NAME)
    .option('--access-key-id <value>', 'The AccessKey id that goes with the new secret. The one before, when left out.')
    .option('--expires-at <value>', 'When a new token expires, in ISO 8601.'))
    .option(...JSON_FLAG)
    .action(async (name: string, options: Options) => { await (await changes()).rotateCredential(parts, name, options) })

  credentials.command('remove')
    .description('Remove a stored credential for good.')
    .argument(...NAME)
    .option('--force', 'Remove it even when plants use it.')
    .option(...JSON_FLAG)
    .action(async (name: string, options: Options) => { (await changes()).removeCredential(parts, name, options) })
}

function addViews (credentials: Command, parts: CredentialCommandParts): void {
  credentials.command('list')
    .description('List the credentials with their kind, where they are from, and the plants that use them. Of an AccessKey id the last four characters are shown.')
    .option(...JSON_FLAG)
    .action(async (options: Options) => { (await views()).listCredentials(parts, isJson(options)) })

  credentials.command('show')
    .description('Show a credential without its secrets.')
    .argument(...NAME)
    .option(...JSON_FLAG)
    .action(async (name: string, options: Options) => { (await views()).showCredential(parts, name, isJson(options)) })

  credentials.command('test')
    .description('Say whether a credential can be had now; the exit code is 1 when not.')
    .argument(...NAME)
    .option(...JSON_FLAG)
    .action(async (name: string, options: Options) => { await (await views()).testNamed(parts, name, isJson(options)) })
}

function addKeys (credentials: Command, parts: CredentialCommandParts): void {
  credentials.command('init-key')
    .description('Make a master key, readable for this user alone. Keep it outside DATA_DIR, and a copy of it apart from the backups.')
    .argument('[file]', 'A file that is not there yet. MASTER_KEY_FILE, when left out.')
    .option(...JSON_FLAG)
    .action(async (path: string | undefined, options: Options) => { (await keys()).initKey(parts, path, isJson(options)) })

  credentials.command('rekey')
    .description('Seal every stored credential anew, with another master key. Cut off at any moment, the old or the new key opens all of them; run it again then.')
    .requiredOption('--new-key-file <file>', 'The file with the new key; it is made when it is not there.')
    .option(...JSON_FLAG)
    .action(async (options: Options) => { (await keys()).rekey(parts, String(options['newKeyFile']), isJson(options)) })

  credentials.command('backup')
    .description('Copy the stored credentials of this moment, sealed, into a file, also while the server runs.')
    .argument('<file>', 'A file that is not there yet.')
    .option(...JSON_FLAG)
    .action(async (path: string, options: Options) => { (await keys()).backUpCredentials(parts, path, isJson(options)) })
}
