import { PassThrough, Writable } from 'node:stream'
import { runProgram } from '../../src/commands/program.js'
import { refuseLeaksOf } from './refuse-leaks.js'
import type { Finished } from './run-command.js'

function changeEnvironment (env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name]
  Object.assign(process.env, env)
}

let isBusy = false

/**
 * Runs a command to its end as `runCommand` does, with the environment and the folder that it is given, in this process: a
 * tenth of the time. For tests that need no process of its own, as those of a signal, a terminal or `serve` do, and of a change
 * that a running proxy is to notice: an operator's command is another process than the proxy.
 */
export async function runHere (args: readonly string[], { folder, env, input = '' }: { folder: string, env: Record<string, string>, input?: string }): Promise<Finished> {
  if (isBusy) throw new Error('Environment and folder belong to the whole process; run one command behind the other.')
  isBusy = true
  const kept = { env: { ...process.env }, folder: process.cwd() }
  let [stdout, stderr] = ['', '']
  const caller = {
    stdin: new PassThrough(),
    stdout: new Writable({ write: (chunk, _, done) => { stdout += String(chunk); done() } }),
    stderr: new Writable({ write: (chunk, _, done) => { stderr += String(chunk); done() } }),
    exitCode: 0,
    exit: () => {}
  }
  caller.stdin.end(input)
  try {
    changeEnvironment(env)
    process.chdir(folder)
    const exitCode = await runProgram(args, caller)
    refuseLeaksOf({ args, env, stdout, stderr })
    return { code: exitCode === 0 ? caller.exitCode : exitCode, stdout, stderr }
  } finally {
    process.chdir(kept.folder)
    changeEnvironment(kept.env)
    isBusy = false
  }
}
