import { createHmac, randomBytes as systemRandomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, openSync, readFileSync, realpathSync, rmSync, writeSync } from 'node:fs'
import { platform } from 'node:os'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { registerSecret } from '../redact.js'
import { syncDirectory } from '../store/sync-directory.js'
import { CredentialsError } from './credentials-error.js'

const KEY_BYTES = 32
const FILE_BYTES_MAX = 1024

/** What seals stored credentials. */
export interface MasterKey {
  readonly path: string
  readonly bytes: Uint8Array
  /** Says which key it is, and nothing of the key itself. */
  readonly id: string
}

/**
 * Reads the key, unless others could as well.
 * @param dataDir where the key must not lie: a copy of the data would take it along
 * @throws {CredentialsError} with the remedy
 */
export function readMasterKey (path: string, dataDir: string): MasterKey {
  const text = readOwn(path)
  refuseWithin(dataDir, realpathSync(path), path)
  if (text === '') throw new CredentialsError(`${path} is empty, as a command that was cut off leaves it; remove it, and make the key again.`)
  const bytes = /^[0-9A-Za-z+/]{43}=\r?\n?$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0)
  if (bytes.length !== KEY_BYTES) throw new CredentialsError(`${path} does not hold a master key, 32 bytes in base64; name the file that "credentials init-key" made.`)
  return toMasterKey(path, bytes)
}

/**
 * Makes the file with a new key: readable for this user alone, and on disk when this returns.
 * @throws {CredentialsError} with the remedy; a file that is there is never touched
 */
export function createMasterKey (path: string, dataDir: string, randomBytes: (size: number) => Uint8Array = systemRandomBytes): MasterKey {
  const file = create(path, dataDir)
  try {
    const bytes = randomBytes(KEY_BYTES)
    writeSync(file, `${Buffer.from(bytes).toString('base64')}\n`)
    fsyncSync(file)
    syncDirectory(dirname(resolve(path)))
    return toMasterKey(path, bytes)
  } catch (cause) {
    rmSync(path, { force: true })
    throw new CredentialsError(`${path} cannot be written (${codeOf(cause)}); name a place on a disk that has room.`)
  } finally {
    closeSync(file)
  }
}

function create (path: string, dataDir: string): number {
  try {
    refuseWithin(dataDir, join(realpathSync(dirname(resolve(path))), basename(path)), path)
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    if (cause instanceof CredentialsError) throw cause
    const code = codeOf(cause)
    if (code === 'EEXIST') throw new CredentialsError(`${path} is there already and stays as it is; name a file that is not.`)
    throw new CredentialsError(`${path} cannot be made (${code}); name a file in a directory that is there and that this user may write.`)
  }
}

function toMasterKey (path: string, bytes: Uint8Array): MasterKey {
  registerSecret(Buffer.from(bytes).toString('base64'))
  return { path, bytes, id: createHmac('sha256', bytes).update('energy-expert-proxy master key id').digest('hex').slice(0, 16) }
}

/** What is judged is what is read: one descriptor for both. A pipe must not hold up the start. */
function readOwn (path: string): string {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = fstatSync(file)
    if (!status.isFile() || status.size > FILE_BYTES_MAX) throw new CredentialsError(`${path} is no file with a master key; name the one that "credentials init-key" made.`)
    // Windows knows no such modes.
    if ((status.mode & 0o077) !== 0 && platform() !== 'win32') throw new CredentialsError(`Others than its owner may read or write ${path}; keep the master key to the user who runs the proxy: chmod 600 ${path}`)
    return readFileSync(file, 'latin1')
  } catch (cause) {
    if (cause instanceof CredentialsError) throw cause
    const code = codeOf(cause)
    if (code === 'ENOENT') throw new CredentialsError(`There is no master key at ${path}; "credentials init-key" makes one, but where credentials are stored already only the key that sealed them will do.`)
    throw new CredentialsError(`${path} cannot be read (${code}); give the master key to the user who runs the proxy, with mode 0600.`)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function refuseWithin (dataDir: string, realPath: string, path: string): void {
  const way = relative(realDirectory(dataDir), realPath)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return
  throw new CredentialsError(`${path} lies in DATA_DIR, so that a copy of the data would carry its key; keep the master key elsewhere, and name that place in MASTER_KEY_FILE.`)
}

function realDirectory (path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // One that is not there yet holds nothing.
    return resolve(path)
  }
}

function codeOf (cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}
