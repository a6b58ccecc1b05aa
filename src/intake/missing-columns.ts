import { nearestField } from '../contract/did-you-mean.js'
import { tellNames } from '../contract/tell-names.js'
import type { CsvRules } from '../mapping/mapping.js'
import { DELIMITERS, delimiterOf } from './read-table.js'

/** A header is not looked for further down, nor in longer lines. */
const SEARCHED_LINES_MAX = 50
const SEARCHED_CHARACTERS_MAX = 10_000

const TOLD_COLUMNS_MAX = 8

/** A header row, and the whole text in which the columns that it lacks may stand elsewhere. */
export interface SearchedTable {
  readonly text: string
  readonly csv: CsvRules
  /** The line of the header row. */
  readonly line: number
  readonly columns: readonly string[]
}

/** A sentence for each column that a mapping names and a table does not have; the first one says what there is instead. */
export function describeMissing (wanted: readonly string[], table: SearchedTable): string[] {
  const { columns } = table
  const others = columns.filter(name => !wanted.includes(name))
  return wanted.filter(name => !columns.includes(name)).map((name, index) => {
    const meant = nearestField(name, others.filter(other => other.length <= 2 * name.length))
    const hint = index > 0 ? '' : `; ${headerElsewhere(wanted, table) ?? whatIsThere(name, columns)}`
    return `has no column ${name}, which the mapping names under fields${meant === undefined ? '' : `; did you mean ${tellNames([meant], 1)}?`}${hint}`
  })
}

function whatIsThere (name: string, columns: readonly string[]): string {
  const isForeign = (text: string) => /[^\0-\x7f]/.test(text)
  const advice = columns.length === 1
    ? '; is its delimiter another (csv: { delimiter: … })?'
    : isForeign(name) && columns.some(isForeign) ? '; where these look wrong, the encoding is another (plants set NAME --charset …)' : ''
  return `the columns there are: ${tellNames(columns, TOLD_COLUMNS_MAX)}${advice}`
}

/** The remedy, when a line has all of the columns: one below a title, or the header row itself with another delimiter. */
function headerElsewhere (wanted: readonly string[], { text, csv, line }: SearchedTable): string | undefined {
  if (csv.columns !== undefined) return undefined
  const lines = text.slice(0, SEARCHED_LINES_MAX * SEARCHED_CHARACTERS_MAX).split(/\r\n|\n|\r/, SEARCHED_LINES_MAX)
  for (const [index, each] of lines.entries()) {
    const searched = each.slice(0, SEARCHED_CHARACTERS_MAX)
    const own = csv.delimiter ?? delimiterOf(searched)
    const delimiter = [own, ...DELIMITERS].find(mark => hasAll(searched.split(mark), wanted))
    if (delimiter === undefined) continue
    const rules = [...index + 1 === line ? [] : [`skipLines: ${index}`], ...delimiter === own ? [] : [`delimiter: ${delimiter === '\t' ? 'tab' : `"${delimiter}"`}`]]
    // The header row, read with its own delimiter, lacks one of them: a quote in it tells otherwise.
    return rules.length === 0 ? undefined : `line ${index + 1} has ${wanted.length === 1 ? 'it' : 'them all'}: set csv: { ${rules.join(', ')} } in the mapping`
  }
  return undefined
}

function hasAll (cells: readonly string[], wanted: readonly string[]): boolean {
  const names = new Set(cells.map(cell => cell.trim().replace(/^"(.*)"$/, '$1').trim().normalize('NFC')))
  return wanted.every(name => names.has(name.normalize('NFC')))
}
