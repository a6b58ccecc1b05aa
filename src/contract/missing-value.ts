const HASH = 0x23

/** What programs write where they have no number, Windows' C runtime (1.#QNAN00, -1.#IND, 1.#J, nan(ind)) among them. */
const MISSING_WORD = /^(?:null|[+-]?(?:nan(?:\((?:ind|snan)\))?|inf(?:inity)?|1\.\$|1\.#[a-z]{1,4}0*(?:e[+-][0-9]+)?))$/i

/** What to do about a value that is no reading; the end of each sentence that finds one. */
export const MISSING_REMEDY = 'leave the point out when there is no reading, or have the operator set --missing drop'

function isMissingWord (text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  // Nearly every reading ends in a digit; of those only 1.#INF00 and its like are none, by their # behind "1." or "-1.".
  if (last >= 0x30 && last <= 0x39 && text.charCodeAt(2) !== HASH && text.charCodeAt(3) !== HASH) return false
  return MISSING_WORD.test(text)
}

/** Whether a value says that there is no reading: null, an empty text, or a word for it, exactly. */
export function isMissing (value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'string' && isMissingWord(value))
}

/** What is wrong with a text that says that there is no reading. The schema speaks of null and of the empty text. */
export function missingFault (text: string): string | undefined {
  if (!isMissingWord(text)) return undefined
  return `is ${nameOf(text.toLowerCase())}, no reading; ${MISSING_REMEDY}`
}

function nameOf (word: string): string {
  if (word.includes('1.')) return 'what Windows prints for a number that is none (such as 1.#QNAN)'
  if (word.includes('inf')) return 'Infinity'
  return word === 'null' ? 'the word null' : 'NaN, not a number'
}
