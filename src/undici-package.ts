import { createRequire } from 'node:module'
import type * as Undici from 'undici'

const require = createRequire(import.meta.url)
// A package that is not there stops the start.
const place = require.resolve('undici')
let loaded: typeof Undici | undefined

/** Undici takes a tenth of the start, and serves what few proxies have: credentials that a service issues, and FAST_PATH=false. */
export function undiciPackage (): typeof Undici {
  loaded ??= require(place) as typeof Undici
  return loaded
}
