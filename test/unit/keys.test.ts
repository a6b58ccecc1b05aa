import { randomBytes, randomInt } from 'node:crypto'
import t, { type Test } from 'tap'
import { addressRule } from '../../src/plants/address-rule.js'
import { parseDuration } from '../../src/duration.js'
import { KEY_LENGTH, makeKey, readKeyId } from '../../src/plants/key-form.js'
import { openRegistry, type Registry } from '../../src/plants/registry.js'
import { checkScope } from '../../src/plants/scope.js'
import { ManualClock } from '../support/manual-clock.js'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const DAY_MS = 86_400_000

function open (t: Test, clock = new ManualClock()): Registry {
  const registry = openRegistry({ dataDir: t.testdir(), clock })
  t.teardown(() => { registry.close() })
  registry.addPlant('north', {})
  return registry
}

t.test('a key has 42 characters, of which 24 are random and no two look alike, and fits a path of 50 bytes', async t => {
  const { id, key } = makeKey(randomBytes)
  t.match(key, new RegExp(`^ee_[${ALPHABET}]{8}_[${ALPHABET}]{30}$`))
  t.equal(key.length, KEY_LENGTH)
  t.ok(`/k/${key}`.length <= 50)
  t.equal(readKeyId(key), id)
  t.equal(ALPHABET.length ** 24, 2 ** 120)
  t.equal(makeKey(size => Buffer.alloc(size)).key, 'ee_00000000_000000000000000000000000' + makeKey(size => Buffer.alloc(size)).key.slice(-6))
  t.match(makeKey(size => Buffer.alloc(size, 0xff)).key, /^ee_z{8}_z{24}/, 'every bit of the randomness is used')
  t.match(makeKey(size => Buffer.from([...Array(size).keys()].map(byte => byte + 1))).key, /^ee_04106105_041061050r3gg28a1c60t3gf/)
})

t.test('every single wrong character and every swap of neighbours is known without a look-up', async t => {
  for (let sample = 0; sample < 20; sample++) {
    const { key } = makeKey(randomBytes)
    const missed: string[] = []
    for (let place = 0; place < key.length; place++) {
      for (const other of `${ALPHABET}iloul_-%A Z`) {
        const typo = key.slice(0, place) + other + key.slice(place + 1)
        if (typo !== key && readKeyId(typo) !== undefined) missed.push(typo)
      }
      const swapped = key.slice(0, place) + (key[place + 1] ?? '') + (key[place] ?? '') + key.slice(place + 2)
      if (swapped !== key && readKeyId(swapped) !== undefined) missed.push(swapped)
      const shorter = key.slice(0, place) + key.slice(place + 1)
      if (readKeyId(shorter) !== undefined) missed.push(shorter)
    }
    t.same(missed, [])
  }
})

t.test('up to four wrong characters anywhere are known without a look-up', async t => {
  const letterPlaces = [...Array(KEY_LENGTH).keys()].filter(place => place > 2 && place !== 11)
  let missed = 0
  for (let sample = 0; sample < 2000; sample++) {
    const typo = [...makeKey(randomBytes).key]
    const places = [...letterPlaces]
    for (let wrong = 0; wrong <= sample % 4; wrong++) {
      const [place = 3] = places.splice(randomInt(places.length), 1)
      typo[place] = ALPHABET[(ALPHABET.indexOf(typo[place] ?? '') + randomInt(1, 32)) % 32] ?? ''
    }
    if (readKeyId(typo.join('')) !== undefined) missed++
  }
  t.equal(missed, 0)
})

t.test('a key that is limited to networks is refused from elsewhere, however the address is written', async t => {
  const rule = addressRule(['10.0.0.0/8', '192.168.7.9', '2001:db8::/32', '::ffff:172.16.0.0/108'])
  t.same(rule.cidrs, ['10.0.0.0/8', '192.168.7.9/32', '2001:db8::/32', '172.16.0.0/12'])
  const inside = ['10.1.2.3', '::ffff:10.0.0.1', '::ffff:a00:1', '0:0:0:0:0:FFFF:0a00:0001', '192.168.7.9', '2001:db8:ffff::1', '2001:DB8::1', '172.31.255.255', '2001:db8::1%eth0']
  const outside = ['11.0.0.1', '::ffff:11.0.0.1', '192.168.7.8', '2001:db9::1', '::10.0.0.1', '172.32.0.0', '', 'localhost', '10.1.2', '010.1.2.3', undefined]
  for (const address of inside) t.equal(rule.allows(address), true, address)
  for (const address of outside) t.equal(rule.allows(address), false, String(address))
  t.equal(addressRule([]).allows(undefined), true, 'no limit, no check')
  t.equal(addressRule(['::/0']).allows('1.2.3.4'), false, 'IPv4 is not a part of IPv6')
  t.equal(addressRule(['0.0.0.0/0']).allows('::ffff:1.2.3.4'), true)
  t.equal(addressRule(['0.0.0.0/0']).allows('2001::1'), false)
})

t.test('a network that is none, or that says two things at once, is refused by its text', async t => {
  for (const text of ['', '10.0.0.0/', '/8', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0/8', '10.0.0.0.0', 'north', '::/129', '::g', '010.0.0.0/8', '10.0.0.0 /8',
    'fe80::1%eth0', '::ffff:10.0.0.0/8', '10.0.0.1/8', '2001:db8::1/32', '::1.2.3.4/96', '::ffff:10.0.0.1/104', '10.0.0.0/1e1']) {
    t.throws(() => addressRule([text]), { reason: 'wrong-use', message: JSON.stringify(text) }, text)
  }
  t.match(await Promise.resolve().then(() => addressRule(['10.0.0.1/8'])).catch(error => error.message), /write 10\.0\.0\.1 for the one address/)
  for (const text of ['255.255.255.255/32', '::/0', '::1/128', '::1.2.3.4', '64:ff9b::/96', 'fe80::/10', '1:2:3:4:5:6:7:8', 'ff00::/8', '128.0.0.0/1']) t.equal(addressRule([text]).cidrs.length, 1, text)
})

t.test('a key that is limited to types or devices may push nothing else', async t => {
  const push = (deviceType: string, ...deviceIds: Array<string | undefined>) => ({
    deviceType,
    devices: deviceIds.map(deviceId => ({ recordTime: '2021-09-08 18:40:00', data: { Ua: '1' }, ...(deviceId === undefined ? undefined : { deviceId }) }))
  })
  const key = (deviceTypes: string[], deviceIds: string[]) => ({ deviceTypes: new Set(deviceTypes), deviceIds: new Set(deviceIds) })
  const paths = (...given: Parameters<typeof checkScope>): string[] => checkScope(...given).map(fault => fault.path)

  t.same(paths(key([], []), push('15', undefined)), [])
  t.same(paths(key(['1'], []), push('1', 'a')), [])
  for (const spelling of ['01', '1 ', ' 1', '１', '10', '']) t.same(paths(key(['1'], []), push(spelling, 'a')), ['/deviceType'], JSON.stringify(spelling))
  t.same(paths(key([], ['a', 'b']), push('1', 'a', 'b', 'a')), [])
  t.same(paths(key([], ['a', 'b']), push('1', 'a', 'c', 'B', 'a ')), ['/devices/1/deviceId', '/devices/2/deviceId', '/devices/3/deviceId'])
  t.same(paths(key(['1'], ['a']), push('2', 'a')), ['/deviceType'])

  // 15 and 16 carry no id.
  for (const type of ['15', '16']) {
    t.same(paths(key([], ['a']), push(type, undefined, undefined)), ['/devices/0', '/devices/1'], `${type} is not listed`)
    t.same(paths(key([type], ['a']), push(type, undefined)), [], `${type} is listed`)
    t.same(paths(key(['1', type], ['a']), push('1', undefined)), [], 'a push of another type without an id is the contract\'s to refuse')
    t.same(paths(key([type === '15' ? '16' : '15'], ['a']), push(type, undefined)), ['/deviceType'], 'the other is listed')
  }
  for (const type of ['12', '13', '17']) t.same(paths(key([], ['system-1']), push(type, 'system-1', 'system-2')), ['/devices/1/deviceId'])
  t.equal(checkScope(key([], ['a']), push('1', ...Array<string>(1000).fill('b'))).length, 20, 'one answer lists 20')
})

t.test('a limit that no push or list could bear is refused when the key is made', async t => {
  const registry = open(t)
  const refused = {
    'a type with a blank': { deviceTypes: ['1 '] },
    'a long type': { deviceTypes: ['1'.repeat(65)] },
    'an empty id': { deviceIds: [''] },
    'a long id': { deviceIds: ['a'.repeat(257)] },
    'an id that commands a terminal': { deviceIds: ['\u001b[2J'] },
    'a label that commands a terminal': { label: 'a\u001b[2J' },
    'a label with half a character': { label: '\ud800' },
    'a long label': { label: 'a'.repeat(101) },
    'too many ids': { deviceIds: Array.from({ length: 1001 }, (_, i) => `meter-${i}`) },
    'no network': { cidrs: ['10.0.0.0/99'] },
    'an end in the past': { expires: { atMs: 0 } },
    'an end now': { expires: { afterMs: 0 } },
    'no moment': { expires: { atMs: NaN } },
    'the year 10000': { expires: { atMs: Date.UTC(10000, 0) } }
  }
  for (const [name, options] of Object.entries(refused)) t.throws(() => registry.createKey('north', options), { name: 'RegistryError', reason: 'wrong-use' }, name)
  t.same(registry.listKeys(), [])
  t.throws(() => registry.createKey('nort'), { reason: 'not-found', message: 'There is no plant "nort"; did you mean north?' })
  const { apiKey } = registry.createKey('north', { label: '电表 7', cidrs: ['10.0.0.1', '10.0.0.1/32'], deviceTypes: ['1', '1'], deviceIds: ['é'], inUrl: true })
  t.match(apiKey, { label: '电表 7', addresses: { cidrs: ['10.0.0.1/32'] }, deviceTypes: new Set(['1']), deviceIds: new Set(['é']), inUrl: true })
})

t.test('a rotated key keeps its limits, both are good for the overlap, and the list says who still uses the old one', async t => {
  const clock = new ManualClock()
  const registry = open(t, clock)
  const old = registry.createKey('north', { label: 'gateway', cidrs: ['10.0.0.0/8'], deviceTypes: ['1'], deviceIds: ['a'], inUrl: true, expires: { afterMs: 90 * DAY_MS } })
  clock.jump(30 * DAY_MS)
  registry.identify(old.key)
  const next = registry.rotateKey(old.id, { overlapMs: 7 * DAY_MS })
  t.match(next.apiKey, { label: 'gateway', addresses: { cidrs: ['10.0.0.0/8'] }, deviceTypes: new Set(['1']), deviceIds: new Set(['a']), inUrl: true, rotatedFrom: old.id })
  t.equal(next.apiKey.expiresAtMs, clock.now() + 90 * DAY_MS, 'with a lifetime as the old one had')
  t.equal(next.replaced.expiresAtMs, clock.now() + 7 * DAY_MS)
  t.match(registry.listKeys(), [{ id: old.id, state: 'replaced', replacedBy: next.id, usedSinceReplaced: false }, { id: next.id, state: 'active', usedSinceReplaced: false }])

  clock.jump(6 * DAY_MS)
  t.ok(registry.identify(old.key))
  t.ok(registry.identify(next.key))
  t.match(registry.listKeys('north'), [{ id: old.id, usedSinceReplaced: true, lastUsedAtMs: clock.now() }, { id: next.id, usedSinceReplaced: false }])
  clock.jump(DAY_MS)
  t.equal(registry.identify(old.key), undefined)
  t.ok(registry.identify(next.key))
  t.match(registry.listKeys('north')[0], { state: 'expired' })

  t.throws(() => registry.rotateKey(old.id, { overlapMs: 0 }), { reason: 'ended', message: new RegExp(`replaced by ${next.id} already`) })
  const last = registry.rotateKey(next.key, { overlapMs: 0 })
  t.equal(registry.identify(next.key), undefined, 'no overlap ends it at once')
  registry.revokeKey(last.id)
  t.throws(() => registry.rotateKey(last.id, { overlapMs: 0 }), { reason: 'ended', message: /is revoked; create a new one with "keys create north"/ })
  t.throws(() => registry.rotateKey(last.id, { overlapMs: -1 }), { name: 'RegistryError', reason: 'wrong-use' })
  const short = registry.createKey('north', { expires: { afterMs: DAY_MS } })
  t.equal(registry.rotateKey(short.id, { overlapMs: 7 * DAY_MS }).replaced.expiresAtMs, short.apiKey.expiresAtMs, 'an overlap never makes a key live longer')
})

t.test('a key that was found somewhere is revoked by itself, a mistyped one is not repeated in the answer', async t => {
  const registry = open(t)
  const { id, key } = registry.createKey('north')
  const typo = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
  t.throws(() => registry.revokeKey(typo), { reason: 'not-found', message: `There is no key "ee_${id}"; did you mean ${id}?` })
  t.equal(registry.revokeKey(key).id, id)
  t.equal(registry.revokeKey(id).revokedAtMs, registry.listKeys()[0]?.revokedAtMs)
  t.throws(() => registry.revokeKey('zzzzzzzz'), { message: 'There is no key "zzzzzzzz"; "keys list" shows which there are.' })
})

t.test('a plant with keys that are good is removed only by force, and its keys with it', async t => {
  const registry = open(t)
  const { id, key } = registry.createKey('north')
  t.throws(() => { registry.removePlant('north') }, { reason: 'in-use', message: /has 1 key that is still good; revoke them first, or remove it with --force/ })
  registry.removePlant('north', { force: true })
  t.equal(registry.identify(key), undefined)
  t.same(registry.listKeys(), [])
  registry.addPlant('north', {})
  t.equal(registry.identify(key), undefined, 'a plant of the same name does not bring them back')
  registry.revokeKey(registry.createKey('north').id)
  registry.removePlant('north')
  t.throws(() => { registry.removePlant('north') }, { name: 'RegistryError', reason: 'not-found' })
  t.throws(() => registry.revokeKey(id), { name: 'RegistryError', reason: 'not-found' })
})

t.test('a time is digits and a unit, or 0, and nothing is guessed', async t => {
  t.same(['0', '90s', '30m', '12h', '7d', '2w', '0d', '99999w'].map(parseDuration), [0, 90_000, 1_800_000, 43_200_000, 7 * DAY_MS, 14 * DAY_MS, 0, 99_999 * 7 * DAY_MS])
  for (const text of ['', '7', '-7d', '7 d', '7D', '1.5h', 'd', '7dd', '1d12h', '100000d', '７d', '7d\n', 'constructor', '1y']) t.equal(parseDuration(text), undefined, JSON.stringify(text))
})
