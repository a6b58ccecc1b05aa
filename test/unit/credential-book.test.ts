import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openCredentialBook, type OpenCredentialBook } from '../../src/credentials/credential-book.js'
import { createMasterKey, readMasterKey } from '../../src/credentials/master-key.js'
import { CredentialsStore } from '../../src/store/credentials-store.js'
import { ManualClock } from '../support/manual-clock.js'
import { keyPairOf, makeVaultPlace, type VaultPlace } from '../support/vault.js'

interface Opened {
  readonly clock: ManualClock
  readonly place: VaultPlace
  readonly file: string
  /** Writes CREDENTIALS_FILE as an editor does: another file that takes its place. */
  readonly declare: (text: string) => void
  readonly open: () => OpenCredentialBook
  readonly problems: string[]
  readonly changes: Array<readonly string[]>
  /** Lets the second pass within which a change must be known. */
  readonly aSecond: () => Promise<void>
}

function setUp (t: Test): Opened {
  const place = makeVaultPlace(t)
  const clock = new ManualClock()
  const file = join(place.folder, 'credentials.yaml')
  const problems: string[] = []
  const changes: Array<readonly string[]> = []
  const declare = (text: string): void => {
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  declare('declared: { kind: ecs-role }')
  return {
    clock,
    place,
    file,
    declare,
    problems,
    changes,
    open: () => {
      const book = openCredentialBook({
        config: { dataDir: place.dataDir, credentials: { file, masterKeyFile: place.keyFile }, allowHttp: false },
        environment: {},
        clock,
        onProblem: problem => { problems.push(problem instanceof Error ? problem.message : 'unknown') }
      })
      book.onChange(names => { changes.push(names) })
      t.teardown(() => { book.close() })
      return book
    },
    aSecond: async () => { await clock.advance(1000) }
  }
}

/** What another process does. */
function change (place: VaultPlace, work: (vault: ReturnType<VaultPlace['open']>) => void): void {
  const vault = place.open()
  work(vault)
  vault.close()
}

t.test('the book has what is stored, what is declared and the default chain', async t => {
  const { place, open, declare } = setUp(t)
  change(place, vault => { vault.add('stored', keyPairOf('0001')) })
  const book = open()
  t.strictSame(book.names(), ['declared', 'default', 'stored'])
  t.strictSame(book.find('stored'), keyPairOf('0001'))
  t.strictSame(book.find('declared'), { kind: 'ecs-role' })
  t.strictSame(book.find('default'), { kind: 'default' })
  t.equal(book.find('other'), undefined)
  declare('default: { kind: uri, uri: "http://127.0.0.1:9/" }')
  t.strictSame(open().find('default'), { kind: 'uri', uri: 'http://127.0.0.1:9/' }, 'another one may take its place')
})

t.test('a book that only looks makes no file in DATA_DIR, and finds the first credential that is stored', async t => {
  const { place, open, aSecond, changes, clock } = setUp(t)
  const book = open()
  await aSecond()
  t.notOk(CredentialsStore.exists(place.dataDir))
  change(place, vault => { vault.add('stored', keyPairOf('0001')) })
  await aSecond()
  t.strictSame(book.find('stored'), keyPairOf('0001'))
  t.strictSame(changes, [['stored']])
  book.close()
  t.equal(clock.waiting, 0, 'a closed book looks no more')
})

t.test('what another process adds, rotates and removes is known within a second, by name, and nothing else is told', async t => {
  const { place, open, aSecond, changes, problems } = setUp(t)
  change(place, vault => { vault.add('stays', keyPairOf('0000')) })
  const book = open()
  await aSecond()
  t.strictSame(changes, [])
  change(place, vault => { vault.add('stored', keyPairOf('0001')) })
  await aSecond()
  change(place, vault => { vault.replace('stored', () => keyPairOf('0002')) })
  await aSecond()
  t.strictSame(book.find('stored'), keyPairOf('0002'))
  change(place, vault => { vault.remove('stored') })
  await aSecond()
  t.equal(book.find('stored'), undefined)
  t.strictSame(changes, [['stored'], ['stored'], ['stored']])
  t.strictSame(problems, [])
})

t.test('a declared credential follows its file and the files that it names; a broken version keeps the former and is told once', async t => {
  const { place, open, aSecond, changes, problems, declare, file } = setUp(t)
  const secret = join(place.folder, 'secret')
  writeFileSync(secret, 'the-first-secret\n', { mode: 0o600 })
  declare(`north: { kind: access-key, accessKeyId: LTAI5tBook0001, accessKeySecret: "file:${secret}" }`)
  const book = open()
  const secretNow = (): unknown => {
    const spec = book.find('north')
    return spec?.kind === 'access-key' ? spec.accessKeySecret : spec
  }
  writeFileSync(secret, 'the-other-secret\n')
  await aSecond()
  t.equal(secretNow(), 'the-other-secret')
  rmSync(secret)
  await aSecond()
  await aSecond()
  t.equal(secretNow(), 'the-other-secret')
  t.match(problems, [/^accessKeySecret of north names a file that is not there\.$/])
  writeFileSync(secret, 'the-third-secret\n', { mode: 0o600 })
  await aSecond()
  t.equal(secretNow(), 'the-third-secret')
  declare('north: [')
  await aSecond()
  rmSync(file)
  await aSecond()
  t.equal(secretNow(), 'the-third-secret')
  t.match(problems.slice(1), [/is no YAML/, 'CREDENTIALS_FILE is not there.'])
  declare('south: { kind: ecs-role }')
  await aSecond()
  t.strictSame(book.names(), ['default', 'south'])
  declare('north: [')
  await aSecond()
  t.equal(problems.length, 4, 'a fault that comes back is told again')
  t.strictSame(changes, [['north'], ['north'], ['north', 'south']])
})

t.test('a start with a name in both places, a broken file or a key that does not open is refused in one message', async t => {
  const { place, open, declare } = setUp(t)
  change(place, vault => { vault.add('north', keyPairOf('0001')) })
  declare('north: { kind: ecs-role }')
  t.throws(open, { name: 'CredentialsError', message: 'north is both stored and declared in CREDENTIALS_FILE; take its entry out of the file, or the stored one with "credentials remove north".' })
  declare('south: { kind: nothing }')
  t.throws(open, { name: 'CredentialsError', message: /^The kind of south must be one of/ })
  const good = readFileSync(place.keyFile)
  rmSync(place.keyFile)
  t.throws(open, /^The kind of south must be .*There is no master key at /)
  createMasterKey(place.keyFile, place.dataDir)
  declare('')
  t.throws(open, /^The stored credentials were sealed with another master key/)
  writeFileSync(place.keyFile, good)
  t.strictSame(open().find('north'), keyPairOf('0001'))
})

t.test('a name that comes to stand in both places while the server runs stays what it was, and is told once', async t => {
  const { place, open, aSecond, changes, problems, declare } = setUp(t)
  const book = open()
  change(place, vault => { vault.add('declared', keyPairOf('0001')) })
  await aSecond()
  await aSecond()
  t.strictSame(book.find('declared'), { kind: 'ecs-role' })
  t.match(problems, [/^declared is both stored and declared/])
  t.strictSame(changes, [])
  declare('')
  await aSecond()
  t.strictSame(book.find('declared'), keyPairOf('0001'))
})

t.test('a server outlives a change of the master key: it keeps what it has until the new key is in its place', async t => {
  const { place, open, aSecond, changes, problems } = setUp(t)
  change(place, vault => { vault.add('north', keyPairOf('0001')) })
  const book = open()
  const newFile = join(place.folder, 'new.key')
  change(place, vault => { vault.rekey(createMasterKey(newFile, place.dataDir)) })
  const renewed = place.open({ masterKey: () => readMasterKey(newFile, place.dataDir) })
  renewed.replace('north', () => keyPairOf('0002'))
  renewed.close()
  await aSecond()
  await aSecond()
  t.strictSame(book.find('north'), keyPairOf('0001'))
  t.match(problems, [/sealed with another master key/])
  renameSync(newFile, place.keyFile)
  await aSecond()
  t.strictSame(book.find('north'), keyPairOf('0002'), 'nothing else needs to change')
  t.strictSame(changes, [['north']])
  t.equal(problems.length, 1)
})
