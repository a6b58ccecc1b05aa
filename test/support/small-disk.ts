import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import type { Test } from 'tap'
import { dataDirOf } from './queue.js'

/** A file system of its own, which only root may have; `undefined` where that cannot be. */
export function smallDisk (t: Test, megabytes: number): string | undefined {
  const dataDir = dataDirOf(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dataDir], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  t.teardown(() => { execFileSync('umount', ['-l', dataDir]) })
  return dataDir
}

/** To the last byte. */
export function fill (path: string): void {
  for (let bytes = 1_048_576; bytes >= 1; bytes = bytes / 2) {
    try {
      for (let times = 0; times < 1000; times++) appendFileSync(path, Buffer.alloc(bytes, 1))
    } catch {
      // Full to within these bytes; half of them may still go.
    }
  }
}
