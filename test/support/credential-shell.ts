import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command, CommanderError } from 'commander'
import type { Test } from 'tap'
import { systemClock } from '../../src/clock.js'
import { credentialsCommand } from '../../src/commands/credentials.js'
import { UsageError } from '../../src/commands/failure.js'
import { plantsCommand } from '../../src/commands/plants.js'
import { readConfig } from '../../src/config.js'
import { testCredential } from '../../src/credentials/test-credential.js'
import { openRegistry } from '../../src/plants/registry.js'
import { makeWorkplace, runCommand, type Finished } from './run-command.js'
import { createWayOut } from '../../src/way-out/way-out.js'

export const KEY_ID = 'LTAI5tCommandLine0001'
export const SECRETS = { first: 'TheFirstSecretOfTheCommandLine', second: 'TheSecondSecretOfTheCommandLine', token: 'TheTokenOfTheCommandLine', declared: 'TheDeclaredSecretOfTheCommandLine' }

export interface CredentialShell {
  readonly folder: string
  readonly env: Record<string, string>
  readonly dataDir: string
  readonly keyFile: string
  readonly run: (line: string | readonly string[], input?: string) => Promise<Finished>
  readonly json: (line: string, input?: string) => Promise<any>
  readonly put: (name: string, text: string, mode?: number) => string
}

type Run = (args: readonly string[], given: { folder: string, env: Record<string, string>, input: string }) => Promise<Finished>

/** What a secret would look like in a file or an output that holds it. */
export function formsOf (secret: string): Buffer[] {
  const bytes = Buffer.from(secret)
  // Base64 of a longer text has the same characters from the first whole triple on, at any of three offsets.
  const inBase64 = [0, 1, 2].map(offset => Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').slice(4, -4))
  return [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(secret, 'utf16le'), ...inBase64.map(text => Buffer.from(text))]
}

/**
 * A shell in which after each command all that was said, and every file of DATA_DIR, is searched for secrets.
 * @param run the real command line; `runHere` is forty times as fast
 */
export function openCredentialShell (t: Test, run: Run = runCommand): CredentialShell {
  const { folder, env } = makeWorkplace(t)
  const dataDir = join(folder, 'data')
  const keyFile = join(folder, 'master.key')
  env['MASTER_KEY_FILE'] = keyFile
  mkdirSync(dataDir)
  const said: string[] = []
  const runAndSearch: CredentialShell['run'] = async (line, input = '') => {
    const finished = await run(typeof line === 'string' ? line.split(' ') : line, { folder, env, input })
    said.push(finished.stdout, finished.stderr)
    const forms = [...Object.values(SECRETS).flatMap(formsOf), Buffer.from(KEY_ID)]
    const texts = [Buffer.from(said.join('\n')), ...readdirSync(dataDir).map(name => readFileSync(join(dataDir, name)))]
    t.notOk(texts.some(text => forms.some(form => text.includes(form))), 'no secret in plain')
    return finished
  }
  return {
    folder,
    env,
    dataDir,
    keyFile,
    run: runAndSearch,
    json: async (line, input) => {
      const { code, stdout, stderr } = await runAndSearch(`${line} --json`, input)
      t.match({ code, stderr }, { code: 0, stderr: '' })
      return JSON.parse(stdout)
    },
    put: (name, text, mode = 0o600) => {
      const path = join(folder, name)
      writeFileSync(path, text)
      chmodSync(path, mode)
      return path
    }
  }
}

/** The commands in this process, with the exit codes and sentences of the program. */
export const runHere: Run = async (args, { env, input }) => {
  let [stdout, stderr] = ['', '']
  const stdin = Object.assign(new PassThrough(), { isTTY: false })
  stdin.end(input)
  const parts = {
    openRegistry: () => openRegistry({ dataDir: env['DATA_DIR'] ?? '', clock: systemClock }),
    stdout: { write: (text: string) => { stdout += text } },
    stderr: { write: (text: string) => { stderr += text } },
    stdin,
    readSettings: () => readConfig(env),
    environment: env,
    clock: systemClock,
    testCredential: async (spec: Parameters<typeof testCredential>[0]) => await testCredential(spec, { clock: systemClock, allowHttp: false, wayOut: createWayOut() })
  }
  const program = new Command().exitOverride()
  for (const command of [credentialsCommand(parts), plantsCommand(parts)]) {
    for (const each of [command, ...command.commands]) each.exitOverride()
    program.addCommand(command)
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return { code: 0, stdout, stderr }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if (!(error instanceof CommanderError)) stderr += `${error.message}\n`
    return { code: error instanceof CommanderError || error instanceof UsageError ? 2 : 1, stdout, stderr }
  }
}
