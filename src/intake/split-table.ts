const QUOTE = 0x22
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** What separates the cells, and whether blanks around them are taken off, save within quotes. */
export interface CellFormat {
  /** One character. */
  readonly delimiter: string
  readonly trim: boolean
}

const isBlank = (unit: number): boolean => unit === 0x20 || unit === 0x09

/**
 * Splits the text of a table (RFC 4180) into rows; a line ends with CRLF, LF or CR. One pass in which nothing is tried twice: a parser
 * of the usual kind makes an error for each ragged row, and took 8 s for 400 kB of commas.
 */
export class TableSplitter {
  readonly #text: string
  readonly #delimiter: number
  readonly #trim: boolean
  #offset: number
  #hasQuotedCell = false

  constructor (text: string, start: number, { delimiter, trim }: CellFormat) {
    this.#text = text
    this.#offset = start
    this.#delimiter = delimiter.charCodeAt(0)
    this.#trim = trim
  }

  /** Whether the row that was read last has a cell in quotes: no other cell can hold a line end. */
  get hasQuotedCell (): boolean {
    return this.#hasQuotedCell
  }

  /** The cells of the next row; undefined behind the last one; a sentence where it is none. */
  nextRow (): string[] | string | undefined {
    if (this.#offset >= this.#text.length) return undefined
    const cells: string[] = []
    this.#hasQuotedCell = false
    for (;;) {
      if (this.#trim) this.#skipBlanks()
      const isQuoted = this.#text.charCodeAt(this.#offset) === QUOTE
      this.#hasQuotedCell ||= isQuoted
      const cell = isQuoted ? this.#quoted() : this.#bare()
      if (cell === undefined) return isQuoted ? 'has a cell that begins with a quote and none that ends it' : 'has a quote within a cell; put the whole cell into quotes and write that quote twice'
      cells.push(cell)
      if (isQuoted && this.#trim) this.#skipBlanks()
      const unit = this.#text.charCodeAt(this.#offset)
      if (unit !== this.#delimiter) return this.#endLine() ? cells : 'has a cell that goes on behind its closing quote; a quote within a cell is written twice'
      this.#offset += 1
    }
  }

  #quoted (): string | undefined {
    const start = this.#offset + 1
    let hasQuotes = false
    for (let end = this.#text.indexOf('"', start); end !== -1; end = this.#text.indexOf('"', end + 2)) {
      if (this.#text.charCodeAt(end + 1) !== QUOTE) {
        this.#offset = end + 1
        const cell = this.#text.slice(start, end)
        return hasQuotes ? cell.replaceAll('""', '"') : cell
      }
      hasQuotes = true
    }
    return undefined
  }

  #bare (): string | undefined {
    const start = this.#offset
    let end = start
    for (; end < this.#text.length; end++) {
      const unit = this.#text.charCodeAt(end)
      if (unit === this.#delimiter || unit === LINE_FEED || unit === CARRIAGE_RETURN) break
      if (unit === QUOTE) return undefined
    }
    this.#offset = end
    while (this.#trim && end > start && isBlank(this.#text.charCodeAt(end - 1))) end -= 1
    return this.#text.slice(start, end)
  }

  /** Whether a line ends here; steps over its end. */
  #endLine (): boolean {
    const unit = this.#text.charCodeAt(this.#offset)
    if (unit === CARRIAGE_RETURN) this.#offset += this.#text.charCodeAt(this.#offset + 1) === LINE_FEED ? 2 : 1
    else if (unit === LINE_FEED) this.#offset += 1
    else return this.#offset >= this.#text.length
    return true
  }

  #skipBlanks (): void {
    for (let unit = this.#text.charCodeAt(this.#offset); isBlank(unit) && unit !== this.#delimiter; unit = this.#text.charCodeAt(this.#offset)) this.#offset += 1
  }
}
