import type { Random } from './random.js'

/** A body to read. */
export interface FuzzBody {
  readonly bytes: Buffer
  readonly contentType: string | undefined
}

const CODES = ['Ua', 'Ep_imp', 'dp_imp', '', 'a/b', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '电压', 'p\u0000', '\ud800', 'x'.repeat(129), '1', '10', '2']
const VALUES = ['226.0', '0', '-0.0', '1e400', '9007199254740993', '', ' ', 'NaN', 'null', 'true', '1.#QNAN', 'Infinity', '电表', '°', '\ud800', '\ufffd', '9'.repeat(257), '\u0000', '"', '\\', '\u2028', '1,5']
const TIMES = ['2021-09-08 18:40:00', '2021-09-08T18:40:00Z', '2021-09-08T18:40:00.123+08:00', '2023/05/06 13:00:00', '2021-02-30 00:00:00', '2021-09-08 24:00:00', '1683349200', '1683349200000', '', '0000-00-00 00:00:00', '20210908T184000Z', '06.05.2023 13:00']
const NUMBERS = ['0', '-0', '1', '226.0', '1e3', '1E+400', '-1.5e-9', '9007199254740993', '1683349200', '1683349200123', '1683349200.5', '00', '01', '1.', '.5', '-', '+1', '0x1', 'NaN', '-Infinity', 'Infinity', '1'.repeat(400)]

/** A body by chance: most resemble something that senders send, then perhaps damaged byte by byte. */
export function makeBody (random: Random): FuzzBody {
  const text = random.pick([pushText, pushText, pushText, kepwareText, flatText, csvText, formText, anyJson, anyJson, deepJson, noise])(random)
  const [encoded, contentType] = encode(random, text)
  return { bytes: random.chance(0.4) ? damage(random, encoded) : encoded, contentType }
}

/** Not JSON.stringify: escapes, blanks, doubled names and wrong numbers are wanted. */
function object (random: Random, members: ReadonlyArray<readonly [string, string]>): string {
  const all = random.chance(0.05) ? [...members, ...members.slice(0, 1)] : members
  return `{${blank(random)}${all.map(([name, value]) => `${string(random, name)}${blank(random)}:${blank(random)}${value}`).join(',')}${blank(random)}}`
}

function array (items: readonly string[]): string {
  return `[${items.join(',')}]`
}

function string (random: Random, text: string): string {
  const quoted = random.chance(0.02) ? `"${text}"` : JSON.stringify(text)
  return random.chance(0.1) ? quoted.replace(/[a-zA-Z]/, letter => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`) : quoted
}

function blank (random: Random): string {
  return random.chance(0.9) ? '' : random.pick([' ', '\n', '\r\n', '\t', '\u000b', '\u00a0'])
}

function scalar (random: Random): string {
  return random.chance(0.6) ? string(random, pick(random, VALUES)) : random.chance(0.7) ? pick(random, NUMBERS) : random.pick(['null', 'true', 'false', '[]', '{}', 'nul', 'undefined', ''])
}

function time (random: Random): string {
  return random.chance(0.7) ? string(random, pick(random, TIMES)) : scalar(random)
}

function several<T> (random: Random, max: number, make: (index: number) => T): T[] {
  return Array.from({ length: random.below(max + 1) }, (_, index) => make(index))
}

function pick (random: Random, choices: readonly string[]): string {
  return choices[random.below(choices.length)] ?? ''
}

function pushText (random: Random): string {
  const device = (index: number): string => object(random, [
    [random.chance(0.9) ? 'deviceId' : 'device_id', random.chance(0.9) ? `"m${index}"` : scalar(random)],
    ['recordTime', random.chance(0.8) ? '"2021-09-08 18:40:00"' : time(random)],
    ['data', random.chance(0.95) ? object(random, several(random, 4, () => [pick(random, CODES), random.chance(0.8) ? '"1.0"' : scalar(random)] as const)) : scalar(random)],
    ...(random.chance(0.05) ? [[pick(random, CODES), scalar(random)] as const] : [])
  ])
  return object(random, [
    ['deviceType', random.chance(0.9) ? random.pick(['"1"', '1', '"12"', '"15"']) : scalar(random)],
    ['devices', random.chance(0.95) ? array(several(random, 4, device)) : scalar(random)],
    ...(random.chance(0.05) ? [[pick(random, CODES), scalar(random)] as const] : [])
  ])
}

function kepwareText (random: Random): string {
  const sample = (): string => object(random, [
    ['id', string(random, random.pick(['Channel1.Meter7.Ua', 'Channel1.Meter7.Ub', 'Channel1.__proto__.constructor', 'a.b', '.', '', 'a'.repeat(300), '..', 'Channel1.Meter7.Ua.b']))],
    ['v', scalar(random)], ['q', random.pick(['true', 'true', 'false', 'null', '1'])], ['t', random.chance(0.8) ? '1683349200000' : time(random)]
  ])
  return object(random, [['timestamp', random.chance(0.8) ? '1683349200000' : time(random)], ['values', random.chance(0.95) ? array(several(random, 5, sample)) : scalar(random)]])
}

function flatText (random: Random): string {
  return object(random, [['deviceType', '"1"'], ['deviceId', '"m"'], ['recordTime', time(random)], ...several(random, 4, () => [pick(random, CODES), scalar(random)] as const)])
}

function csvText (random: Random): string {
  const delimiter = random.pick([',', ';', '\t', '|'])
  const cell = (): string => random.chance(0.1) ? random.pick(['"', '""', '"a', 'a"', '"a""b"', '"a\nb"', '"x"y']) : pick(random, random.chance(0.5) ? VALUES : NUMBERS)
  const rows = several(random, 5, () => ['m1', pick(random, TIMES), ...several(random, 3, cell)].join(delimiter))
  return [['device', 'time', ...several(random, 3, () => pick(random, CODES))].join(delimiter), ...rows].join(random.pick(['\r\n', '\n', '\r']))
}

function formText (random: Random): string {
  const code = (text: string): string => random.chance(0.8) ? encodeURIComponent(text.toWellFormed()) : text
  if (random.chance(0.4)) return `${random.pick(['', 'body=', 'json=', '='])}${code(pushText(random))}${random.pick(['', '=', '&'])}`
  const field = (): string => `${code(pick(random, CODES))}${random.pick(['=', '=', '=', ''])}${random.chance(0.1) ? random.pick(['%', '%zz', '%f', '+', '%00', '%ff']) : code(pick(random, VALUES))}`
  return [`deviceId=m&recordTime=${code(pick(random, TIMES))}`, ...several(random, 4, field)].join('&')
}

function anyJson (random: Random): string {
  // Fewer than one child on average, so that it ends.
  if (random.chance(0.65)) return scalar(random)
  return random.chance(0.5) ? array(several(random, 4, () => anyJson(random))) : object(random, several(random, 4, () => [pick(random, CODES), anyJson(random)] as const))
}

function deepJson (random: Random): string {
  const depth = 1 + random.below(1_200)
  const [open, close] = random.pick<[string, string]>([['[', ']'], ['{"a":', '}'], ['{"devices":[', ']}']])
  return `${open.repeat(depth)}${random.chance(0.5) ? '1' : ''}${close.repeat(depth - (random.chance(0.3) ? 1 : 0))}`.slice(0, 20_000)
}

function noise (random: Random): string {
  return random.pick([random.bytes(random.below(60)), '', ' ', '\ufeff', '\0', '%', '"', '\\', '{', '-', 'null'])
}

function encode (random: Random, text: string): [Buffer, string | undefined] {
  const chance = random.next()
  if (chance < 0.7) return [Buffer.from(text), random.pick([undefined, 'application/json', 'application/x-www-form-urlencoded', 'text/csv', 'text/plain; charset=gbk', 'json'])]
  if (chance < 0.8) return [Buffer.concat([Buffer.from('\ufeff'), Buffer.from(text), Buffer.alloc(random.below(3))]), undefined]
  if (chance < 0.9) return [Buffer.from(text, 'utf16le'), random.pick([undefined, 'text/plain; charset=utf-16le', 'text/plain; charset=nonsense'])]
  return [Buffer.from(text, 'latin1'), random.pick([undefined, 'text/plain; charset=iso-8859-1', 'text/plain; charset=big5'])]
}

function damage (random: Random, bytes: Buffer): Buffer {
  const damaged = Buffer.from(bytes)
  for (let rounds = 1 + random.below(4); rounds > 0 && damaged.length > 0; rounds--) damaged[random.below(damaged.length)] = random.chance(0.5) ? random.below(256) : random.pick([0x22, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d, 0x5c, 0x30, 0x2d, 0x25, 0x0a])
  if (random.chance(0.2)) return damaged.subarray(0, random.below(damaged.length + 1))
  const from = random.below(damaged.length + 1)
  return random.chance(0.2) ? Buffer.concat([damaged.subarray(0, from), damaged.subarray(random.below(damaged.length + 1))]) : damaged
}
