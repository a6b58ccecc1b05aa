/**
 * A failure of the disk or of the embedded database, told in one plain sentence that says what to do. The sentence names
 * paths of the data directory and nothing that was stored; the database's own error is the cause, for the log.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /** SQLite's extended name (`SQLITE_FULL`, `SQLITE_BUSY`, …), the file system's (`EACCES`, …), or a word of ours. */
  readonly code: string

  constructor (code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** First match wins; SQLite's extended names start with the plain one (SQLITE_IOERR_WRITE with SQLITE_IOERR). */
const SENTENCES: ReadonlyArray<readonly [start: string, sentence: string]> = [
  ['SQLITE_FULL', 'The disk that holds DATA_DIR is full; free some space.'],
  ['ENOSPC', 'The disk that holds DATA_DIR is full; free some space.'],
  ['SQLITE_BUSY', 'Another process holds the database; try again in a moment.'],
  ['SQLITE_READONLY', 'The database may not be written; give DATA_DIR and its files to the user who runs the proxy.'],
  ['SQLITE_CANTOPEN', 'The database could not be opened; check that DATA_DIR exists and belongs to the user who runs the proxy.'],
  ['EACCES', 'This user may not write there; give DATA_DIR and its files to the user who runs the proxy.'],
  ['EPERM', 'This user may not write there; give DATA_DIR and its files to the user who runs the proxy.'],
  ['EROFS', 'The file system is read-only; point DATA_DIR at a disk that can be written.'],
  ['ENOTDIR', 'A part of the path is a file; point DATA_DIR at a directory.'],
  ['EEXIST', 'This is a file; point DATA_DIR at a directory.'],
  ['SQLITE_NOTADB', 'The file is not a database of the proxy; move it away, or restore it from a backup.'],
  ['SQLITE_CORRUPT', 'The database is damaged; restore it from a backup.'],
  // A file-size limit and a full quota come as SQLITE_IOERR_WRITE, not as SQLITE_FULL.
  ['SQLITE_IOERR', 'The disk that holds DATA_DIR failed; check the disk, its quota and its mount.']
]

/**
 * The failure as a sentence of ours.
 *
 * @param path the file or directory that it happened to; it stands in front of the sentence
 */
export function describeStoreFailure (path: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause
  const code = codeOf(cause)
  const sentence = SENTENCES.find(([start]) => code.startsWith(start))?.[1] ??
    `The database failed (${code}); check the disk, and report it when the disk is well.`
  return new StoreError(code, `${path}: ${sentence}`, cause)
}

/** libsql gives its failure to open a file no code of its own, only the number at the end of the words. */
function codeOf (cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return 'UNKNOWN'
  if ('code' in cause && typeof cause.code === 'string' && cause.code !== '') return nameOf(cause.code)
  if ('message' in cause && String(cause.message).startsWith('ConnectionFailed')) return 'SQLITE_CANTOPEN'
  return 'UNKNOWN'
}

/** SQLite's primary codes, which are the last eight bits of an extended one ("Result and Error Codes"). */
const PRIMARY: ReadonlyMap<number, string> = new Map([[5, 'SQLITE_BUSY'], [10, 'SQLITE_IOERR'], [11, 'SQLITE_CORRUPT'], [13, 'SQLITE_FULL'], [19, 'SQLITE_CONSTRAINT'], [26, 'SQLITE_NOTADB']])

/** libsql has no name for some extended codes: 779 is a damaged index, 3091 a column of another type. */
function nameOf (code: string): string {
  const [, number] = /^UNKNOWN_SQLITE_ERROR_(\d+)$/.exec(code) ?? []
  const primary = number === undefined ? undefined : PRIMARY.get(Number(number) & 255)
  return primary === undefined ? code : `${primary}_${number}`
}
