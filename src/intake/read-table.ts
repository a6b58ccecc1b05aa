import { parse, type CsvError } from 'csv-parse/sync'
import { ProxyError } from '../errors.js'
import { COLUMNS_MAX } from './gathering.js'

/** Ten times the device records of a push, so that rows of one reading each fit; a table of empty cells took seconds without. */
const LINES_MAX = 100_000

/** One row of a table, and the line that it begins in, counted from 1. */
export interface TableRow {
  readonly line: number
  readonly cells: readonly string[]
}

/** Where the text of a table is none. */
export interface TableFault {
  readonly line: number
  readonly message: string
}

export interface TableOptions {
  /** The default is found in the first line: a tab where it has one, otherwise a semicolon, otherwise a comma. */
  readonly delimiter?: string | undefined
  /** Lines before the table. */
  readonly skipLines: number
  /** Takes blanks around cells off, save within quotes. */
  readonly trim: boolean
}

/**
 * The rows of a text table (RFC 4180), without those that have nothing in any cell. Throws ProxyError PushTooLarge at a bound.
 */
export function readTable (text: string, options: TableOptions): { rows: TableRow[], fault: TableFault | undefined } {
  const table = text.slice(startOfLine(text, options.skipLines))
  const parser = {
    delimiter: options.delimiter ?? delimiterOf(table),
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    trim: options.trim,
    to: LINES_MAX + 1
  }
  const lines = new TableLines(options.skipLines + 1)
  try {
    for (const cells of parse(table, parser)) lines.add(cells)
    return { rows: lines.rows, fault: undefined }
  } catch (cause) {
    if (!isCsvError(cause)) throw cause
    // Read a second time up to the fault, for its line: to be told of each record costs a third more, and few tables are at fault.
    const upToFault = new TableLines(options.skipLines + 1)
    const onRecord = (cells: string[]): null => {
      upToFault.add(cells)
      return null
    }
    try {
      parse(table, { ...parser, on_record: onRecord })
    } catch (again) {
      if (!isCsvError(again)) throw again
    }
    return { rows: upToFault.rows, fault: { line: upToFault.line, message: describe(cause) } }
  }
}

/**
 * Numbers the lines of records as an editor does. Counted here: csv-parse counts a CRLF within quotes twice.
 */
class TableLines {
  readonly rows: TableRow[] = []
  /** That of the next record. */
  line: number
  #records = 0

  constructor (line: number) {
    this.line = line
  }

  add (cells: readonly string[]): void {
    this.#records += 1
    if (this.#records > LINES_MAX) throw tooMuch(`${LINES_MAX} lines`)
    if (cells.length > COLUMNS_MAX) throw tooMuch(`${COLUMNS_MAX} columns`)
    if (cells.some(cell => cell.trim() !== '')) this.rows.push({ line: this.line, cells })
    this.line += 1 + linesWithin(cells)
  }
}

function startOfLine (text: string, lines: number): number {
  let offset = 0
  for (let left = lines; left > 0; left--) {
    const end = text.indexOf('\n', offset)
    if (end === -1) return text.length
    offset = end + 1
  }
  return offset
}

/** Those that are found by themselves first. */
export const DELIMITERS = ['\t', ';', ',', '|'] as const

export function delimiterOf (table: string): string {
  const [first = ''] = /^[\r\n]*[^\r\n]{0,100000}/.exec(table) ?? []
  const withoutQuoted = first.replace(/"[^"]*"/g, '')
  return ['\t', ';'].find(mark => withoutQuoted.includes(mark)) ?? ','
}

function linesWithin (cells: readonly string[]): number {
  return cells.reduce((lines, cell) => lines + (cell.includes('\n') || cell.includes('\r') ? cell.split(/\r\n|\n|\r/).length - 1 : 0), 0)
}

function tooMuch (bound: string): ProxyError {
  return new ProxyError('PushTooLarge', `The table holds more than ${bound}. Send fewer devices or times in one push.`)
}

/** By its code: its own sentence would quote the body. */
function isCsvError (cause: unknown): cause is CsvError {
  return cause instanceof Error && 'code' in cause && !(cause instanceof ProxyError)
}

function describe ({ code }: CsvError): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED': return 'has a cell that begins with a quote and none that ends it'
    case 'CSV_INVALID_CLOSING_QUOTE': return 'has a cell that goes on behind its closing quote; a quote within a cell is written twice'
    case 'INVALID_OPENING_QUOTE': return 'has a quote within a cell; put the whole cell into quotes and write that quote twice'
    default: return 'cannot be read as a row of a table'
  }
}
