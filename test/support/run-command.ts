import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { PLAIN_NODE, projectPath } from './project.js'
import { refuseLeaksOf } from './refuse-leaks.js'

/** The built program: what a user runs. `npm test` builds it first. */
export const PROGRAM = [...PLAIN_NODE, projectPath('dist/src/main.js')] as const

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder of its own for a test, with nothing of this machine's environment in it. */
export function makeWorkplace (t: Test): { folder: string, env: Record<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-command-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  return { folder, env: { PATH: process.env['PATH'] ?? '', HOME: folder, DATA_DIR: join(folder, 'data') } }
}

/** Runs a command to its end. */
export async function runCommand (args: readonly string[], { folder, env, input = '' }: { folder: string, env: Record<string, string>, input?: string }): Promise<Finished> {
  const child = spawn(PROGRAM[0], [...PROGRAM.slice(1), ...args], { cwd: folder, env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => { stdout += String(chunk) })
  child.stderr.on('data', chunk => { stderr += String(chunk) })
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  refuseLeaksOf({ args, env, stdout, stderr })
  return { code, stdout, stderr }
}

export interface Running {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Resolves with the match once standard output has it; rejects with all output when the process ends before or 15 s pass. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>
}

/** Starts a command that runs until it is told to end, `through` another program where one is named, with flags for Node; it ends with the test. */
export function startCommand (t: Test, args: readonly string[], { folder, env, through = [], flags = [] }: { folder: string, env: Record<string, string>, through?: readonly string[], flags?: readonly string[] }): Running {
  const [command = '', ...rest] = [...through, ...PROGRAM.slice(0, -1), ...flags, ...PROGRAM.slice(-1), ...args]
  const child = spawn(command, rest, { cwd: folder, env })
  const ended = once(child, 'close')
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => { stdout += String(chunk) })
  child.stderr.on('data', chunk => { stderr += String(chunk) })
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
    refuseLeaksOf({ args, env, stdout, stderr })
  })

  async function says (pattern: RegExp): Promise<RegExpExecArray> {
    return await new Promise((resolve, reject) => {
      const fail = (): void => { reject(new Error(`${pattern} never came.\n${stdout}\n${stderr}`)) }
      const tooLate = setTimeout(fail, 15_000)
      const look = (): void => {
        const found = pattern.exec(stdout)
        if (found === null) return
        clearTimeout(tooLate)
        child.stdout.off('data', look)
        resolve(found)
      }
      child.stdout.on('data', look)
      child.once('close', fail)
      look()
    })
  }
  return { child, stdout: () => stdout, stderr: () => stderr, says }
}
