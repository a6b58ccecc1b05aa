import { PUSH_BOUNDS } from '../contract/push.js'
import { nameFault } from '../contract/text-fault.js'
import { CatalogError } from './catalog-error.js'
import { Catalog, type CatalogPoint, type Need } from './catalog.js'
import { type CatalogRow, readCsvRows, readYamlRows } from './catalog-rows.js'

export const CATALOG_BOUNDS = { bytesMax: 8_388_608, pointsMax: 100_000, faultsMax: 100 } as const

const NEEDS: ReadonlyMap<string, Need> = new Map([['required', 'required'], ['recommended', 'recommended'], ['optional', 'optional'], ['', 'optional']])

/**
 * Reads an operator's list: YAML when its name ends so, otherwise CSV. Excel in China saves CSV as GBK, so bytes that are no
 * UTF-8 are read as GB 18030.
 * @throws {CatalogError} naming the line of each fault, the first 100.
 */
export function readCatalog (bytes: Uint8Array, fileName: string): Catalog {
  if (bytes.length > CATALOG_BOUNDS.bytesMax) throw new CatalogError([`It is larger than ${CATALOG_BOUNDS.bytesMax} bytes.`])
  const text = decode(bytes).replace(/^\uFEFF/, '')
  const rows = /\.ya?ml$/i.test(fileName) ? readYamlRows(text) : readCsvRows(text)
  if (rows.length === 0) throw new CatalogError(['It has no points.'])
  if (rows.length > CATALOG_BOUNDS.pointsMax) throw new CatalogError([`It has more than ${CATALOG_BOUNDS.pointsMax} points.`])
  const faults: string[] = []
  const points = rows.map(row => toPoint(row, faults))
  addDuplicates(points, rows, faults)
  if (faults.length > 0) throw new CatalogError(faults.slice(0, CATALOG_BOUNDS.faultsMax))
  return new Catalog(points)
}

function decode (bytes: Uint8Array): string {
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes)
    } catch {
      // The next one.
    }
  }
  throw new CatalogError(['It is neither UTF-8 nor GB 18030; save it as UTF-8.'])
}

function toPoint ({ line, fields }: CatalogRow, faults: string[]): CatalogPoint {
  const { type = '', point = '', name = '', unit = '', need = '' } = fields
  if (!/^[0-9A-Za-z_]+$/.test(type) || type.length > PUSH_BOUNDS.deviceTypeCharactersMax) faults.push(`Line ${line}: type must be a code such as 1.`)
  if (point === '' || point.length > PUSH_BOUNDS.pointCodeCharactersMax || nameFault(point) !== undefined) faults.push(`Line ${line}: point must be a code such as Ua.`)
  const known = NEEDS.get(need.toLowerCase())
  if (known === undefined) faults.push(`Line ${line}: need must be required, recommended, optional or empty.`)
  return { type, point, name, unit, need: known ?? 'optional' }
}

function addDuplicates (points: readonly CatalogPoint[], rows: readonly CatalogRow[], faults: string[]): void {
  const lines = new Map<string, number>()
  for (const [index, { type, point }] of points.entries()) {
    const key = `${type} ${point}`
    const line = rows[index]?.line ?? 0
    const first = lines.get(key)
    if (first === undefined) lines.set(key, line)
    else faults.push(`Line ${line}: the point ${JSON.stringify(point)} of type ${type} stands in line ${first} already.`)
  }
}
