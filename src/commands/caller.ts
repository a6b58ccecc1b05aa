import type { Readable, Writable } from 'node:stream'

/** Who runs a command that comes to an end by itself: the process, or whatever has its streams. Settings are read from `process.env`. */
export interface Caller {
  /** Touching it opens it. */
  readonly stdin: Readable & { readonly isTTY?: boolean, setRawMode? (raw: boolean): unknown }
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean }
  /** Set by a command that has said all that there is to say, and failed. */
  exitCode?: number | string | null | undefined
  exit (code?: number): void
}
