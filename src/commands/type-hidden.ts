import { CommandFailure } from './failure.js'
import type { Output } from './print.js'
import type { SecretInput, SecretLine } from './read-secrets.js'

const LENGTH_MAX = 4096
const KEY = { interrupt: '\u0003', end: '\u0004', backspace: '\b', delete: '\u007f', killLine: '\u0015' }

/** Lines as a terminal in raw mode sends them, key by key: nothing is echoed, and what the usual keys do is done here. */
class TypedLines {
  readonly lines: string[] = []
  #typed = ''
  #before = ''

  /** @returns `line` at the end of one, `given up` at Ctrl+C, and at Ctrl+D in an empty line */
  press (key: string): 'line' | 'given up' | undefined {
    // Pasted lines may end in both.
    const isSecondOfTwo = key === '\n' && this.#before === '\r'
    this.#before = key
    if (key === KEY.interrupt || (key === KEY.end && this.#typed === '')) return 'given up'
    if (isSecondOfTwo) return undefined
    if (key === '\r' || key === '\n') {
      this.lines.push(this.#typed)
      this.#typed = ''
      return 'line'
    }
    if (key === KEY.backspace || key === KEY.delete) this.#typed = this.#typed.slice(0, -1)
    else if (key === KEY.killLine) this.#typed = ''
    else if (this.#typed.length < LENGTH_MAX) this.#typed += key
    return undefined
  }
}

/**
 * Asks whoever sits at the terminal, without an echo.
 * @throws {CommandFailure} when it is given up
 */
export async function typeHidden (asked: readonly SecretLine[], stdin: SecretInput, stderr: Output): Promise<string[]> {
  const typed = new TypedLines()
  const ask = (): void => {
    const line = asked[typed.lines.length]
    if (line !== undefined) stderr.write(`${line.label}${line.isRequired ? '' : ' (none: Enter)'}, not shown: `)
  }
  let listener: (chunk?: unknown) => void = () => {}
  try {
    return await new Promise((resolve, reject) => {
      listener = chunk => {
        // Without a chunk it is the end of the stream.
        for (const key of chunk === undefined ? KEY.interrupt : String(chunk)) {
          const did = typed.press(key)
          if (did !== undefined) stderr.write('\n')
          if (did === 'given up') reject(new CommandFailure('Nothing was stored.'))
          if (did === 'line') ask()
          if (did === 'given up' || typed.lines.length === asked.length) break
        }
        if (typed.lines.length === asked.length) resolve(typed.lines)
      }
      // Before the question, so that not even a fast answer is echoed.
      stdin.setRawMode?.(true)
      stdin.on('data', listener)
      stdin.on('end', listener)
      ask()
    })
  } finally {
    stdin.off('data', listener)
    stdin.off('end', listener)
    stdin.setRawMode?.(false)
    stdin.pause()
  }
}
