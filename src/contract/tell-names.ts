import { isPrintable } from './json-pointer.js'

/** Names of a sender's body for an answer: so many of them, and how many more there are. */
export function tellNames (names: readonly string[], toldMax: number): string {
  const told = names.slice(0, toldMax).map(name => isPrintable(name) ? name : '(a name that cannot be printed)')
  return `${told.join(', ')}${names.length > told.length ? ` and ${names.length - told.length} more` : ''}`
}
