import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

/** What a process and all that it started have used so far. */
export interface TreeUse {
  readonly cpuMs: number
  /** The memory that it holds now. */
  readonly rssBytes: number
  /** The sum of each process's peak. */
  readonly peakBytes: number
}

/** Linux counts processor time in hundredths of a second (USER_HZ). */
const TICK_MS = 10
/** One hundredth of it in that time is what an idle proxy may need. */
const LOOK_MS = 200

/** Reads /proc for a process and its descendants. */
export function readTree (pid: number): TreeUse {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    if (stat !== undefined) parents.set(Number(name), stat.parent)
  }
  const members = [...parents.keys()].filter(each => isBelow(each, pid, parents))
  return members.map(useOf).reduce((sum, each) => ({ cpuMs: sum.cpuMs + each.cpuMs, rssBytes: sum.rssBytes + each.rssBytes, peakBytes: sum.peakBytes + each.peakBytes }))
}

/** Waits until a process and its descendants have next to nothing to do. @returns whether they have, when the patience ends */
export async function untilQuiet (pid: number, { atMostMs = 15_000 } = {}): Promise<boolean> {
  for (const endMs = performance.now() + atMostMs; performance.now() < endMs;) {
    const before = readTree(pid)
    await setTimeout(LOOK_MS)
    if (readTree(pid).cpuMs - before.cpuMs <= TICK_MS) return true
  }
  return false
}

function useOf (pid: number): TreeUse {
  const status = read(`/proc/${pid}/status`) ?? ''
  const bytesOf = (field: string): number => Number(new RegExp(`${field}:\\s*(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024
  return { cpuMs: statOf(pid)?.cpuMs ?? 0, rssBytes: bytesOf('VmRSS'), peakBytes: bytesOf('VmHWM') }
}

function isBelow (pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  for (let each: number | undefined = pid; each !== undefined && each > 1; each = parents.get(each)) {
    if (each === root) return true
  }
  return false
}

function statOf (pid: number): { parent: number, cpuMs: number } | undefined {
  const text = read(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The name stands in brackets and may hold blanks. Behind it: state, parent, …, utime and stime as fields 14 and 15 of the whole.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS }
}

/** A process may end between two looks. */
function read (path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
