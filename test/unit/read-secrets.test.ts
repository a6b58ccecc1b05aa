import { PassThrough } from 'node:stream'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CommandFailure, UsageError } from '../../src/commands/failure.js'
import { readSecrets, type SecretInput, type SecretLine } from '../../src/commands/read-secrets.js'

const SECRET: SecretLine = { label: 'AccessKey secret', isRequired: true }
const TOKEN: SecretLine = { label: 'security token', isRequired: false }

interface Terminal {
  readonly stdin: SecretInput
  readonly stderr: { write (text: string): void }
  readonly type: (keys: string) => void
  readonly said: () => string
  /** Every switch of raw mode, with what had been said by then. */
  readonly switches: Array<readonly [raw: boolean, said: string]>
  readonly listeners: () => number
}

function openTerminal (): Terminal {
  const stream = new PassThrough()
  let said = ''
  const switches: Array<readonly [boolean, string]> = []
  const stdin = Object.assign(stream, { isTTY: true, setRawMode: (raw: boolean) => { switches.push([raw, said]) } })
  return {
    stdin,
    switches,
    stderr: { write: text => { said += text } },
    type: keys => { stream.write(keys) },
    said: () => said,
    listeners: () => stream.listenerCount('data')
  }
}

t.test('a terminal is asked with its echo off from before the question until after the answer', async t => {
  const terminal = openTerminal()
  const answers = readSecrets([SECRET], {}, terminal)
  terminal.type('hidden-secret\r')
  t.strictSame(await answers, ['hidden-secret'])
  t.equal(terminal.said(), 'AccessKey secret, not shown: \n')
  t.strictSame(terminal.switches, [[true, ''], [false, terminal.said()]])
  t.equal(terminal.listeners(), 0)
})

t.test('keys do what they do at other prompts, and two lines can be pasted at once', async t => {
  const ask = async (keys: string): Promise<string[]> => {
    const terminal = openTerminal()
    const answers = readSecrets([SECRET, TOKEN], {}, terminal)
    for (const key of keys.match(/.{1,3}/gs) ?? []) terminal.type(key)
    return await answers
  }
  t.strictSame(await ask('wronk\u007fg\r\r'), ['wrong', ''])
  t.strictSame(await ask('all wrong\u0015right\b\u0008ht\rtoken\n'), ['right'.slice(0, 3) + 'ht', 'token'])
  t.strictSame(await ask('secret\r\ntoken\r\n'), ['secret', 'token'])
  t.strictSame(await ask('secret\ntoken\n'), ['secret', 'token'])
  t.equal((await ask(`${'x'.repeat(5000)}\r\r`))[0]?.length, 4096)
})

t.test('Ctrl+C, Ctrl+D and the end of the terminal give up, with the echo on again', async t => {
  for (const keys of ['half\u0003', '\u0004']) {
    const terminal = openTerminal()
    const answers = readSecrets([SECRET], {}, terminal)
    terminal.type(keys)
    await t.rejects(answers, new CommandFailure('Nothing was stored.'))
    t.equal(terminal.switches.at(-1)?.[0], false)
  }
  const terminal = openTerminal()
  const answers = readSecrets([SECRET], {}, terminal)
  terminal.stdin.on('data', () => {})
  ;(terminal.stdin as unknown as PassThrough).end() // What openTerminal made.
  await t.rejects(answers, new CommandFailure('Nothing was stored.'))
})

t.test('an answer that must be there and is not stores nothing', async t => {
  const terminal = openTerminal()
  const answers = readSecrets([SECRET], {}, terminal)
  terminal.type('\r')
  await t.rejects(answers, new UsageError('The AccessKey secret is missing; nothing was stored.'))
})

t.test('a file and standard input have one secret a line, and what is too much or too little is told without a value', async t => {
  const folder = t.testdir({})
  const read = async (text: string, lines: readonly SecretLine[], by: 'file' | 'stdin'): Promise<string[] | string> => {
    const file = join(folder, 'secret')
    writeFileSync(file, text, { mode: 0o600 })
    const stdin = Object.assign(new PassThrough(), { isTTY: false })
    stdin.end(text)
    return await readSecrets(lines, by === 'file' ? { secretFile: file } : { secretStdin: true }, { stdin, stderr: { write: () => {} } }).catch((error: unknown) => String(error))
  }
  for (const by of ['file', 'stdin'] as const) {
    t.strictSame(await read('secret', [SECRET], by), ['secret'])
    t.strictSame(await read('secret\n', [SECRET], by), ['secret'])
    t.strictSame(await read('secret\r\ntoken\r\n', [SECRET, TOKEN], by), ['secret', 'token'])
    t.strictSame(await read('secret\n', [SECRET, TOKEN], by), ['secret', ''])
    t.match(await read('secret\ntoken\n', [SECRET], by), /^UsageError: .* (holds|has) more than one line: the AccessKey secret\.$/)
    t.match(await read('secret\n\n', [SECRET], by), /more than one line/)
    t.match(await read('a\nb\nc', [SECRET, TOKEN], by), /more than 2 lines: the AccessKey secret and the security token, one a line\.$/)
    t.match(await read('', [SECRET], by), /^UsageError: The AccessKey secret is missing; nothing was stored\.$/)
    t.match(await read('secret-word\n', [SECRET, { ...TOKEN, isRequired: true }], by), /^UsageError: The security token is missing/)
    t.match(await read('secret'.repeat(20_000), [SECRET], by), by === 'file' ? /is larger than 65536 bytes/ : /has more than secrets/)
  }
})

t.test('without a terminal the command says how secrets can come, and an open file is told of', async t => {
  const stdin = Object.assign(new PassThrough(), { isTTY: false })
  let said = ''
  const parts = { stdin, stderr: { write: (text: string) => { said += text } } }
  await t.rejects(readSecrets([SECRET], {}, parts), new UsageError('There is no terminal to ask for the AccessKey secret; use --secret-file FILE, or --secret-stdin.'))
  await t.rejects(readSecrets([SECRET], { secretFile: 'a', secretStdin: true }, parts), UsageError)
  await t.rejects(readSecrets([SECRET], { secretFile: join(t.testdir({}), 'gone') }, parts), /gone is not there; name a file that holds the secret/)
  const file = join(t.testdir({ secret: 'the-secret' }), 'secret')
  chmodSync(file, 0o644)
  t.strictSame(await readSecrets([SECRET], { secretFile: file }, parts), ['the-secret'])
  t.match(said, /^Every user of this machine may read or write .*secret; remove it, or: chmod 600 /)
})
