import { statSync } from 'node:fs'
import type { CredentialSpec } from './credential-spec.js'
import { readDeclared, type ReadDeclaredParts } from './read-declared.js'

/** CREDENTIALS_FILE with the files that it names, read again when any of them changes; a broken new version changes nothing. */
export class FollowedFile {
  readonly #path: string
  readonly #parts: ReadDeclaredParts
  #marks = new Map<string, string>()
  #specs: ReadonlyMap<string, CredentialSpec> = new Map()
  #faults: readonly string[] = []
  #warnings: readonly string[] = []

  constructor (path: string, parts: ReadDeclaredParts) {
    this.#path = path
    this.#parts = parts
    this.look()
  }

  /** What the last version that had no fault declares. */
  get specs (): ReadonlyMap<string, CredentialSpec> {
    return this.#specs
  }

  get faults (): readonly string[] {
    return this.#faults
  }

  get warnings (): readonly string[] {
    return this.#warnings
  }

  look (): void {
    // Marked first: what changes while it is read is seen by the next look.
    const marks = new Map([this.#path, ...this.#marks.keys()].map(file => [file, markOf(file)]))
    if (this.#marks.size > 0 && [...marks].every(([file, mark]) => mark === this.#marks.get(file))) return
    const { specs, faults, warnings, files } = readDeclared(this.#path, this.#parts)
    // One that was named by the former version alone is watched no longer; one that is new is looked at once more.
    this.#marks = new Map(files.map(file => [file, marks.get(file) ?? '']))
    this.#faults = faults
    this.#warnings = warnings
    if (faults.length === 0) this.#specs = specs
  }
}

/** Copies keep time and size, but neither the inode nor the moment of its last change; a link that leads elsewhere has both of another. */
function markOf (file: string): string {
  try {
    const status = statSync(file, { bigint: true })
    return `${status.dev}:${status.ino}:${status.size}:${status.mtimeNs}:${status.ctimeNs}`
  } catch {
    // Why it is not to be had is told when it is read.
    return 'absent'
  }
}
