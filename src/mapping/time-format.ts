/** A form in which a sender writes its times. */
export interface TimeFormat {
  /** As it stands in the mapping. */
  readonly text: string
  /** The time in the contract's form, its digits unchanged; undefined: it is not written so. The calendar is not asked. */
  readonly read: (time: string) => string | undefined
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'half'

/** What the letters stand for, the longest first. Those of Java, .NET and the contract itself. */
const LETTERS: ReadonlyArray<readonly [letters: string, part: Part, digits: string]> = [
  ['yyyy', 'year', '\\d{4}'], ['yy', 'year', '\\d{2}'], ['MM', 'month', '\\d{2}'], ['M', 'month', '\\d{1,2}'], ['dd', 'day', '\\d{2}'], ['d', 'day', '\\d{1,2}'],
  ['HH', 'hour', '\\d{2}'], ['H', 'hour', '\\d{1,2}'], ['hh', 'hour', '\\d{2}'], ['h', 'hour', '\\d{1,2}'], ['mm', 'minute', '\\d{2}'], ['ss', 'second', '\\d{2}'], ['a', 'half', '[AaPp][Mm]']
]

const FORMAT_CHARACTERS_MAX = 40

/** Reads a form such as `dd.MM.yyyy HH:mm:ss`; a text instead of it says what is wrong. */
export function parseTimeFormat (text: string): TimeFormat | string {
  if (text.length > FORMAT_CHARACTERS_MAX) return `has more than ${FORMAT_CHARACTERS_MAX} characters`
  const parts: Part[] = []
  let pattern = ''
  for (let at = 0; at < text.length;) {
    const found = LETTERS.find(([letters]) => text.startsWith(letters, at))
    const character = text.charAt(at)
    if (found === undefined && /[A-Za-z0-9]/.test(character)) return `does not know the letter ${character}; it takes ${LETTERS.map(([letters]) => letters).join(', ')} and what stands between them`
    if (found !== undefined) parts.push(found[1])
    pattern += found === undefined ? character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&') : `(${found[2]})`
    at += found?.[0].length ?? 1
  }
  const missing = (['year', 'month', 'day', 'hour', 'minute'] as const).find(part => !parts.includes(part))
  if (missing !== undefined) return `has no ${missing}`
  if (new Set(parts).size < parts.length) return 'has a part twice'
  if (text.includes('h') !== parts.includes('half')) return 'needs h and a (AM or PM) together, or H'
  const form = new RegExp(`^${pattern}$`)
  return { text, read: time => readBy(form, parts, time) }
}

function readBy (form: RegExp, parts: readonly Part[], time: string): string | undefined {
  // Longer than any form can be.
  const found = time.length > 2 * FORMAT_CHARACTERS_MAX ? null : form.exec(time)
  if (found === null) return undefined
  const of = (part: Part): string => (found[parts.indexOf(part) + 1] ?? '00').padStart(2, '0')
  const year = of('year')
  const hour = parts.includes('half') ? inFullDay(Number(of('hour')), of('half')) : of('hour')
  return hour === undefined ? undefined : `${year.length === 2 ? `20${year}` : year}-${of('month')}-${of('day')} ${hour}:${of('minute')}:${parts.includes('second') ? of('second') : '00'}`
}

/** 12 AM is midnight, 12 PM noon; undefined: no clock of twelve hours shows it. */
function inFullDay (hour: number, half: string): string | undefined {
  if (hour < 1 || hour > 12) return undefined
  return String(hour % 12 + (/^p/i.test(half) ? 12 : 0)).padStart(2, '0')
}
