import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readMasterKey } from '../../src/credentials/master-key.js'
import { everyPlaceOr } from '../support/crash-rounds.js'
import { PLAIN_NODE, projectPath } from '../support/project.js'
import type { Finished } from '../support/run-command.js'
import { runHere } from '../support/run-here.js'
import { canTrace } from '../support/traced-disk.js'
import { keyPairOf, makeVaultPlace, type VaultPlace } from '../support/vault.js'

const script = projectPath('dist/test/support/rekey-credentials.js')
const CALLS = 'openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink'
const NAMES = ['a', 'b', 'c', 'd', 'e']

function fill (t: Test): VaultPlace & { newKeyFile: string } {
  const place = makeVaultPlace(t)
  const vault = place.open()
  for (const name of NAMES) vault.add(name, keyPairOf(name))
  vault.close()
  return { ...place, newKeyFile: join(place.folder, 'new.key') }
}

/** The names that open with a key. */
function openedBy ({ open, dataDir }: VaultPlace, keyFile: string): string[] {
  const vault = open({ masterKey: () => readMasterKey(keyFile, dataDir) })
  const opened = vault.list().filter(({ name, spec }) => JSON.stringify(spec) === JSON.stringify(keyPairOf(name))).map(({ name }) => name)
  vault.close()
  return opened
}

type FilledPlace = ReturnType<typeof fill>

/** Runs a rekey under strace, which looks at what is done to the keys and the data alone. */
function traceRekey ({ folder, dataDir, keyFile, newKeyFile }: FilledPlace, output: string, flags: readonly string[]): { status: number | null, signal: string | null } {
  const paths = [folder, newKeyFile, dataDir, ...['', '-wal', '-shm'].map(end => join(dataDir, `credentials.db${end}`))].flatMap(path => ['-P', path])
  return spawnSync('strace', ['-f', '-o', output, ...paths, ...flags, ...PLAIN_NODE, script, dataDir, keyFile, newKeyFile], { stdio: 'ignore' })
}

/** Every system call of a rekey: which, and the how many-th of its kind. */
function listCalls (place: FilledPlace): Array<{ call: string, nth: number }> {
  const trace = join(place.folder, 'trace')
  traceRekey(place, trace, ['-e', `trace=${CALLS}`])
  const counts = new Map<string, number>()
  return [...readFileSync(trace, 'latin1').matchAll(/^\d+ +(\w+)\(/gm)].map(([, call = '']) => {
    const nth = (counts.get(call) ?? 0) + 1
    counts.set(call, nth)
    return { call, nth }
  })
}

async function finish ({ folder, dataDir, keyFile, newKeyFile }: FilledPlace): Promise<Finished> {
  // An empty key is what the command says to remove.
  if (existsSync(newKeyFile) && statSync(newKeyFile).size === 0) rmSync(newKeyFile)
  return await runHere(['credentials', 'rekey', '--new-key-file', newKeyFile], { folder, env: { DATA_DIR: dataDir, MASTER_KEY_FILE: keyFile } })
}

t.test('a rekey that is killed at any of its system calls leaves every credential to the old or the new key, and is finished by another run', { skip: canTrace() ? false : 'strace is not here' }, async t => {
  t.setTimeout(300_000)
  const calls = listCalls(fill(t))
  t.ok(calls.length > 15, `${calls.length} calls`)
  let byOld = 0
  let byNew = 0
  for (let at = 0; at < calls.length; at += everyPlaceOr(5)) {
    const { call = '', nth = 0 } = calls[at] ?? {}
    const place = fill(t)
    const { status, signal } = traceRekey(place, '/dev/null', ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${nth}`])
    t.ok(signal === 'SIGKILL' || status === 137, `killed at ${call} ${nth}`)
    const isSealedAnew = openedBy(place, place.keyFile).length === 0
    t.strictSame(openedBy(place, isSealedAnew ? place.newKeyFile : place.keyFile), NAMES, `all of them open with ${isSealedAnew ? 'the new' : 'the old'} key`)
    if (isSealedAnew) byNew++
    else byOld++
    t.match(await finish(place), { code: 0, stderr: '' })
    t.strictSame(openedBy(place, place.newKeyFile), NAMES)
  }
  t.ok(byOld > 0 && byNew > 0, `killed before the commit ${byOld} times, behind it ${byNew} times`)
})

t.test('nothing is sealed with a new key before that key is safe on disk', { skip: canTrace() ? false : 'strace is not here' }, async t => {
  const place = fill(t)
  const trace = join(place.folder, 'trace')
  spawnSync('strace', ['-f', '-y', '-e', 'trace=write,pwrite64,fsync', '-o', trace, ...PLAIN_NODE, script, place.dataDir, place.keyFile, place.newKeyFile])
  const lines = readFileSync(trace, 'latin1').split('\n')
  const first = (pattern: RegExp): number => lines.findIndex(line => pattern.test(line))
  const steps = [/ write\(\d+<[^>]*new\.key>/, / fsync\(\d+<[^>]*new\.key>/, / fsync\(\d+<[^>]*proxy-vault-\w+>/, / pwrite64\(\d+<[^>]*credentials\.db-wal>/].map(first)
  t.ok(steps.every(step => step >= 0), steps.join())
  t.strictSame(steps, [...steps].sort((a, b) => a - b), 'its bytes, its name, then the first page')
  t.strictSame(readdirSync(place.folder).sort(), ['data', 'master.key', 'new.key', 'trace'])
})
