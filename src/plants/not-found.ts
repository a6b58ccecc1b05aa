import { closest, distance } from 'fastest-levenshtein'
import { RegistryError } from './registry-error.js'

/**
 * The error for a name that is not there, with the nearest one that is.
 *
 * @param what the sentence's subject, such as `plant`
 */
export function notFound (what: string, name: string, known: readonly string[]): RegistryError {
  const shown = JSON.stringify(name.slice(0, 80))
  // Nobody types a whole list's length; the bound keeps a pasted document from being compared letter by letter.
  const near = known.length === 0 || name.length > 80 ? undefined : closest(name, known)
  if (near !== undefined && distance(name, near) <= Math.max(2, name.length / 3)) {
    return new RegistryError('not-found', `There is no ${what} ${shown}; did you mean ${near}?`)
  }
  return new RegistryError('not-found', `There is no ${what} ${shown}; "${what}s list" shows which there are.`)
}
