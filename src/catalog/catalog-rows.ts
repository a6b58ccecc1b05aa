import { createRequire } from 'node:module'
import type * as Csv from 'csv-parse/sync'
import type { LineCounter as Lines } from 'yaml'
import { nestsTooDeep } from '../yaml-depth.js'
import { yamlPackage } from '../yaml-package.js'
import { CatalogError } from './catalog-error.js'

const require = createRequire(import.meta.url)

/** A row as it is written. */
export interface CatalogRow {
  /** Counted from 1. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
}

export const CATALOG_FIELDS = ['type', 'point', 'name', 'unit', 'need'] as const

const DELIMITERS = [',', ';', '\t']

/** The rows of a CSV list, whose first line names the columns. Throws CatalogError. */
export function readCsvRows (text: string): CatalogRow[] {
  // Loaded only for who has such a list.
  const { CsvError, parse } = require('csv-parse/sync') as typeof Csv
  const header = text.split('\n').find(line => !/^\s*(?:#|$)/.test(line)) ?? ''
  // Excel writes semicolons where a comma stands in its numbers.
  const [delimiter = ','] = DELIMITERS.toSorted((a, b) => header.split(b).length - header.split(a).length)
  try {
    const records: unknown[] = parse(text, { delimiter, comment: '#', comment_no_infix: true, skip_empty_lines: true, skip_records_with_empty_values: true, trim: true, info: true, columns: checkHeader, max_record_size: 10_000 })
    return records.map(toRow)
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    const line = typeof cause['lines'] === 'number' ? `Line ${cause['lines']}` : 'The list'
    throw new CatalogError([`${line} cannot be read as CSV: ${CSV_FAULTS[cause.code] ?? 'its quotes or its columns are not as they should be'}.`])
  }
}

const CSV_FAULTS: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_COLUMNS: 'it has more or fewer columns than the first line names',
  CSV_QUOTE_NOT_CLOSED: 'a quoted field never ends',
  CSV_INVALID_CLOSING_QUOTE: 'something stands behind a closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands in the middle of a field',
  CSV_MAX_RECORD_SIZE: 'it is longer than 10000 characters'
}

function checkHeader (names: readonly string[]): string[] {
  const found = names.map(name => name.trim().toLowerCase())
  const faults = [
    ...['type', 'point'].filter(name => !found.includes(name)).map(name => `The first line names no column "${name}".`),
    ...found.filter((name, index) => found.indexOf(name) !== index).map(name => `The first line names the column ${JSON.stringify(name)} twice.`),
    ...found.filter(name => !isField(name)).map(name => `The first line names a column ${JSON.stringify(name)}; the columns are ${CATALOG_FIELDS.join(', ')}.`)
  ]
  if (faults.length > 0) throw new CatalogError(faults)
  return found
}

// csv-parse types its records by its options only in part: with `info` and `columns` each is this.
function toRow (item: unknown): CatalogRow {
  const { record, info } = item as { record: Record<string, string>, info: { lines: number } }
  return { line: info.lines, fields: record }
}

const isField = (name: string): boolean => CATALOG_FIELDS.some(field => field === name)

/** The rows of a YAML list: a sequence of mappings. Everything written is text, so `type: 1` is the type "1". Throws CatalogError. */
export function readYamlRows (text: string): CatalogRow[] {
  if (nestsTooDeep(text)) throw new CatalogError(['The list nests deeper than any point does.'])
  const { isMap, isScalar, isSeq, LineCounter, parseDocument } = yamlPackage()
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { schema: 'failsafe', lineCounter, uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw new CatalogError([`Line ${lineCounter.linePos(error.pos[0]).line} cannot be read as YAML.`])
  if (!isSeq(document.contents)) throw new CatalogError(['The list must be a YAML sequence of points, each with type and point.'])
  const faults: string[] = []
  const rows = document.contents.items.map(item => {
    const line = lineOf(item, lineCounter)
    const fields: Record<string, string> = {}
    if (!isMap(item)) faults.push(`Line ${line}: each entry must be a mapping such as {type: "1", point: Ua}.`)
    else {
      for (const { key, value } of item.items) {
        const name = isScalar(key) ? String(key.value) : ''
        if (!isField(name)) faults.push(`Line ${lineOf(key, lineCounter)}: the fields are ${CATALOG_FIELDS.join(', ')}.`)
        else if (!isScalar(value)) faults.push(`Line ${lineOf(key, lineCounter)}: ${name} must be text.`)
        else fields[name] = String(value.value ?? '').trim()
      }
    }
    return { line, fields }
  })
  if (faults.length > 0) throw new CatalogError(faults)
  return rows
}

function lineOf (node: unknown, lineCounter: Lines): number {
  const range = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? node.range : [0]
  return lineCounter.linePos(Number(range[0])).line
}
