import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

export type ReadFile =
  | { readonly text: string, readonly isOpenToAll: boolean }
  /** In words that complete "FILE …". */
  | { readonly fault: string }

/** A whole text file that somebody named. A pipe must not hold up the start, nor a device fill the memory. */
export function readTextFile (path: string, bytesMax: number): ReadFile {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = fstatSync(file)
    if (!status.isFile()) return { fault: 'is no ordinary file' }
    if (status.size > bytesMax) return { fault: `is larger than ${bytesMax} bytes` }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)), isOpenToAll: (status.mode & 0o007) !== 0 }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    return { fault: code === 'ENOENT' ? 'is not there' : code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is no text in UTF-8' : `cannot be read (${code})` }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
