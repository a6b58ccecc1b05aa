import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Makes new names and renames in a directory survive a power cut: syncing a file does not sync its name. */
export function syncDirectory (path: string): void {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    fsyncSync(descriptor)
  } catch {
    // Windows and a few network volumes know no such sync; there, the name lasts when the file system says so.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
