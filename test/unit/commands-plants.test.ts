import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import t, { type Test } from 'tap'
import { CommandFailure, UsageError } from '../../src/commands/failure.js'
import { keysCommand } from '../../src/commands/keys.js'
import { plantsCommand } from '../../src/commands/plants.js'
import { POLICY_ROWS } from '../../src/plants/policy.js'
import { openRegistry, type Registry } from '../../src/plants/registry.js'
import { PlantsStore } from '../../src/store/plants-store.js'
import { ManualClock } from '../support/manual-clock.js'

const DAY_MS = 86_400_000

interface Outcome {
  stdout: string
  stderr: string
  /** `usage` and `failure` stand for the exit codes 2 and 1. */
  ended: 'well' | 'usage' | 'failure'
  message: string
}

interface Shell {
  readonly clock: ManualClock
  readonly dataDir: string
  /** Runs a command line whose words stand between blanks. */
  run (line: string, ...more: string[]): Outcome
  json (line: string): any
  registry (): Registry
}

function shellOf (t: Test): Shell {
  const clock = new ManualClock()
  const dataDir = t.testdir()
  const registry = (): Registry => openRegistry({ dataDir, clock })
  const run = (line: string, ...more: string[]): Outcome => {
    const outcome: Outcome = { stdout: '', stderr: '', ended: 'well', message: '' }
    const parts = { openRegistry: registry, stdout: { write: (text: string) => { outcome.stdout += text } }, stderr: { write: (text: string) => { outcome.stderr += text } } }
    const program = new Command().exitOverride()
    for (const command of [plantsCommand(parts), keysCommand(parts)]) {
      for (const each of [command, ...command.commands]) each.exitOverride()
      program.addCommand(command)
    }
    try {
      program.parse([...line.split(' '), ...more], { from: 'user' })
    } catch (error) {
      if (error instanceof CommanderError) outcome.ended = error.exitCode === 0 ? 'well' : 'usage'
      else if (error instanceof UsageError) outcome.ended = 'usage'
      else if (error instanceof CommandFailure) outcome.ended = 'failure'
      else throw error
      outcome.message = (error as Error).message
    }
    t.equal(clock.waiting, 0, `${line}: the registry is closed`)
    return outcome
  }
  return { clock, dataDir, run, registry, json: line => JSON.parse(run(`${line} --json`).stdout) }
}

t.test('plants are added, listed, shown, changed and removed, in words', async t => {
  const { run, dataDir } = shellOf(t)
  t.same(run('plants list'), { stdout: '', stderr: `There is no plant in ${dataDir}/plants.db yet; "plants add" makes one.\n`, ended: 'well', message: '' })
  const added = run('plants add north --unknown-fields drop --relay-timeout-ms 5000')
  // Only the lines of these policies: others come with time.
  t.equal(added.stdout.split('\n').filter(line => !/^--(?!delivery|relay-timeout|unknown-fields)/.test(line)).map(line => line.replaceAll(/ +/g, ' ')).join('\n'), [
    'Plant north, created 2026-01-01 00:00 UTC',
    '',
    'POLICY VALUE',
    '--delivery relay-or-store default',
    '--relay-timeout-ms 5000 set',
    '--unknown-fields drop set',
    ''
  ].join('\n'))
  t.equal(added.stderr, 'Make a key for it with: npx energy-expert-proxy keys create north\n')
  run('plants add south')
  t.equal(run('plants list').stdout, [
    'NAME   CREATED (UTC)     POLICIES SET',
    'north  2026-01-01 00:00  --relay-timeout-ms 5000 --unknown-fields drop',
    'south  2026-01-01 00:00',
    ''
  ].join('\n'))
  t.match(run('plants show south').stdout, /--relay-timeout-ms +- +not set\n/)
  t.match(run('plants set north --relay-timeout-ms default --delivery relay').stdout, /--delivery +relay +set\n--relay-timeout-ms +- +not set\n--unknown-fields +drop +set/)
  t.match(run('plants remove north'), { stdout: 'The plant north is removed.\n', ended: 'well' })
  run('keys create south')
  t.match(run('plants remove south'), { stdout: '', ended: 'failure', message: /1 key that is still good/ })
  t.match(run('plants remove south --force'), { stdout: 'The plant south is removed, and its key with it.\n', ended: 'well' })
})

t.test('plants are told to programs as JSON, and nothing else on stdout', async t => {
  const { run, json } = shellOf(t)
  const north = {
    name: 'north',
    createdAt: '2026-01-01T00:00:00.000Z',
    policy: { delivery: 'relay-or-store', unknownFields: 'reject', requestsPerMinute: 0 },
    set: { requestsPerMinute: 0 },
    policyFaults: []
  }
  t.same(json('plants list'), [])
  const added = run('plants add north --requests-per-minute 0 --json')
  t.match(added, { stdout: /^{.*}\n$/, stderr: '', ended: 'well' })
  t.match(JSON.parse(added.stdout), north)
  t.match(json('plants list'), [north])
  t.same(json('plants show north'), JSON.parse(added.stdout))
  const changed = json('plants set north --requests-per-minute default')
  t.match(changed, { policy: { requestsPerMinute: 6000 } })
  t.same(changed.set, {})
  t.same(json('plants remove north'), { name: 'north', removed: true, keysRemoved: 0 })
})

t.test('what a plant says about its readings is set in words, and shown with its defaults', async t => {
  const { json } = shellOf(t)
  t.match(json('plants add north'), { policy: { missing: 'reject', timeZone: 'Asia/Shanghai', maxAge: '0', maxFuture: '0', defaultTime: 'reject' } })
  const said = { missing: 'drop', timeZone: 'Europe/Berlin', maxAge: '30d', maxFuture: '10m', defaultTime: 'arrival' }
  const changed = json('plants set north --missing drop --time-zone Europe/Berlin --max-age 30d --max-future 10m --default-time arrival')
  t.match(changed, { policy: said, policyFaults: [] })
  t.same(changed.set, said)
  for (const zone of ['UTC', 'Etc/GMT-8', 'America/Argentina/Buenos_Aires']) t.match(json(`plants set north --time-zone ${zone}`), { policy: { timeZone: zone } })
})

t.test('wrong use says what would be right, and changes nothing', async t => {
  const { run, json } = shellOf(t)
  run('plants add north')
  const wrong: Record<string, RegExp> = {
    'plants add North': /1 to 63 lower-case letters/,
    'plants add -- -north': /1 to 63 lower-case letters/,
    [`plants add ${'n'.repeat(64)}`]: /1 to 63 lower-case letters/,
    'plants add east --delivery constructor': /--delivery takes relay, relay-or-store, or store/,
    'plants add east --relay-timeout-ms 99': /--relay-timeout-ms takes a whole number from 100 to 120000/,
    'plants add east --relay-timeout-ms 1e3': /whole number from 100/,
    'plants add east --requests-per-minute -5': /--requests-per-minute takes a whole number from 0/,
    'plants add east --unknown-fields yes': /--unknown-fields takes reject or drop/,
    'plants add east --missing null': /--missing takes reject or drop/,
    'plants add east --time-zone Shanghai': /--time-zone takes the IANA name of a time zone, such as Asia\/Shanghai or Europe\/Berlin/,
    // Only newer versions of Node take it.
    'plants add east --time-zone +08:00': /--time-zone takes the IANA name/,
    'plants add east --max-age 30': /--max-age takes a duration such as 10m, 12h or 30d, or 0 for no limit/,
    'plants add east --max-future soon': /--max-future takes a duration/,
    'plants add east --default-time now': /--default-time takes reject or arrival/,
    'plants set north': /Name at least one policy/,
    'plants set north --pigeons 3': /unknown option '--pigeons'/,
    'plants add': /missing required argument/,
    'plants fly': /unknown command/,
    'keys create north --expires soon': /--expires takes a time such as 90d, a day/,
    'keys create north --expires 2027-02-30': /--expires takes/,
    'keys create north --expires 2027-01-01T00:00': /--expires takes/,
    'keys create north --expires 2025-12-31': /lies in the future/,
    'keys create north --expires 0': /lies in the future/,
    'keys create north --allow-from 10.0.0.0/40': /prefix that does not fit/,
    'keys create north --device-type 1.0': /"1\.0" is no device type/,
    'keys rotate abc --overlap 7': /--overlap takes a time such as 7d/,
    'keys create': /missing required argument/
  }
  for (const [line, message] of Object.entries(wrong)) {
    const { ended, stdout, stderr, message: told } = run(line)
    t.match({ ended, stdout, told: told + stderr }, { ended: 'usage', stdout: '', told: message }, line)
  }
  t.same(json('plants list').map((plant: { name: string, set: object }) => [plant.name, plant.set]), [['north', {}]])
  t.same(json('keys list'), [])
})

t.test('what is not there, or is there already, is a failure with the way on', async t => {
  const { run } = shellOf(t)
  run('plants add north-1')
  const failing: Record<string, string> = {
    'plants show nort-1': 'There is no plant "nort-1"; did you mean north-1?',
    'plants show x': 'There is no plant "x"; "plants list" shows which there are.',
    'plants remove North-1': 'There is no plant "North-1"; did you mean north-1?',
    'plants set north1 --delivery relay': 'There is no plant "north1"; did you mean north-1?',
    'plants add north-1': 'There is a plant north-1 already; "plants set north-1" changes its policy.',
    'keys create north-2': 'There is no plant "north-2"; did you mean north-1?',
    'keys list noth-1': 'There is no plant "noth-1"; did you mean north-1?',
    'keys revoke 00000000': 'There is no key "00000000"; "keys list" shows which there are.'
  }
  for (const [line, message] of Object.entries(failing)) t.match(run(line), { ended: 'failure', stdout: '', stderr: '', message }, line)
})

t.test('a data directory that cannot be used is a failure in one sentence', async t => {
  const parts = { openRegistry: () => openRegistry({ dataDir: `${t.testdir({ file: '' })}/file`, clock: new ManualClock() }), stdout: { write: () => {} }, stderr: { write: () => {} } }
  t.throws(() => plantsCommand(parts).exitOverride().parse(['list'], { from: 'user' }), { name: 'CommandFailure', message: /file: This is a file; point DATA_DIR at a directory\./ })
})

t.test('a new key is shown once, with the header that carries it', async t => {
  const { run, json } = shellOf(t)
  run('plants add north')
  const { stdout, stderr } = run('keys create north --expires 90d --device-type 1 2 --in-url --label', 'logger 7')
  const [key = ''] = /ee_\w{8}_\w{30}/.exec(stdout) ?? []
  t.equal(stdout, [
    `Key ${key.slice(3, 11)} of plant north:`,
    '',
    `  ${key}`,
    '',
    'It is shown only this once; give it to the sender now. It expires 2026-04-01 00:00 UTC. Limits: type 1, 2; also in the URL.',
    'Send it as a header, with curl for instance:',
    '',
    `  -H 'X-API-Key: ${key}'`,
    '',
    'or, from a sender that can set no header, in the path:',
    '',
    `  /k/${key}`,
    ''
  ].join('\n'))
  t.equal(stderr, '')
  t.notMatch(run('keys list').stdout + run('keys list --json').stdout, key.slice(12), 'and never again')

  const created = json('keys create north --allow-from 10.0.0.0/8 --allow-from ::1 --device-id a --expires 2026-01-02')
  t.same(Object.keys(created).slice(0, 3), ['id', 'plant', 'key'])
  t.match(created, { plant: 'north', key: /^ee_/, label: '', expiresAt: '2026-01-02T00:00:00.000Z', allowFrom: ['10.0.0.0/8', '::1/128'], deviceTypes: [], deviceIds: ['a'], inUrl: false, rotatedFrom: null })
})

t.test('the list shows state, last use and limits; rotating and revoking show there', async t => {
  const { run, json, registry, clock } = shellOf(t)
  run('plants add north')
  const old = json('keys create north --label gateway --device-id a b c d')
  clock.jump(DAY_MS)
  const rotated = run(`keys rotate ${old.id}`)
  const [next = ''] = /(?<=Key )\w{8}/.exec(rotated.stdout) ?? []
  t.match(rotated.stdout, `The old key ${old.id} is good until 2026-01-09 00:00 UTC; "keys list" shows whether it is still used.`)
  clock.jump(DAY_MS)
  const server = registry()
  server.identify(old.key)
  server.close()
  const list = run('keys list north')
  t.equal(list.stdout, [
    'ID        PLANT  LABEL    STATE     EXPIRES (UTC)     LAST USE (UTC)    REPLACED BY  LIMITS',
    `${old.id}  north  gateway  replaced  2026-01-09 00:00  2026-01-03 00:00  ${next}     4 devices`,
    `${next}  north  gateway  active    never             never                          4 devices`,
    ''
  ].join('\n'))
  t.equal(list.stderr, `The key ${old.id} was replaced by ${next} and was used since; its sender still has to change.\n`)
  t.match(json('keys list'), [{ id: old.id, state: 'replaced', usedSinceReplaced: true, replacedBy: next, deviceIds: ['a', 'b', 'c', 'd'] }, { id: next, state: 'active', rotatedFrom: old.id }])
  t.match(run(`keys rotate ${next} --overlap 0`).stdout, `The old key ${next} is no longer good.`)
  t.equal(run(`keys revoke ${old.id}`).stdout, `The key ${old.id} of plant north is revoked.\n`)
  t.match(json(`keys revoke ${old.id}`), { id: old.id, revokedAt: '2026-01-03T00:00:00.000Z' })
  t.match(run('keys list').stdout, /revoked.*\n.*expired.*\n.*active/)
})

t.test('a backup of plants and keys is whole while others have them open, and a key of it lets its device in', async t => {
  const { run, json, dataDir } = shellOf(t)
  t.match(run(`plants backup ${dataDir}/none.db`), { ended: 'failure', message: /There is no plant in .*plants\.db; check DATA_DIR\.$/ })
  const open = openRegistry({ dataDir, clock: new ManualClock() })
  t.teardown(() => { open.close() })
  for (const line of ['plants add north --delivery store', 'plants add south']) run(line)
  const { key } = json('keys create north')
  t.notSame(statSync(join(dataDir, 'plants.db-wal')).size, 0, 'a copy of the file alone would not have it')
  const copyDir = join(dataDir, 'restored')
  mkdirSync(copyDir)
  const copy = join(copyDir, 'plants.db')
  t.match(json(`plants backup ${copy}`), { path: copy, plants: 2, bytes: statSync(copy).size })
  t.equal(statSync(copy).mode & 0o777, 0o600)
  t.match(run(`plants backup ${copy}`), { ended: 'failure', message: /is there already/ })
  run('plants remove south')
  const restored = openRegistry({ dataDir: copyDir, clock: new ManualClock() })
  t.teardown(() => { restored.close() })
  t.strictSame(restored.listPlants().map(({ name }) => name), ['north', 'south'])
  t.match(restored.identify(key), { plant: { name: 'north', policy: { delivery: 'store' } } })
})

t.test('every policy has its flag, and every command says in its help what it does', async t => {
  const { run } = shellOf(t)
  for (const command of ['add', 'set']) {
    const help = run(`plants ${command} --help`)
    t.equal(help.ended, 'well')
    for (const { flag, description } of Object.values(POLICY_ROWS)) {
      t.match(help.stdout, flag)
      t.match(help.stdout.replaceAll(/\s+/g, ' '), description)
    }
  }
  for (const line of ['plants', 'plants list', 'plants show', 'plants remove', 'plants backup', 'keys', 'keys create', 'keys list', 'keys rotate', 'keys revoke']) {
    const { stdout, stderr, ended } = run(`${line} --help`)
    t.match({ stdout, stderr, ended }, { stdout: /^Usage: [^\n]*\n\n[A-Z][^.]*\./, stderr: '', ended: 'well' }, line)
  }
  t.match(run('keys create --help').stdout, 'keys create <plant> [options]')
})

t.test('a whole key with a slip in it, given where an id belongs, shows no more than its id', async t => {
  const { run, json } = shellOf(t)
  run('plants add north')
  const { key } = json('keys create north')
  const other = (at: number): string => key.slice(0, at) + (key[at] === '0' ? '1' : '0') + key.slice(at + 1)
  const slips = [other(key.length - 1), other(20), other(5), key.slice(0, -1), `${key}0`, key.toUpperCase(), key.replace('_', '-'), key.slice(1), ` ${key}`, `"${key}"`]
  const secret = key.slice(12).toLowerCase()
  const pieces = Array.from({ length: secret.length - 3 }, (_, at) => secret.slice(at, at + 4))
  for (const slip of slips) {
    for (const command of ['revoke', 'rotate']) {
      for (const more of [[], ['--json']]) {
        const { ended, ...said } = run(`keys ${command}`, slip, ...more)
        t.equal(ended, 'failure', `${command}, ${slip.length} characters`)
        t.notOk(pieces.some(piece => JSON.stringify(said).toLowerCase().includes(piece)), `${command} keeps it to itself`)
      }
    }
  }
})

t.test('a mapping is checked when it is set, stored as it was written, shown by its size and printed whole', async t => {
  const { run, json, dataDir } = shellOf(t)
  const write = (name: string, text: string | Buffer): string => {
    const path = join(dataDir, name)
    writeFileSync(path, text)
    return path
  }
  const text = '# 电表\r\ndeviceType: 1\ntags: ["Channel1.{device}.{point}"]'
  const good = write('good.yaml', text)
  t.match(run('plants add north --dialect kepware'), { ended: 'usage', message: '--dialect kepware needs --mapping FILE, which leads each tag to a device and a point; set both at once.' })
  t.match(run(`plants add north --dialect kepware --mapping ${good}`), { ended: 'well', stdout: /^--dialect +kepware +set$[^]*^--mapping +set \(59 bytes\)$/m })
  t.equal(json('plants show north').set.mapping, text)
  t.match(run('plants show north --mapping'), { ended: 'well', stdout: `${text}\n` })
  t.same(json('plants show north --mapping'), { name: 'north', mapping: text })
  t.match(run('plants list').stdout, /--dialect kepware --mapping \(59 bytes\)$/m)
  const wrong: Record<string, RegExp> = {
    [write('wrong.yaml', 'deviceTyp: 1\n')]: /^--mapping cannot be set: line 1, deviceTyp: is no key here; did you mean deviceType\?\.$/,
    [write('untagged.yaml', 'deviceType: 1\n')]: /^--mapping does not go with --dialect kepware: line 1, tags: is missing/,
    [write('long.yaml', `#${'x'.repeat(65_536)}`)]: /^--mapping cannot be set: holds 65537 bytes; the limit is 65536\.$/
  }
  for (const [path, message] of Object.entries(wrong)) t.match(run(`plants set north --mapping ${path}`), { ended: 'usage', message }, path)
  for (const [path, message] of [[join(dataDir, 'none.yaml'), /none\.yaml is not there; --mapping takes the path of a file/], [dataDir, /cannot be read; --mapping takes/], [write('gbk.yaml', Buffer.from([0xb5, 0xe7])), /gbk\.yaml is no text in UTF-8/]] as const) {
    t.match(run(`plants set north --mapping ${path}`), { ended: 'failure', message }, path)
  }
  t.match(run('plants set north --mapping default'), { ended: 'usage', message: /^--dialect kepware needs/ })
  t.equal(json('plants show north').set.mapping, text, 'what is refused changes nothing')
  t.match(run(`plants add south --mapping ${good}`), { ended: 'well', stderr: /^--mapping is not used with --dialect energy-expert; say what the bodies are: plants set south --dialect kepware \(or flat, csv, form\)$/m })
  t.notMatch(run('plants set south --dialect kepware').stderr, /is not used/)
  t.match(run('plants set north --mapping default --dialect default'), { ended: 'well', stdout: /^--mapping +- +not set$/m })
  t.match(run('plants show north --mapping'), { ended: 'failure', message: 'The plant north has no mapping; "plants set north --mapping FILE" sets one.' })
})

t.test('a charset is set by any of its usual names and stored by one', async t => {
  const { run, json } = shellOf(t)
  run('plants add north')
  for (const [name, stored] of [['iso-8859-1', 'windows-1252'], ['CP1252', 'windows-1252'], ['gbk', 'gb18030'], ['GB2312', 'gb18030'], ['big5', 'big5']] as const) {
    run(`plants set north --charset ${name}`)
    t.equal(json('plants show north').set.charset, stored, name)
  }
  t.match(run('plants set north --charset klingon'), { ended: 'usage', message: /^--charset takes utf-8, gb18030, big5, utf-16le, or windows-1252\.$/ })
})

t.test('a stored mapping that this version does not understand is told, and keeps its plant from being served', async t => {
  const { run, json, registry, dataDir } = shellOf(t)
  run('plants add north')
  const { key } = json('keys create north')
  const plants = new PlantsStore(dataDir)
  plants.updatePolicy('north', JSON.stringify({ dialect: 'flat', mapping: 'colour: blue\n' }))
  plants.close()
  const fault = '--mapping is set to a text that this version does not understand: line 1, colour: is no key here'
  t.match(json('plants show north').policyFaults, [fault])
  t.match(run('plants show north').stderr, fault)
  const later = registry()
  t.throws(() => later.identify(key), { message: /cannot be served: --mapping is set to a text/ })
  later.close()
})
