const CONTROL_CHARACTER = /\p{Cc}/u

/** What keeps a string from travelling: half a character would arrive as a replacement character. */
export function surrogateFault (text: string): string | undefined {
  return text.isWellFormed() ? undefined : 'half a character (a lone surrogate between U+D800 and U+DFFF)'
}

/** As surrogateFault, and control characters besides: nobody sees them in a name, and two names that look equal differ. */
export function nameFault (name: string): string | undefined {
  const control = CONTROL_CHARACTER.exec(name)?.[0]
  if (control === undefined) return surrogateFault(name)
  return `the control character U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
