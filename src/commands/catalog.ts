import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { CatalogError } from '../catalog/catalog-error.js'
import type { Catalog } from '../catalog/catalog.js'
import { catalogTemplate } from '../catalog/template.js'
import { CommandFailure } from './failure.js'
import { type Output, printJson, printTable } from './print.js'

export interface CatalogCommandParts {
  readonly stdout: Output
  readonly stderr: Output
}

/** `catalog`: the operator's list of device types and points. Its actions throw CommandFailure. */
export function catalogCommand ({ stdout, stderr }: CatalogCommandParts): Command {
  const catalog = new Command('catalog')
    .description('The operator\'s own list of device types and points, made from Alibaba Cloud\'s appendix; CATALOG_FILE puts it to use, --catalog of a plant says how.')
    .configureOutput({ writeOut: text => { stdout.write(text) }, writeErr: text => { stderr.write(text) } })
  catalog.command('template')
    .description('Print a list to begin with: the documented points of type 1, as CSV.')
    .action(() => { stdout.write(catalogTemplate()) })
  catalog.command('check')
    .description('Check a list, and show what it holds.')
    .argument('<file>', 'CSV, or YAML when the name ends in .yaml or .yml.')
    .option('--json', 'Print JSON for a program to read.')
    .action(async (file: string, options: { json?: boolean }) => {
      const bytes = await readFile(file).catch((cause: unknown) => {
        throw new CommandFailure(`${file} cannot be read; name a file that holds the list.`, { cause })
      })
      const list = await read(bytes, file, stderr)
      if (options.json === true) printJson(stdout, toJson(list))
      else printTable(stdout, ['TYPE', 'POINTS', 'REQUIRED', 'RECOMMENDED'], toJson(list).types.map(row => [row.type, String(row.points), String(row.required), String(row.recommended)]))
    })
  return catalog
}

async function read (bytes: Buffer, file: string, stderr: Output): Promise<Catalog> {
  // Loaded only now: the other commands would wait for packages that they do not use.
  const { readCatalog } = await import('../catalog/read-catalog.js')
  try {
    return readCatalog(bytes, file)
  } catch (cause) {
    if (!(cause instanceof CatalogError)) throw cause
    for (const fault of cause.faults) stderr.write(`${fault}\n`)
    throw new CommandFailure(`${file} has ${cause.faults.length === 1 ? 'a fault' : `${cause.faults.length} faults`}; mend it and check it again.`, { cause })
  }
}

function toJson (list: Catalog): { points: number, types: Array<{ type: string, points: number, required: number, recommended: number }> } {
  const types = list.types.map(type => {
    const { points, required, recommended } = list.typeOf(type) ?? { points: new Map(), required: [], recommended: [] }
    return { type, points: points.size, required: required.length, recommended: recommended.length }
  })
  return { points: list.pointCount, types }
}
