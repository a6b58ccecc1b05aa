import fc from 'fast-check'
import t from 'tap'
import { encodePush } from '../../src/contract/encode-push.js'
import { isMissing } from '../../src/contract/missing-value.js'
import { ProxyError } from '../../src/errors.js'
import { readPush, type IntakePolicy } from '../../src/intake/read-push.js'
import { instantsOf } from '../../src/intake/wall-time.js'
import { holds } from '../support/property-runs.js'

const zones = ['Asia/Shanghai', 'UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Monrovia', 'America/St_Johns', 'Pacific/Kiritimati', 'Asia/Kathmandu', 'Etc/GMT+12']
const anyZone = fc.constantFrom(...zones)

function read (recordTime: string, policy: Partial<IntakePolicy> = {}, data = '{"a":"1"}'): { time: string, body: string } | { fault: string } {
  const body = `{"deviceType":"1","devices":[{"deviceId":"m","recordTime":${recordTime},"data":${data}}]}`
  try {
    const { push } = readPush(Buffer.from(body), { unknownFields: 'reject', ...policy }, { nowMs: 0 })
    return { time: push.devices[0]?.recordTime ?? '', body: encodePush(push).toString() }
  } catch (cause) {
    if (!(cause instanceof ProxyError)) throw cause
    return { fault: (cause.faults ?? []).map(({ path, message }) => `${path} ${message}`).join('\n') }
  }
}

// Put together from its parts, unlike what is tested.
const partsIn = new Map(zones.map(timeZone => [timeZone, new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'short', timeStyle: 'medium' })]))
function wallTime (instantMs: number, timeZone: string): string {
  const parts = Object.fromEntries((partsIn.get(timeZone)?.formatToParts(instantMs) ?? []).map(({ type, value }) => [type, value]))
  return `${parts['year']?.padStart(4, '0')}-${parts['month']}-${parts['day']} ${parts['hour']}:${parts['minute']}:${parts['second']}`
}

const pad = (count: number, digits = 2) => String(count).padStart(digits, '0')
const anyFraction = fc.oneof(fc.constant(''), fc.stringMatching(/^[.,][0-9]{1,12}$/))

const anyInstant = fc.oneof(
  fc.integer({ min: Date.parse('0001-01-03T00:00:00Z') / 1000, max: Date.parse('9999-12-29T00:00:00Z') / 1000 }),
  fc.integer({ min: 0, max: 4_102_444_800 }),
  // Around a change of the clocks in Berlin, and around the day that Apia left out.
  fc.integer({ min: -90_000, max: 90_000 }).map(seconds => Date.parse('2021-10-31T01:00:00Z') / 1000 + seconds),
  fc.integer({ min: -90_000, max: 90_000 }).map(seconds => Date.parse('2011-12-30T10:00:00Z') / 1000 + seconds)
)

t.test('whatever the instant, its spelling and the zone: the time that is written is the one that the zone\'s clocks show', async t => {
  holds(t, fc.property(anyInstant, anyZone, fc.integer({ min: -18 * 60, max: 18 * 60 }), anyFraction, fc.record({ slash: fc.boolean(), short: fc.boolean(), colon: fc.constantFrom(':', ''), mark: fc.constantFrom('T', 't', ' '), gap: fc.constantFrom('', ' ') }),
    (seconds, timeZone, offsetMinutes, fraction, { slash, short, colon, mark, gap }) => {
      const local = new Date((seconds + offsetMinutes * 60) * 1000)
      const year = local.getUTCFullYear()
      if (year < 1 || year > 9999) return
      const two = (count: number) => short ? String(count) : pad(count)
      const date = [pad(year, 4), two(local.getUTCMonth() + 1), two(local.getUTCDate())].join(slash ? '/' : '-')
      const offset = offsetMinutes === 0 ? 'Z' : `${offsetMinutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offsetMinutes) / 60))}${colon}${pad(Math.abs(offsetMinutes) % 60)}`
      const extended = `${date}${mark}${two(local.getUTCHours())}:${pad(local.getUTCMinutes())}:${pad(local.getUTCSeconds())}${fraction}${gap}${offset}`
      const basic = `${local.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', mark)}${fraction}${gap}${offset}`
      const expected = wallTime(seconds * 1000, timeZone)
      for (const spelling of [extended, basic]) {
        const given = read(JSON.stringify(spelling), { timeZone })
        if (!('time' in given) || given.time !== expected) throw new Error(`${spelling} in ${timeZone}: ${JSON.stringify(given)}, not ${expected}`)
      }
    }))
})

t.test('the instants that a wall time may mean are those at which it is shown, and no other', async t => {
  holds(t, fc.property(anyInstant, anyZone, (seconds, timeZone) => {
    const shown = wallTime(seconds * 1000, timeZone)
    const { firstMs, lastMs } = instantsOf(timeZone, shown)
    const isRight = firstMs <= seconds * 1000 && seconds * 1000 <= lastMs && [firstMs, lastMs].every(instantMs => wallTime(instantMs, timeZone) === shown)
    if (!isRight) throw new Error(`${shown} in ${timeZone}, ${seconds}: ${firstMs / 1000} to ${lastMs / 1000}`)
  }))
})

t.test('seconds and milliseconds since 1970, as a number and as digits, are the same instant', async t => {
  holds(t, fc.property(fc.integer({ min: 1_000_000_000, max: 9_999_999_999 }), fc.integer({ min: 0, max: 999 }), anyZone, (seconds, ms, timeZone) => {
    const expected = wallTime(seconds * 1000 + ms, timeZone)
    const digits = [`${seconds}`, `${seconds}.${pad(ms, 3)}`, `${seconds}${pad(ms, 3)}`, `${seconds}${pad(ms, 3)}.25`]
    for (const spelling of [...digits, ...digits.map(text => `"${text}"`)]) {
      const given = read(spelling, { timeZone })
      if (!('time' in given) || given.time !== expected) throw new Error(`${spelling} in ${timeZone}: ${JSON.stringify(given)}, not ${expected}`)
    }
  }))
})

t.test('a count of any other length is a fault, never a time', async t => {
  holds(t, fc.property(fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.boolean(), (count, quoted) => {
    const digits = String(count)
    const given = read(quoted ? `"${digits}"` : digits)
    return 'fault' in given !== [10, 13].includes(digits.length)
  }))
})

t.test('no text with an offset is taken for another instant than the one that Date.parse reads in it', async t => {
  const nearlyIso = fc.tuple(fc.constantFrom('2021', '0001', '9999', '1900', '20'), fc.constantFrom('-', '/', '.', ''), fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 33 }), fc.constantFrom('T', ' ', '  ', ''), fc.integer({ min: 0, max: 26 }),
    fc.integer({ min: 0, max: 62 }), fc.integer({ min: 0, max: 62 }), anyFraction, fc.constantFrom('Z', '+08:00', '-0330', '+08', '+24:00', '+8', 'UTC'))
  let taken = 0
  holds(t, fc.property(nearlyIso, ([year, dash, month, day, mark, hour, minute, second, fraction, offset]) => {
    const given = read(JSON.stringify(`${year}${dash}${pad(month)}${dash}${pad(day)}${mark}${pad(hour)}:${pad(minute)}:${pad(second)}${fraction}${offset}`), { timeZone: 'UTC' })
    if ('fault' in given) return
    taken++
    const colonOffset = offset === 'Z' ? 'Z' : `${offset.slice(0, 3)}:${offset.replace(':', '').slice(3) || '00'}`
    const iso = `${year}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}${colonOffset}`
    const instantMs = Date.parse(iso)
    if (new Date(instantMs).toISOString().slice(0, 19).replace('T', ' ') !== given.time) throw new Error(`${iso}: ${given.time}`)
  }))
  t.ok(taken > 0, `${taken} were taken`)
})

t.test('any other text is a fault at its place, or passes as it is', async t => {
  const pieces = fc.array(fc.oneof(fc.constantFrom('2021', '09', '9', '08', '18', '40', '00', '-', '/', ':', 'T', ' ', '.', 'Z', '+08:00', '163109', '7600'), fc.string({ maxLength: 3 })), { maxLength: 14 }).map(list => list.join(''))
  holds(t, fc.property(fc.oneof(pieces, fc.string(), fc.string({ unit: 'binary' })), text => {
    const given = read(JSON.stringify(text))
    if ('fault' in given) return given.fault.startsWith('/devices/0/recordTime ') && !given.fault.includes('\n')
    // Taken: the contract's own form as it is, anything else with the same digits in front, or a count.
    return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(given.time) && (given.time === text || /^\d{4}[-/]?\d\d?[-/]?\d\d?[Tt ]\d\d?:?\d\d|^\d{10}(\d{3})?(\.|$)/.test(text))
  }))
})

t.test('a value arrives as the characters that were sent, or not at all', async t => {
  const word = fc.constantFrom('NaN', 'inf', '1.#INF', 'null', '', '-1.#IND00')
  const number = fc.oneof(fc.double({ noDefaultInfinity: true, noNaN: true }).map(value => Object.is(value, -0) ? '-0' : String(value)), fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?$/))
  const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20, unit: 'binary' }), word, number)
  holds(t, fc.property(fc.array(fc.oneof(text.map(value => ({ value, json: JSON.stringify(value) })), number.map(value => ({ value, json: value }))), { minLength: 1, maxLength: 8 }), points => {
    const data = `{${points.map(({ json }, index) => `"p${index}":${json}`).join(',')}}`
    const left = points.map(({ value }, index) => [`p${index}`, value] as const).filter(([, value]) => !isMissing(value))
    for (const missing of ['drop', 'reject'] as const) {
      const given = read('"2021-09-08 18:40:00"', { missing }, data)
      const isTaken = missing === 'drop' ? left.length > 0 : left.length === points.length
      if (isTaken !== ('body' in given)) throw new Error(`${missing} ${data}: ${JSON.stringify(given)}`)
      if (!('body' in given)) continue
      const sent = Object.entries(JSON.parse(given.body).devices[0].data)
      if (JSON.stringify(sent) !== JSON.stringify(left)) throw new Error(`${data} became ${given.body}`)
    }
  }))
})
