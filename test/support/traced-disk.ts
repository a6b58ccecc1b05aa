import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PLAIN_NODE } from './project.js'

/** What a process did to its disk, and what it said meanwhile, in the order of its system calls. */
export type DiskEvent =
  | { readonly kind: 'write', readonly file: string, readonly at: number, readonly bytes: Buffer }
  | { readonly kind: 'truncate', readonly file: string, readonly size: number }
  | { readonly kind: 'sync', readonly file: string }
  | { readonly kind: 'remove', readonly file: string }
  | { readonly kind: 'said', readonly line: string }

const CALLS = 'pwrite64,write,ftruncate,fsync,fdatasync,unlink'

export function canTrace (): boolean {
  return spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
}

/** Runs a script under strace, which need not end well, and tells what it did to files of `dataDir`. */
export function traceDisk (script: string, args: readonly string[], dataDir: string): DiskEvent[] {
  const trace = join(dataDir, 'trace')
  spawnSync('strace', ['-f', '-y', '-xx', '-s', '1000000', '-e', `trace=${CALLS}`, '-o', trace, ...PLAIN_NODE, script, ...args], { stdio: 'ignore' })
  const lines = readFileSync(trace, 'latin1').split('\n')
  execFileSync('rm', [trace])
  const events: DiskEvent[] = []
  /** Calls that others ran beside, by thread. */
  const unfinished = new Map<string, DiskEvent>()
  for (const line of lines) {
    const [, thread = '', call = ''] = /^(\d+) +(.*)$/s.exec(line) ?? []
    const event = call.startsWith('<...') ? unfinished.get(thread) : readCall(call, dataDir)
    unfinished.delete(thread)
    if (event === undefined) continue
    // A sync holds when it returns; a write is begun when it is called.
    if (call.endsWith('<unfinished ...>') && event.kind === 'sync') unfinished.set(thread, event)
    else if (!call.endsWith('resumed>) = -1')) events.push(event)
  }
  return events
}

function readCall (call: string, dataDir: string): DiskEvent | undefined {
  const [, name, rest = ''] = /^(\w+)\((.*)/s.exec(call) ?? []
  const [, descriptor, path = '', args = ''] = /^(\d+)<([^>]*)>(.*)/s.exec(rest) ?? []
  if (name === 'unlink') {
    const removed = text(/^"([^"]*)"/.exec(rest)?.[1] ?? '')
    return removed.startsWith(dataDir) ? { kind: 'remove', file: basename(removed) } : undefined
  }
  if (name === 'write' && descriptor === '1') return { kind: 'said', line: text(/"([^"]*)"/.exec(args)?.[1] ?? '').trim() }
  if (!text(path).startsWith(`${dataDir}/`)) return undefined
  const file = basename(text(path))
  if (name === 'fsync' || name === 'fdatasync') return { kind: 'sync', file }
  if (name === 'ftruncate') return { kind: 'truncate', file, size: Number(/\d+/.exec(args)?.[0]) }
  if (name !== 'pwrite64') return undefined
  const [, bytes = '', at] = /^, "([^"]*)", \d+, (\d+)/.exec(args) ?? []
  return { kind: 'write', file, at: Number(at), bytes: Buffer.from(bytes.replaceAll('\\x', ''), 'hex') }
}

function text (hex: string): string {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex').toString()
}

/** A file as the process saw it, and as the disk is sure to hold it. */
interface TracedFile {
  now: Buffer
  synced: Buffer
  /** What was done since the last sync. */
  unsynced: DiskEvent[]
}

/** The disk of a traced process, at any point of its life. */
export class TracedDisk {
  readonly #files = new Map<string, TracedFile>()

  apply (event: DiskEvent): void {
    if (event.kind === 'said') return
    if (event.kind === 'remove') {
      this.#files.delete(event.file)
      return
    }
    const file = this.#files.get(event.file) ?? { now: Buffer.alloc(0), synced: Buffer.alloc(0), unsynced: [] }
    this.#files.set(event.file, file)
    if (event.kind === 'sync') {
      file.synced = Buffer.from(file.now)
      file.unsynced = []
    } else {
      file.now = change(file.now, event)
      file.unsynced.push(event)
    }
  }

  /** What a power cut would leave: everything up to the last sync, and of what came later what `survives` lets through. */
  afterPowerCut (survives: () => boolean): Map<string, Buffer> {
    const left = new Map<string, Buffer>()
    for (const [name, { synced, unsynced }] of this.#files) {
      left.set(name, unsynced.filter(survives).reduce(change, Buffer.from(synced)))
    }
    return left
  }
}

function change (bytes: Buffer, event: DiskEvent): Buffer {
  if (event.kind === 'truncate') return Buffer.concat([bytes.subarray(0, event.size), Buffer.alloc(Math.max(0, event.size - bytes.length))])
  if (event.kind !== 'write') return bytes
  const end = event.at + event.bytes.length
  const longer = end > bytes.length ? Buffer.concat([bytes, Buffer.alloc(end - bytes.length)]) : bytes
  event.bytes.copy(longer, event.at)
  return longer
}
