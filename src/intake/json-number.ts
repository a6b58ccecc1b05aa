import { JsonSyntaxError } from './json-syntax-error.js'

const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39

/** Upper and lower case differ in one bit. */
const isExponentMark = (unit: number) => (unit | 0x20) === 0x65
// charCodeAt gives NaN at the end of the text, which no comparison lets pass.
const isDigit = (unit: number) => unit >= ZERO && unit <= NINE

function digitsFrom (text: string, start: number, place: string): number {
  let offset = start
  while (isDigit(text.charCodeAt(offset))) offset++
  if (offset === start) throw JsonSyntaxError.expected(text, offset, `a digit ${place}`)
  return offset
}

/** Where the number that begins at `start` with a digit or a minus ends (RFC 8259, section 6). */
export function endOfNumber (text: string, start: number): number {
  let offset = text.charCodeAt(start) === MINUS ? start + 1 : start
  if (text.charCodeAt(offset) === ZERO) {
    offset++
    if (isDigit(text.charCodeAt(offset))) throw JsonSyntaxError.expected(text, offset, 'a number without leading zeros (or a string)')
  } else {
    offset = digitsFrom(text, offset, 'after the minus')
  }
  if (text.charCodeAt(offset) === POINT) offset = digitsFrom(text, offset + 1, 'after the decimal point')
  if (!isExponentMark(text.charCodeAt(offset))) return offset
  const sign = text.charCodeAt(offset + 1)
  return digitsFrom(text, sign === PLUS || sign === MINUS ? offset + 2 : offset + 1, 'in the exponent')
}
