import { ProxyError } from '../errors.js'
import { COLUMNS_MAX } from './gathering.js'
import { TableSplitter } from './split-table.js'

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
export function readTable (text: string, { delimiter, skipLines, trim }: TableOptions): { rows: TableRow[], fault: TableFault | undefined } {
  const start = startOfLine(text, skipLines)
  const splitter = new TableSplitter(text, start, { delimiter: delimiter ?? delimiterOf(text, start), trim })
  const rows: TableRow[] = []
  let line = skipLines + 1
  for (let count = 0; ; count++) {
    const cells = splitter.nextRow()
    if (cells === undefined) return { rows, fault: undefined }
    if (typeof cells === 'string') return { rows, fault: { line, message: cells } }
    if (count === LINES_MAX) throw tooMuch(`${LINES_MAX} lines`)
    if (cells.length > COLUMNS_MAX) throw tooMuch(`${COLUMNS_MAX} columns`)
    if (cells.some(cell => cell.trim() !== '')) rows.push({ line, cells })
    line += 1 + (splitter.hasQuotedCell ? linesWithin(cells) : 0)
  }
}

const LINE_END = /\r\n|\n|\r/g

function startOfLine (text: string, lines: number): number {
  let offset = 0
  for (let left = lines; left > 0; left--) {
    LINE_END.lastIndex = offset
    if (LINE_END.exec(text) === null) return text.length
    offset = LINE_END.lastIndex
  }
  return offset
}

/** Those that are found by themselves first. */
export const DELIMITERS = ['\t', ';', ',', '|'] as const

export function delimiterOf (text: string, start = 0): string {
  const [first = ''] = /^[\r\n]*[^\r\n]{0,100000}/.exec(text.slice(start)) ?? []
  const withoutQuoted = first.replace(/"[^"]*"/g, '')
  return ['\t', ';'].find(mark => withoutQuoted.includes(mark)) ?? ','
}

function linesWithin (cells: readonly string[]): number {
  return cells.reduce((lines, cell) => lines + (cell.includes('\n') || cell.includes('\r') ? cell.split(/\r\n|\n|\r/).length - 1 : 0), 0)
}

function tooMuch (bound: string): ProxyError {
  return new ProxyError('PushTooLarge', `The table holds more than ${bound}. Send fewer devices or times in one push.`)
}
