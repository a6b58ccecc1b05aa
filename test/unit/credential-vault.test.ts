import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { createMasterKey, readMasterKey, type MasterKey } from '../../src/credentials/master-key.js'
import { seal, unseal } from '../../src/credentials/seal.js'
import { CredentialsStore } from '../../src/store/credentials-store.js'
import { PLAIN_NODE, projectPath } from '../support/project.js'
import { keyPairOf, makeVaultPlace } from '../support/vault.js'

const run = promisify(execFile)
const keyOf = (byte: number): MasterKey => ({ path: 'nowhere', bytes: Buffer.alloc(32, byte), id: `key-${byte}` })

t.test('what was sealed opens with its key under its name, and not when any bit of it was changed', async t => {
  const parts = { name: 'north', key: keyOf(1) }
  const sealed = seal('a text', parts)
  t.equal(unseal(sealed, parts), 'a text')
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed, (byte, index) => index === at ? byte ^ 1 : byte)
    t.equal(unseal(changed, parts), undefined, `byte ${at}`)
  }
  for (let length = 0; length < sealed.length; length++) t.equal(unseal(sealed.subarray(0, length), parts), undefined, `cut to ${length}`)
  t.equal(unseal(sealed, { ...parts, name: 'south' }), undefined, 'under another name')
  t.equal(unseal(sealed, { ...parts, key: keyOf(2) }), undefined, 'with another key')
  t.equal(unseal(sealed, { ...parts, key: { ...parts.key, id: 'another' } }), undefined, 'under another key\'s id')
})

t.test('the same text is never sealed in the same way twice', async t => {
  const parts = { name: 'north', key: keyOf(1) }
  const vectors = new Set(Array.from({ length: 200 }, () => Buffer.from(seal('a text', parts)).subarray(1, 13).toString('hex')))
  t.equal(vectors.size, 200)
})

t.test('a stored credential comes back whole, also to another process, and none of its secrets lies in the file', async t => {
  const place = makeVaultPlace(t)
  const vault = place.open()
  vault.add('north', keyPairOf('0001'))
  t.strictSame(vault.list()[0]?.spec, keyPairOf('0001'))
  vault.close()
  t.equal(statSync(vault.path).mode & 0o777, 0o600)
  t.notOk(readFileSync(vault.path, 'latin1').includes('of-the-vault'))
  const again = place.open()
  t.strictSame(again.list().map(({ name, spec, problem }) => ({ name, spec, problem })), [{ name: 'north', spec: keyPairOf('0001'), problem: undefined }])
  t.throws(() => { again.add('north', keyPairOf('0002')) }, /There is a credential north already; "credentials rotate north"/)
  again.replace('north', before => ({ ...before, region: 'ap-southeast-1' }))
  t.strictSame(again.list()[0]?.spec, { ...keyPairOf('0001'), region: 'ap-southeast-1' })
  again.remove('north')
  t.strictSame(again.list(), [])
  t.throws(() => { again.remove('north') }, /There is no stored credential "north"/)
  again.close()
})

t.test('a blob that was moved to another name, or changed, is a sentence with the name, and the others open', async t => {
  const place = makeVaultPlace(t)
  const vault = place.open()
  for (const name of ['north', 'south', 'west']) vault.add(name, keyPairOf(name))
  vault.close()
  const store = new CredentialsStore(place.dataDir)
  const [north, south] = store.list()
  if (north === undefined || south === undefined) throw new Error('nothing is stored')
  store.update({ ...north, sealed: south.sealed })
  store.update({ ...south, sealed: Uint8Array.from(south.sealed, (byte, at) => at === 40 ? byte ^ 0x80 : byte) })
  store.close()
  const again = place.open()
  const damaged = (name: string): RegExp => new RegExp(`^The stored credential ${name} was changed or damaged since it was sealed; .*remove ${name} and add it again\\.$`)
  t.match(again.list().map(({ spec, problem }) => spec ?? problem), [damaged('north'), damaged('south'), keyPairOf('west')])
  t.throws(() => { again.replace('north', spec => spec) }, damaged('north'))
  again.remove('north')
  again.remove('south')
  t.equal(again.list().length, 1)
  again.close()
})

t.test('with another key, or without one, nothing opens, nothing is added and nothing is lost', async t => {
  const place = makeVaultPlace(t)
  const vault = place.open()
  vault.add('north', keyPairOf('0001'))
  vault.close()
  const other = join(place.folder, 'other.key')
  createMasterKey(other, place.dataDir)
  const third = createMasterKey(join(place.folder, 'third.key'), place.dataDir)
  for (const [keyFile, sentence] of [[other, /sealed with another master key/], [join(place.folder, 'gone.key'), /There is no master key at .*gone\.key/]] as const) {
    const wrong = place.open({ masterKey: () => readMasterKey(keyFile, place.dataDir) })
    t.match(wrong.list(), [{ name: 'north', spec: undefined, problem: sentence }])
    t.throws(() => { wrong.add('south', keyPairOf('0002')) }, sentence)
    t.throws(() => { wrong.replace('north', spec => spec) }, sentence)
    t.throws(() => wrong.rekey(third), sentence)
    wrong.close()
  }
  const right = place.open()
  t.strictSame(right.list()[0]?.spec, keyPairOf('0001'))
  right.close()
})

t.test('a key that others may read, that lies in DATA_DIR, or that is none is refused with the remedy', async t => {
  const { folder, dataDir, keyFile } = makeVaultPlace(t)
  mkdirSync(dataDir)
  const put = (name: string, text: string, mode = 0o600): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }
  const good = readFileSync(keyFile, 'latin1')
  t.equal(statSync(keyFile).mode & 0o777, 0o600)
  t.match(good, /^[0-9A-Za-z+/]{43}=\n$/)
  for (const mode of [0o640, 0o604, 0o602, 0o620, 0o644, 0o610]) t.throws(() => readMasterKey(put('open', good, mode), dataDir), /Others than its owner may read or write .*chmod 600 /, mode.toString(8))
  for (const mode of [0o600, 0o400]) t.equal(readMasterKey(put('mine', good, mode), dataDir).id, readMasterKey(keyFile, dataDir).id)
  const inside = put('data/key', good)
  t.throws(() => readMasterKey(inside, dataDir), /lies in DATA_DIR/)
  symlinkSync(inside, join(folder, 'link'))
  t.throws(() => readMasterKey(join(folder, 'link'), dataDir), /lies in DATA_DIR/, 'by a link from outside')
  symlinkSync(dataDir, join(folder, 'data-link'))
  t.throws(() => readMasterKey(inside, join(folder, 'data-link')), /lies in DATA_DIR/, 'DATA_DIR by a link')
  t.throws(() => createMasterKey(join(folder, 'data-link', 'new'), dataDir), /lies in DATA_DIR/)
  t.throws(() => createMasterKey(keyFile, dataDir), /is there already and stays as it is/)
  t.equal(readFileSync(keyFile, 'latin1'), good)
  t.throws(() => createMasterKey(join(folder, 'no', 'key'), dataDir), /cannot be made \(ENOENT\)/)
  t.throws(() => readMasterKey(put('empty', ''), dataDir), /is empty, as a command that was cut off leaves it; remove it/)
  for (const text of [good.slice(1), good.replace('=', ''), `${good}\n`, Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64'), 'x'.repeat(32), `-${good.slice(1)}`]) {
    t.throws(() => readMasterKey(put('bad', text), dataDir), /does not hold a master key, 32 bytes in base64/, JSON.stringify(text.length))
  }
  t.throws(() => readMasterKey(put('long', good.repeat(100)), dataDir), /is no file with a master key/)
  t.throws(() => readMasterKey(folder, dataDir), /is no file with a master key/)
})

t.test('a rekey that fails at any credential leaves every one to the old key; one that is repeated finishes', async t => {
  const place = makeVaultPlace(t)
  const names = ['a', 'b', 'c', 'd']
  const first = place.open()
  for (const name of names) first.add(name, keyPairOf(name))
  first.close()
  const newFile = join(place.folder, 'new.key')
  const newKey = createMasterKey(newFile, place.dataDir)
  const withKey = (file: string) => place.open({ masterKey: () => readMasterKey(file, place.dataDir) })
  for (let failAt = 0; failAt < names.length; failAt++) {
    let calls = 0
    const failing = place.open({
      randomBytes: size => {
        if (calls++ === failAt) throw new Error('no more random bytes')
        return Buffer.alloc(size, calls)
      }
    })
    t.throws(() => failing.rekey(newKey), /no more random bytes/)
    t.strictSame(failing.list().map(({ spec }) => spec), names.map(keyPairOf), `fails at ${failAt}`)
    failing.close()
  }
  const whole = place.open()
  const changedAt = whole.list().map(({ changedAtMs }) => changedAtMs)
  t.equal(whole.rekey(newKey), names.length)
  t.match(whole.list()[0]?.problem, /sealed with another master key/)
  whole.close()
  const renewed = withKey(newFile)
  t.strictSame(renewed.list().map(({ spec }) => spec), names.map(keyPairOf))
  t.strictSame(renewed.list().map(({ changedAtMs }) => changedAtMs), changedAt)
  renewed.close()
  // As after a kill behind the commit: the old key may be gone by now.
  renameSync(place.keyFile, join(place.folder, 'away'))
  const repeated = place.open()
  t.equal(repeated.rekey(newKey), names.length)
  repeated.close()
})

t.test('what was sealed with the old key lies nowhere in DATA_DIR after a rekey, nor what was removed', async t => {
  const place = makeVaultPlace(t)
  const vault = place.open()
  vault.add('north', keyPairOf('0001'))
  vault.close()
  const store = new CredentialsStore(place.dataDir)
  const old = Buffer.from(store.list()[0]?.sealed ?? [])
  store.close()
  const files = (): string[] => readdirSync(place.dataDir).filter(name => readFileSync(join(place.dataDir, name)).includes(old.subarray(13)))
  t.not(files().length, 0)
  const again = place.open()
  again.rekey(createMasterKey(join(place.folder, 'new.key'), place.dataDir))
  t.strictSame(files(), [])
  again.close()
  const third = place.open({ masterKey: () => readMasterKey(join(place.folder, 'new.key'), place.dataDir) })
  third.add('south', keyPairOf('0002'))
  const look = new CredentialsStore(place.dataDir)
  const removed = Buffer.from(look.find('south')?.sealed ?? []).subarray(13)
  look.close()
  third.remove('south')
  t.strictSame(readdirSync(place.dataDir).filter(name => readFileSync(join(place.dataDir, name)).includes(removed)), [])
  third.close()
})

t.test('two processes that add at once lose nothing, and one of two has the name that both want', async t => {
  const place = makeVaultPlace(t)
  const add = async (prefix: string): Promise<string> => {
    const { stdout } = await run(PLAIN_NODE[0], [...PLAIN_NODE.slice(1), projectPath('dist/test/support/add-credentials.js'), place.dataDir, place.keyFile, prefix, '15'])
    return stdout
  }
  const said = await Promise.all([add('left'), add('right')])
  t.equal(said.join('').match(/^added shared$/gm)?.length, 1)
  t.equal(said.join('').match(/^added (left|right)-\d+$/gm)?.length, 30)
  const vault = place.open()
  t.equal(vault.list().filter(({ spec }) => spec !== undefined).length, 31)
  vault.close()
})

t.test('a credential that only a newer version can read is told by name, and no part of it', async t => {
  const place = makeVaultPlace(t)
  const vault = place.open()
  vault.add('north', keyPairOf('0001'))
  vault.close()
  const store = new CredentialsStore(place.dataDir)
  const [row] = store.list()
  const key = readMasterKey(place.keyFile, place.dataDir)
  if (row !== undefined) store.update({ ...row, sealed: seal(JSON.stringify({ kind: 'of-tomorrow', accessKeySecret: 'secret-of-tomorrow' }), { name: 'north', key }) })
  store.close()
  const again = place.open()
  const { problem = '' } = again.list()[0] ?? {}
  t.match(problem, /^The stored credential north cannot be used by this version .*The kind of north must be one of access-key,/)
  t.notMatch(problem, /tomorrow/)
  again.close()
})
