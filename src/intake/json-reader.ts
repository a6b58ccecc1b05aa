import { pointerTo } from '../contract/json-pointer.js'
import { MISSING_REMEDY } from '../contract/missing-value.js'
import { endOfNumber } from './json-number.js'
import { endOfPlainString, readEscapedString } from './json-string.js'
import { JsonSyntaxError } from './json-syntax-error.js'
import { JsonTooMuchError } from './json-too-much-error.js'
import { emptyJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.js'

/** A push is five levels deep. However much is asked for, the stack must bear it: each level is one call. */
const DEPTH_DEFAULT = 32
const DEPTH_MAX = 1_000

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const LETTER_I = 0x49
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

export interface ReadJsonOptions {
  /** How many arrays and objects may lie in one another; 32 unless told, never more than 1000. */
  readonly depthMax?: number
  /** How many names one object may hold, and how many arrays and objects there may be in all; unbounded unless told. */
  readonly namesMax?: number
  readonly containersMax?: number
  /** Whether the bare words NaN, Infinity and -Infinity, which are no JSON, are read as null; refused unless told. */
  readonly nanAsNull?: boolean
}

/** What Python and others write for a number that is none. */
const NO_NUMBERS = ['NaN', 'Infinity', '-Infinity']

/**
 * Reads JSON (RFC 8259) and keeps what JSON.parse loses: a number stays the characters that were written, and a name
 * that stands twice in an object is refused, however it is spelled. Otherwise takes exactly what JSON.parse takes, unless told.
 * Linear in the length of the text, whatever stands there. Throws JsonSyntaxError, and JsonTooMuchError at a bound.
 */
export function readJson (text: string, options: ReadJsonOptions = {}): JsonValue {
  return new JsonReader(text, options).readDocument()
}

class JsonReader {
  readonly #text: string
  readonly #depthMax: number
  readonly #namesMax: number
  readonly #containersMax: number
  readonly #nanAsNull: boolean
  /** The names and indexes that lead to the value being read; only its first `#depth` entries count. */
  readonly #way: Array<string | number> = []
  #depth = 0
  #containers = 0
  #offset = 0

  constructor (text: string, { depthMax = DEPTH_DEFAULT, namesMax = Infinity, containersMax = Infinity, nanAsNull = false }: ReadJsonOptions) {
    this.#text = text
    this.#depthMax = Math.min(depthMax, DEPTH_MAX)
    this.#namesMax = namesMax
    this.#containersMax = containersMax
    this.#nanAsNull = nanAsNull
  }

  readDocument (): JsonValue {
    this.#skipBlanks()
    const value = this.#readValue()
    this.#skipBlanks()
    if (this.#offset < this.#text.length) this.#fail('the end of the body')
    return value
  }

  /** The offset stands at the value's first character, and after its last one when it is read. */
  #readValue (): JsonValue {
    const unit = this.#text.charCodeAt(this.#offset)
    if (unit === QUOTE) return this.#readString()
    if (unit === OPEN_BRACE) return this.#readObject()
    if (unit === OPEN_BRACKET) return this.#readArray()
    const isNumber = unit === MINUS ? this.#text.charCodeAt(this.#offset + 1) !== LETTER_I : unit >= 0x30 && unit <= 0x39
    return isNumber ? this.#readNumber() : this.#readWord()
  }

  #readObject (): JsonObject {
    const depth = this.#enter()
    const object = emptyJsonObject()
    if (this.#at(CLOSE_BRACE)) return this.#leave(object)
    for (let names = 1; ; names++) {
      if (names > this.#namesMax) throw new JsonTooMuchError(`${this.#namesMax} names in one object`)
      const start = this.#offset
      if (this.#text.charCodeAt(start) !== QUOTE) this.#fail('a name in double quotes')
      const name = this.#readString()
      if (name in object) this.#failRepeated(start, name)
      this.#skipBlanks()
      if (!this.#at(COLON)) this.#fail('":" after the name')
      this.#way[depth] = name
      object[name] = this.#readValue()
      this.#skipBlanks()
      if (this.#at(CLOSE_BRACE)) return this.#leave(object)
      if (!this.#at(COMMA)) this.#fail('"," or "}"')
    }
  }

  #readArray (): JsonValue[] {
    const depth = this.#enter()
    const array: JsonValue[] = []
    if (this.#at(CLOSE_BRACKET)) return this.#leave(array)
    for (;;) {
      this.#way[depth] = array.length
      array.push(this.#readValue())
      this.#skipBlanks()
      if (this.#at(CLOSE_BRACKET)) return this.#leave(array)
      if (!this.#at(COMMA)) this.#fail('"," or "]"')
    }
  }

  /** Steps over the opening bracket; the depth that lies before it is the container's place in the way. */
  #enter (): number {
    if (this.#depth >= this.#depthMax) this.#fail(`no more than ${this.#depthMax} levels of nesting`)
    if (++this.#containers > this.#containersMax) throw new JsonTooMuchError(`${this.#containersMax} arrays and objects`)
    this.#offset++
    this.#skipBlanks()
    return this.#depth++
  }

  #leave <Container>(container: Container): Container {
    this.#depth--
    return container
  }

  /** Steps over one character and the blanks after it, if that character stands there. */
  #at (unit: number): boolean {
    if (this.#text.charCodeAt(this.#offset) !== unit) return false
    this.#offset++
    if (unit === COMMA || unit === COLON) this.#skipBlanks()
    return true
  }

  #readString (): string {
    const start = this.#offset + 1
    const end = endOfPlainString(this.#text, start)
    if (this.#text.charCodeAt(end) === QUOTE) {
      this.#offset = end + 1
      return this.#text.slice(start, end)
    }
    const read = readEscapedString(this.#text, start)
    this.#offset = read.end + 1
    return read.value
  }

  #readNumber (): JsonNumber {
    const start = this.#offset
    this.#offset = endOfNumber(this.#text, start)
    return new JsonNumber(this.#text.slice(start, this.#offset))
  }

  #readWord (): boolean | null {
    if (this.#word('true')) return true
    if (this.#word('false')) return false
    if (this.#word('null')) return null
    for (const word of NO_NUMBERS) {
      if (!this.#text.startsWith(word, this.#offset)) continue
      if (!this.#nanAsNull) throw new JsonSyntaxError(this.#text, this.#offset, `${word} is no value of JSON; ${MISSING_REMEDY}`)
      this.#offset += word.length
      return null
    }
    return this.#fail('a value (a string in double quotes, a number, true, false, null, "{" or "[")')
  }

  #word (word: string): boolean {
    if (!this.#text.startsWith(word, this.#offset)) return false
    this.#offset += word.length
    return true
  }

  #skipBlanks (): void {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#offset)
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return
      this.#offset++
    }
  }

  #fail (expected: string): never {
    throw JsonSyntaxError.expected(this.#text, this.#offset, expected)
  }

  #failRepeated (offset: number, name: string): never {
    const parent = this.#way.slice(0, this.#depth - 1).reduce<string>((pointer, step) => pointerTo(pointer, step), '')
    const pointer = pointerTo(parent, name)
    const place = pointer === '' ? '' : ` (${pointer})`
    throw new JsonSyntaxError(this.#text, offset, `this name stands in its object for the second time${place}`, pointer)
  }
}
