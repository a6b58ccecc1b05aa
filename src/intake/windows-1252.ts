/** The characters of bytes 0x80 to 0x9F; a blank stands where the encoding has none. */
const SPECIAL = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ'

/**
 * What TextDecoder made of windows-1252, with the characters that its bytes mean: Node.js 20 reads it, and what it takes for it, as
 * ISO 8859-1, so that a euro sign came out as a control that nobody sees.
 * @returns undefined where a byte is no character
 */
export function asWindows1252 (text: string): string | undefined {
  let isWhole = true
  const written = text.replace(/[\x80-\x9f]/g, control => {
    const character = SPECIAL.charAt(control.charCodeAt(0) - 0x80)
    isWhole &&= character !== ' '
    return character
  })
  return isWhole ? written : undefined
}
