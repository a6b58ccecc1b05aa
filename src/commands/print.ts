import { createRequire } from 'node:module'
import type CliTable from 'cli-table3'

const require = createRequire(import.meta.url)

/** Where a command prints to: a stream, or whatever a test hands in. */
export interface Output {
  write (text: string): unknown
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  '
}

/** One value for a program to read, on one line. */
export function printJson (output: Output, value: unknown): void {
  output.write(`${JSON.stringify(value)}\n`)
}

/** Columns without lines and colours: the same in a terminal, a pipe and a file. Columns that are empty in every row are left out. */
export function printTable (output: Output, head: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
  const used = head.map((_, column) => rows.some(row => row[column] !== ''))
  const keepUsed = (cells: readonly string[]): string[] => cells.filter((_, column) => used[column])
  // Loaded only for who prints a table: every command starts by this file.
  const Table = require('cli-table3') as typeof CliTable
  const table = new Table({ head: keepUsed(head), chars: NO_LINES, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } })
  table.push(...rows.map(keepUsed))
  output.write(table.toString().split('\n').map(line => `${line.trimEnd()}\n`).join(''))
}

/** A moment for people: to the minute, in UTC, which is said beside it. Empty for none. */
export function formatMoment (atMs: number | undefined): string {
  return atMs === undefined ? '' : new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')
}

/** A moment for programs; `null` for none. */
export function isoMoment (atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString()
}
