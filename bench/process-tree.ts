import { readdirSync, readFileSync } from 'node:fs'

/** What a process and all that it started have used so far. */
export interface TreeUse {
  readonly cpuMs: number
  /** The sum of each process's peak. */
  readonly peakBytes: number
}

/** Linux counts processor time in hundredths of a second (USER_HZ). */
const TICK_MS = 10

/** Reads /proc for a process and its descendants. */
export function readTree (pid: number): TreeUse {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    if (stat !== undefined) parents.set(Number(name), stat.parent)
  }
  const members = [...parents.keys()].filter(each => isBelow(each, pid, parents))
  return members.reduce((sum, each) => ({ cpuMs: sum.cpuMs + (statOf(each)?.cpuMs ?? 0), peakBytes: sum.peakBytes + peakOf(each) }), { cpuMs: 0, peakBytes: 0 })
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

function peakOf (pid: number): number {
  return Number(/VmHWM:\s*(\d+) kB/.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0) * 1024
}

/** A process may end between two looks. */
function read (path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
