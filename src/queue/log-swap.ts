import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { syncDirectory } from '../store/sync-directory.js'
import { BESIDE, DAMAGED_PREFIX, QUEUE_FILE, RECOVERED_PREFIX, RECOVERING_FILE } from './log-names.js'

/**
 * Finishes a recovery: the damaged store is set aside, and the recovered one takes its place. A kill in between leaves
 * the recovered one under its own name, so that the next start does the rest.
 *
 * Only a thread that has not yet opened queue.db may do this: SQLite removes the -wal file by its name when the last
 * connection closes, and would take that of the new store.
 *
 * @returns the name of what was set aside, if there was a recovery to finish
 */
export function finishRecovery (dataDir: string): string | undefined {
  removeWithBeside(join(dataDir, RECOVERING_FILE))
  const names = listDirectory(dataDir).filter(name => name.startsWith(RECOVERED_PREFIX) && !BESIDE.some(end => name.endsWith(end))).sort()
  const recovered = names.pop()
  if (recovered === undefined) return undefined
  // An older one, left by a kill, must not take the place of a sound store at the next start.
  for (const older of names) removeWithBeside(join(dataDir, older))
  const setAside = join(dataDir, DAMAGED_PREFIX + recovered.slice(RECOVERED_PREFIX.length))
  for (const end of ['', ...BESIDE]) moveAside(join(dataDir, QUEUE_FILE + end), setAside + end)
  for (const end of BESIDE) rmSync(join(dataDir, recovered + end), { force: true })
  renameSync(join(dataDir, recovered), join(dataDir, QUEUE_FILE))
  syncDirectory(dataDir)
  return setAside
}

export function removeWithBeside (path: string): void {
  for (const end of ['', ...BESIDE]) rmSync(path + end, { force: true })
}

function listDirectory (dataDir: string): string[] {
  return existsSync(dataDir) ? readdirSync(dataDir) : []
}

/** Where both are there, a kill came after the first move, and what lies at the old name was made since and is empty. */
function moveAside (from: string, to: string): void {
  if (!existsSync(from)) return
  if (existsSync(to)) rmSync(from)
  else renameSync(from, to)
}
