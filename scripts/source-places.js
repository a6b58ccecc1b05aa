// Leads the places of what was compiled back to their sources. Node would do so by itself, but reads every map while it loads
// a file: half a second of processor time for each process of the suite, and only a test that fails has places to tell.
import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'

const maps = new Map()

function mapOf (file) {
  if (!maps.has(file)) maps.set(file, existsSync(`${file}.map`) ? new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8'))) : undefined)
  return maps.get(file)
}

function toSource (whole, before, file, between, line, betweenToo, column) {
  const { lineNumber, columnNumber } = mapOf(file)?.findOrigin(Number(line), Number(column)) ?? {}
  if (lineNumber === undefined) return whole
  return `${before}${file.replace(/^dist\//, '').replace(/\.js$/, '.ts')}${between}${lineNumber}${betweenToo}${columnNumber}`
}

/** TAP, or a stack, with the places of the sources. */
export function withSourcePlaces (text) {
  return text
    .replace(/(\b)(dist\/[\w./-]+\.js)(:)(\d+)(:)(\d+)/g, toSource)
    .replace(/(fileName: )(dist\/[\w./-]+\.js)(\s+lineNumber: )(\d+)(\s+columnNumber: )(\d+)/g, toSource)
}
