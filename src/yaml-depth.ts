import { yamlPackage } from './yaml-package.js'

/** Far beyond what anybody writes, and far from what the parser's own calls take of the stack. */
const DEPTH_MAX = 200

/**
 * Whether a text nests deeper than a parser of YAML may be given. That one descends by calls: at the end of the stack V8 may have
 * to compile a pattern, for which it ends the process, and nothing can catch that. The tokens alone are read without descending.
 */
export function nestsTooDeep (text: string): boolean {
  let flow = 0
  /** Of the line: its indentation, and the marks that each open a block within it. */
  let block = 0
  let isLineStart = true
  for (const token of new (yamlPackage().Lexer)().lex(text)) {
    if (token === '[' || token === '{') flow += 1
    else if (token === ']' || token === '}') flow -= 1
    else if (token.endsWith('\n')) block = 0
    else if (token === '-' || token === '?') block += 1
    else if (isLineStart && /^ +$/.test(token)) block = token.length
    if (flow + block > DEPTH_MAX) return true
    isLineStart = token.endsWith('\n')
  }
  return false
}
