import { pointerTo } from '../contract/json-pointer.js'
import type { DecodedBody, DialectContext, Translation } from './dialects.js'
import { describeMissing } from './missing-columns.js'
import { readTable, type TableRow } from './read-table.js'
import { RowReader } from './row-reader.js'
import { speltAsMapped } from './spelt-as-mapped.js'

/** A text table: a header row, or the columns that the mapping names, then rows. */
export function readCsv ({ text }: DecodedBody, context: DialectContext): Translation {
  const { csv, fields } = context.mapping
  const { rows, fault } = readTable(text, csv)
  const header = csv.columns === undefined ? rows.shift() : undefined
  const named = header === undefined ? csv.columns ?? [] : speltAsMapped(header.cells.map(name => name.trim()), context.mapping)
  const names = endsEmpty(named, rows) ? named.slice(0, -1) : named
  const placeOf = (index: number, field?: string): string => placeOfCell(rows[index]?.line ?? header?.line ?? 1, field)
  const reader = new RowReader(context, { dialect: 'csv', field: 'column', placeOf, nameOf: (_index, column) => names[column] ?? '', emptyIsAbsent: true, inWords: cellInWords })
  const { gathering } = reader
  const line = header?.line ?? 1
  for (const message of names.length > 0 ? describeMissing([...fields.values()].flat(), { text, csv, line, columns: names }) : []) gathering.fault(placeOfCell(line), message)
  for (const [place, message] of faultsOfHeader(names, header)) gathering.fault(place, message)
  // Rows would only repeat what is wrong with their header.
  for (const [index, { line, cells }] of gathering.faults.length > 0 ? [] : rows.entries()) {
    const isRagged = cells.length !== named.length
    if (isRagged) gathering.fault(placeOfCell(line), `has ${cells.length} cells where ${header === undefined ? 'the mapping has' : 'the header row has'} ${named.length}`)
    else reader.read(index, names, cells)
  }
  if (fault !== undefined) gathering.fault(placeOfCell(fault.line), fault.message)
  return reader.finish()
}

/** Whether every line, that of the header too, ends with a delimiter and nothing behind it, as some programs write them. */
function endsEmpty (names: readonly string[], rows: readonly TableRow[]): boolean {
  return names.at(-1) === '' && rows.every(({ cells }) => cells.length !== names.length || cells.at(-1)?.trim() === '')
}

function faultsOfHeader (names: readonly string[], header: TableRow | undefined): Array<[place: string, message: string]> {
  if (header === undefined) return []
  const faults: Array<[string, string]> = []
  const seen = new Set<string>()
  for (const [column, name] of names.entries()) {
    if (name === '') faults.push([placeOfCell(header.line), `has no name for column number ${column + 1}; name it, and list it under ignore if nobody needs it`])
    if (name !== '' && seen.has(name)) faults.push([placeOfCell(header.line, name), 'stands twice in the header row'])
    seen.add(name)
  }
  return faults
}

/** `/3/Ua`: line and column. */
function placeOfCell (line: number, column?: string): string {
  return column === undefined ? `/${line}` : pointerTo(`/${line}`, column)
}

/** A place as people find it, since nobody counts lines from a pointer. */
function cellInWords (place: string): string {
  const [, line, column] = /^\/(\d+)(?:\/(.*))?$/s.exec(place) ?? []
  if (line === undefined) return place
  const name = column?.replaceAll('~1', '/').replaceAll('~0', '~')
  return name === undefined ? `line ${line}` : `line ${line}, column ${name}`
}
