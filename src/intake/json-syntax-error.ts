/** What stands at the offset: a printable character as it is, any other by its number, so that no answer carries it. */
function nameOfCharacter (text: string, offset: number): string {
  const codePoint = text.codePointAt(offset) ?? 0
  if (codePoint === 0x22) return 'a double quote'
  if (codePoint === 0x20) return 'a blank'
  const printable = codePoint > 0x20 && codePoint < 0x7f
  return printable ? `"${String.fromCodePoint(codePoint)}"` : `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
}

/** Where a text stops being JSON that the proxy reads. Its message never echoes more than one character of the text. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError'
  /** In UTF-16 units from the start of the text. */
  readonly offset: number
  /** Counted from 1, as editors do; a line ends with a line feed. */
  readonly line: number
  readonly column: number
  /** The JSON pointer of a name that stands twice; undefined for every other fault. */
  readonly pointer: string | undefined

  constructor (text: string, offset: number, problem: string, pointer?: string) {
    let line = 1
    let lineStart = 0
    for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', lineStart)) {
      line++
      lineStart = end + 1
    }
    super(`Line ${line}, column ${offset - lineStart + 1}: ${problem}.`)
    this.offset = offset
    this.line = line
    this.column = offset - lineStart + 1
    this.pointer = pointer
  }

  /** The usual fault: something else stands where `expected` should. */
  static expected (text: string, offset: number, expected: string): JsonSyntaxError {
    const found = offset < text.length ? `found ${nameOfCharacter(text, offset)}` : 'but the body ends here'
    return new JsonSyntaxError(text, offset, `expected ${expected}, ${found}`)
  }

  /** A name that stands twice in its object; the pointer is empty where it must not be printed. */
  static repeated (text: string, offset: number, pointer: string): JsonSyntaxError {
    return new JsonSyntaxError(text, offset, `this name stands in its object for the second time${pointer === '' ? '' : ` (${pointer})`}`, pointer)
  }
}
