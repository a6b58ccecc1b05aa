import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readTree } from './process-tree.js'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'bench-load-'))

export interface Target {
  readonly url: string
  readonly pid: number
  readonly headers: Readonly<Record<string, string>>
}

export interface Load {
  readonly body: string
  readonly connections: number
  readonly seconds: number
}

/** One round of one peer under one load. */
export interface Round {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUsPerRequest: number
  readonly peakBytes: number
  readonly failures: number
}

/** Loads a target with wrk, keep-alive, and reads what its whole process tree used meanwhile. */
export async function load ({ url, pid, headers }: Target, { body, connections, seconds }: Load): Promise<Round> {
  const script = join(folder, 'post.lua')
  const bodyFile = join(folder, 'body.json')
  writeFileSync(bodyFile, body)
  const lines = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = "${value}"\n`)
  writeFileSync(script, `wrk.method = "POST"\nlocal file = io.open("${bodyFile}", "rb")\nwrk.body = file:read("*a")\nfile:close()\nwrk.headers["Content-Type"] = "application/json"\n${lines.join('')}`)
  const before = readTree(pid)
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '--latency', '-s', script, url])
  const after = readTree(pid)
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  return {
    perSecond: Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]),
    p50Ms: latencyOf(stdout, '50%'),
    p99Ms: latencyOf(stdout, '99%'),
    cpuUsPerRequest: (after.cpuMs - before.cpuMs) * 1000 / requests,
    peakBytes: after.peakBytes,
    failures: Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

function latencyOf (text: string, share: string): number {
  const [, number, unit = 'ms'] = new RegExp(`${share}\\s+([\\d.]+)(us|ms|s|m)`).exec(text) ?? []
  return Number(number) * (UNIT_MS[unit] ?? NaN)
}
