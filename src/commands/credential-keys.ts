import { existsSync } from 'node:fs'
import { createMasterKey, readMasterKey } from '../credentials/master-key.js'
import { CommandFailure, UsageError } from './failure.js'
import { printJson } from './print.js'
import { type CredentialCommandParts, inWords, listStored, withVault } from './with-credentials.js'

/** `credentials init-key` */
export function initKey (parts: CredentialCommandParts, given: string | undefined, { json }: { json: boolean }): void {
  const { dataDir, credentials: { masterKeyFile } } = parts.readSettings()
  const path = given ?? masterKeyFile
  if (path === undefined) throw new UsageError('Name the file to make, or set MASTER_KEY_FILE.')
  // A new key opens nothing that another one sealed.
  if (listStored(parts).length > 0) throw new CommandFailure('Credentials are stored already, and a new key would not open them; "credentials rekey --new-key-file FILE" changes the key.')
  const { id } = inWords(() => createMasterKey(path, dataDir))
  if (json) printJson(parts.stdout, { path, keyId: id })
  else parts.stdout.write(`${path} has a new master key (its id is ${id}). Name it in MASTER_KEY_FILE, and keep a copy apart from the backups of DATA_DIR: without it stored credentials cannot be opened.\n`)
}

/** `credentials rekey`: the new key is on disk before anything is sealed with it, and the old one is left alone. */
export function rekey (parts: CredentialCommandParts, path: string, { json }: { json: boolean }): void {
  const { dataDir } = parts.readSettings()
  const { newKey, credentials } = inWords(() => {
    const newKey = existsSync(path) ? readMasterKey(path, dataDir) : createMasterKey(path, dataDir)
    return { newKey, credentials: withVault(parts, vault => vault.rekey(newKey)) }
  })
  if (json) printJson(parts.stdout, { path, keyId: newKey.id, credentials })
  else parts.stdout.write(`${credentials === 0 ? 'No credential is stored; what will be is' : credentials === 1 ? 'The one stored credential is' : `All ${credentials} stored credentials are`} sealed with the key in ${path} (its id is ${newKey.id}). Name it in MASTER_KEY_FILE or move it there; keep the old key as long as backups that it sealed.\n`)
}

/** `credentials backup` */
export function backUpCredentials (parts: CredentialCommandParts, path: string, { json }: { json: boolean }): void {
  const { credentials, bytes } = withVault(parts, vault => {
    const { length } = vault.list()
    if (length === 0) throw new CommandFailure(`There is no stored credential in ${vault.path}; check DATA_DIR.`)
    return { credentials: length, ...vault.backupTo(path) }
  })
  if (json) printJson(parts.stdout, { path, bytes, credentials })
  else parts.stdout.write(`${path} has ${credentials === 1 ? 'the one stored credential' : `all ${credentials} stored credentials`} of this moment, sealed, ${bytes} bytes. The master key is not in it.\n`)
}
