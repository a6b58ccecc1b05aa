/**
 * A pattern such as `Channel1.{device}.{point}`, or a text without placeholders. No regular expression stands behind it: each
 * placeholder ends where the text behind it first occurs and nothing is tried twice, so that matching is linear whatever is matched.
 */
export interface TagPattern {
  /** The text before the first placeholder, then the text behind each. One longer than `names`. */
  readonly texts: readonly string[]
  readonly names: readonly string[]
}

/** @returns a sentence when the text is no pattern */
export function readPattern (text: string): TagPattern | string {
  const texts: string[] = []
  const names: string[] = []
  let literal = ''
  for (let offset = 0; offset < text.length;) {
    const pair = text.slice(offset, offset + 2)
    const unit = text.charAt(offset)
    if (pair === '{{' || pair === '}}') {
      literal += unit
      offset += 2
    } else if (unit === '{') {
      const end = text.indexOf('}', offset)
      const name = text.slice(offset + 1, Math.max(end, offset + 1))
      if (!/^[A-Za-z][A-Za-z0-9_]{0,39}$/.test(name)) return 'has a { that begins no placeholder such as {device}; a brace that is meant as itself is written twice'
      texts.push(literal)
      names.push(name)
      literal = ''
      offset = end + 1
    } else if (unit === '}') return 'has a } that ends no placeholder; a brace that is meant as itself is written twice'
    else {
      literal += unit
      offset += 1
    }
  }
  texts.push(literal)
  return { texts, names }
}

/** @returns a sentence when a pattern would match in more than one way, or names a placeholder twice */
export function ambiguityOf ({ texts, names }: TagPattern): string | undefined {
  if (texts.slice(1, -1).includes('')) return 'has two placeholders without a text between them, so nobody could tell where one ends'
  return new Set(names).size < names.length ? 'has a placeholder twice' : undefined
}

/**
 * What the placeholders stand for, in their order: one or more characters each, none of them `separator`, as few as possible, the last
 * one all up to the pattern's end.
 */
export function matchPattern ({ texts, names }: TagPattern, tag: string, separator: string): string[] | undefined {
  const [head = ''] = texts
  if (!tag.startsWith(head)) return undefined
  if (names.length === 0) return tag === head ? [] : undefined
  const tail = texts[names.length] ?? ''
  const end = tag.length - tail.length
  if (end <= head.length || !tag.endsWith(tail)) return undefined
  const captured: string[] = []
  let offset = head.length
  for (let index = 1; index <= names.length; index++) {
    const text = texts[index] ?? ''
    const stop = index === names.length ? end : tag.indexOf(text, offset + 1)
    if (stop <= offset || stop > end) return undefined
    const part = tag.slice(offset, stop)
    if (part.includes(separator)) return undefined
    captured.push(part)
    offset = stop + text.length
  }
  return captured
}

/** A text in which placeholders are replaced by what they stood for. */
export function fillPattern ({ texts, names }: TagPattern, standsFor: (name: string) => string | undefined): string {
  return texts.reduce((filled, text, index) => filled + (standsFor(names[index - 1] ?? '') ?? '') + text)
}

/** The pattern as it is written. */
export function textOfPattern ({ texts, names }: TagPattern): string {
  return texts.reduce((written, text, index) => `${written}${index === 0 ? '' : `{${names[index - 1] ?? ''}}`}${text.replace(/[{}]/g, '$&$&')}`, '')
}
