/** Those of \p{Cc}, which takes twice as long. */
// eslint-disable-next-line no-control-regex
const CONTROL_CHARACTER = /[\0-\x1f\x7f-\x9f]/

/** What keeps a string from travelling: half a character would arrive as a replacement character. */
export function surrogateFault (text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'half a character (a lone surrogate between U+D800 and U+DFFF)'
}

/** As surrogateFault, and control characters besides: nobody sees them in a name, and two names that look equal differ. */
export function nameFault (name: string): string | undefined {
  const offset = name.search(CONTROL_CHARACTER)
  if (offset === -1) return surrogateFault(name)
  return `the control character U+${name.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0')}`
}
