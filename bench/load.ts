import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Peer } from './peers/peer.js'
import { readTree, untilQuiet } from './process-tree.js'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'bench-load-'))
process.once('exit', () => { rmSync(folder, { recursive: true, force: true }) })

export interface Load {
  /** Sent in turn. */
  readonly bodies: readonly string[]
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
  /** Answers that are no success, and connections that failed. */
  readonly failures: number
  /** Whether the peer had nothing left to do when the next one's turn came. */
  readonly isQuiet: boolean
}

/**
 * Loads a peer with wrk, keep-alive, its keys in turn, and reads what its whole process tree
 * used until it is quiet again: what a peer still does for the pushes it has answered, such as delivering them, is a
 * part of their price, and no other peer's round may pay it.
 */
export async function load (peer: Pick<Peer, 'url' | 'pid' | 'keys'>, { bodies, connections, seconds }: Load): Promise<Round> {
  const script = writeScript(peer.keys, bodies)
  const before = readTree(peer.pid)
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '--latency', '-s', script, peer.url])
  const isQuiet = await untilQuiet(peer.pid)
  const after = readTree(peer.pid)
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1).map(Number) ?? []
  return {
    perSecond: Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]),
    p50Ms: latencyOf(stdout, '50%'),
    p99Ms: latencyOf(stdout, '99%'),
    cpuUsPerRequest: (after.cpuMs - before.cpuMs) * 1000 / requests,
    peakBytes: after.peakBytes,
    failures: broken.reduce((sum, each) => sum + each, Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)),
    isQuiet
  }
}

/** The requests are put together before the first is sent, so that taking one costs next to nothing. */
function writeScript (keys: readonly string[], bodies: readonly string[]): string {
  const [script, bodiesFile, keysFile] = [join(folder, 'post.lua'), join(folder, 'bodies.txt'), join(folder, 'keys.txt')]
  writeFileSync(bodiesFile, bodies.join('\n'))
  writeFileSync(keysFile, keys.join('\n'))
  writeFileSync(script, `
local requests, last = {}, 0
local function linesOf (path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end
init = function ()
  local keys, bodies = linesOf("${keysFile}"), linesOf("${bodiesFile}")
  for number = 1, math.max(#keys, #bodies) do
    requests[number] = wrk.format("POST", nil, {
      ["Host"] = wrk.headers["Host"],
      ["Content-Type"] = "application/json",
      ["X-API-Key"] = keys[number % #keys + 1]
    }, bodies[number % #bodies + 1])
  end
end
request = function ()
  last = last % #requests + 1
  return requests[last]
end
`)
  return script
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 }

function latencyOf (text: string, share: string): number {
  const [, number, unit = 'ms'] = new RegExp(`${share}\\s+([\\d.]+)(us|ms|s|m)`).exec(text) ?? []
  return Number(number) * (UNIT_MS[unit] ?? NaN)
}
