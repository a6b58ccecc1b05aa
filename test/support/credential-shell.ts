import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { makeWorkplace, type Finished } from './run-command.js'
import { runHere } from './run-here.js'

const FILES_BYTES_MAX = 268_435_456

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

/** What a secret would look like in a file or an output that holds it. */
export function formsOf (secret: string): Buffer[] {
  const bytes = Buffer.from(secret)
  // Base64 of a longer text has the same characters from the first whole triple on, at any of three offsets.
  const inBase64 = [0, 1, 2].map(offset => Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64').slice(4, -4))
  return [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(secret, 'utf16le'), ...inBase64.map(text => Buffer.from(text))]
}

/** A shell in which after each command all that was said, and every file of DATA_DIR, is searched for secrets. */
export function openCredentialShell (t: Test): CredentialShell {
  const { folder, env } = makeWorkplace(t)
  const dataDir = join(folder, 'data')
  const keyFile = join(folder, 'master.key')
  env['MASTER_KEY_FILE'] = keyFile
  mkdirSync(dataDir)
  const said: string[] = []
  const runAndSearch: CredentialShell['run'] = async (line, input = '') => {
    const finished = await runHere(typeof line === 'string' ? line.split(' ') : line, { folder, env, input })
    said.push(finished.stdout, finished.stderr)
    const forms = [...Object.values(SECRETS).flatMap(formsOf), Buffer.from(KEY_ID)]
    // By another process: one that opens and closes a file of SQLite's loses every lock that it has there.
    const files = readdirSync(dataDir).map(name => join(dataDir, name))
    const texts = [Buffer.from(said.join('\n')), ...files.length === 0 ? [] : [execFileSync('cat', files, { maxBuffer: FILES_BYTES_MAX })]]
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
