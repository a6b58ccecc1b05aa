import { MISSING_REMEDY } from '../contract/missing-value.js'
import { JsonSyntaxError } from './json-syntax-error.js'

const WORDS: ReadonlyArray<readonly [word: string, value: boolean | null]> = [['true', true], ['false', false], ['null', null]]
/** What Python and others write for a number that is none. */
const NO_NUMBERS = ['NaN', 'Infinity', '-Infinity']

/** The word at an offset, and where it ends. @param nanAsNull as the reader's option */
export function readWord (text: string, offset: number, nanAsNull: boolean): { value: boolean | null, end: number } {
  for (const [word, value] of WORDS) {
    if (text.startsWith(word, offset)) return { value, end: offset + word.length }
  }
  for (const word of NO_NUMBERS) {
    if (!text.startsWith(word, offset)) continue
    if (!nanAsNull) throw new JsonSyntaxError(text, offset, `${word} is no value of JSON; ${MISSING_REMEDY}`)
    return { value: null, end: offset + word.length }
  }
  throw JsonSyntaxError.expected(text, offset, 'a value (a string in double quotes, a number, true, false, null, "{" or "[")')
}
