import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { TableSplitter } from '../../src/intake/split-table.js'
import { holds } from '../support/property-runs.js'

const FAULTS: Readonly<Record<string, RegExp>> = { CSV_QUOTE_NOT_CLOSED: /none that ends it/, CSV_INVALID_CLOSING_QUOTE: /goes on behind/, CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: /goes on behind/, INVALID_OPENING_QUOTE: /a quote within a cell/ }

function split (text: string, delimiter: string, trim: boolean): string[][] | string {
  const splitter = new TableSplitter(text, 0, { delimiter, trim })
  const rows: string[][] = []
  for (let row = splitter.nextRow(); row !== undefined; row = splitter.nextRow()) {
    if (typeof row === 'string') return row
    rows.push(row)
  }
  return rows
}

/** Rows with nothing in them are left out, and csv-parse gives none for blanks at the very end. */
const filled = (rows: readonly string[][]): string => JSON.stringify(rows.filter(cells => cells.some(cell => cell.trim() !== '')))

t.test('a table is split as csv-parse splits it, or is refused for the same reason', async t => {
  const piece = fc.constantFrom('a', '電', ' ', '\t', '"', '"', '""', ',', ',', ';', '\n', '\r\n', '\r', '"a"', '"a\r\nb"', '"a,b"', '1')
  holds(t, fc.property(fc.array(piece, { maxLength: 25 }).map(pieces => pieces.join('')), fc.constantFrom(',', ';', '\t'), fc.boolean(), (text, delimiter, trim) => {
    // csv-parse takes two empty cells in quotes with a blank between them for one.
    if (trim && /"[ \t]+"/.test(text)) return
    const found = split(text, delimiter, trim)
    try {
      const expected: string[][] = parse(text, { delimiter, trim, record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true })
      if (typeof found === 'string' || filled(found) !== filled(expected)) throw new Error(`${JSON.stringify(text)}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`)
    } catch (cause) {
      if (!(cause instanceof Error) || !('code' in cause)) throw cause
      if (typeof found !== 'string' || FAULTS[String(cause.code)]?.test(found) !== true) throw new Error(`${JSON.stringify(text)}: ${JSON.stringify(found)}, not ${String(cause.code)}`)
    }
  }))
})
