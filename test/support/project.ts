import { fileURLToPath } from 'node:url'

/** A file of the project; the tests themselves run from `dist/test`. */
export function projectUrl (path: string): URL {
  return new URL(`../../../${path}`, import.meta.url)
}

/** The same as a path of the file system. */
export function projectPath (path: string): string {
  return fileURLToPath(projectUrl(path))
}

/**
 * The start of a command line that runs what was compiled. The tests' runner puts itself into every process by way of
 * NODE_OPTIONS, whatever environment a test gives it: half a second each, and it catches signals.
 */
export const PLAIN_NODE = ['env', '-u', 'NODE_OPTIONS', process.execPath] as const
