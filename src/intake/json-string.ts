import { JsonSyntaxError } from './json-syntax-error.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_PRINTABLE = 0x20

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'], ['\\', '\\'], ['/', '/'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t']
])

const hexValue = (unit: number) => {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  const lower = unit | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** The UTF-16 unit of the four digits at `start`. A lone surrogate is read as one: the contract refuses it with its place. */
function unitOfDigits (text: string, start: number): string {
  let unit = 0
  for (let offset = start; offset < start + 4; offset++) {
    const value = hexValue(text.charCodeAt(offset))
    if (value < 0) throw JsonSyntaxError.expected(text, offset, 'four hexadecimal digits after \\u')
    unit = unit * 16 + value
  }
  return String.fromCharCode(unit)
}

/** Throws for what ends a string too early: the end of the text, or a control character. */
function refuseUnit (text: string, offset: number): never {
  const expected = offset < text.length ? 'an escape such as \\n for a control character' : 'a double quote to end the string'
  throw JsonSyntaxError.expected(text, offset, expected)
}

/**
 * The offset of the quote or the first backslash in the string whose content begins at `start`: most strings have no
 * escape and are taken as one slice.
 */
export function endOfPlainString (text: string, start: number): number {
  for (let offset = start; ; offset++) {
    const unit = text.charCodeAt(offset)
    if (unit === QUOTE || unit === BACKSLASH) return offset
    // The end of the text is NaN, which is not at least anything.
    if (!(unit >= FIRST_PRINTABLE)) refuseUnit(text, offset)
  }
}

/** The string that holds escapes and whose content begins at `start`, and the offset of its closing quote. */
export function readEscapedString (text: string, start: number): { value: string, end: number } {
  const parts: string[] = []
  let offset = start
  for (;;) {
    const end = endOfPlainString(text, offset)
    if (end > offset) parts.push(text.slice(offset, end))
    if (text.charCodeAt(end) === QUOTE) return { value: parts.join(''), end }
    const letter = text.charAt(end + 1)
    const character = letter === 'u' ? unitOfDigits(text, end + 2) : ESCAPES.get(letter)
    if (character === undefined) throw JsonSyntaxError.expected(text, end + 1, 'one of " \\ / b f n r t u after the backslash')
    parts.push(character)
    offset = end + (letter === 'u' ? 6 : 2)
  }
}
