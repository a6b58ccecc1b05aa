import { readFileSync } from 'node:fs'

/** The version in package.json, which stands one folder above this file in the project and two above the built one. */
export function readVersion (): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      // npm refuses a package.json without a version.
      const { version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as { version: string }
      return version
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  throw new Error('package.json is missing; install the package again.')
}
