import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'

const require = createRequire(import.meta.url)
let loaded: typeof Yaml | undefined

/** The package that reads YAML takes a tenth of a command's start, and most plants have no mapping: it is loaded for the first one. */
export function yamlPackage (): typeof Yaml {
  loaded ??= require('yaml') as typeof Yaml
  return loaded
}
