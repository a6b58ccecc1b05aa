import { pointerTo } from '../contract/json-pointer.js'
import { endOfNumber } from './json-number.js'
import { endOfPlainString, readEscapedString } from './json-string.js'
import { JsonSyntaxError } from './json-syntax-error.js'
import { JsonTooMuchError } from './json-too-much-error.js'
import type { ReadJsonOptions } from './json-options.js'
import { JsonRow, type JsonRead } from './json-row.js'
import { emptyJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.js'
import { readWord } from './json-word.js'

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
const isBlank = (unit: number): boolean => unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09

/**
 * Reads JSON (RFC 8259) and keeps what JSON.parse loses: a number stays the characters that were written, and a name
 * that stands twice in an object is refused, however it is spelled. Otherwise takes exactly what JSON.parse takes, unless told.
 * Linear in the length of the text, whatever stands there. Throws JsonSyntaxError, and JsonTooMuchError at a bound.
 */
export function readJson (text: string, options: ReadJsonOptions = {}): JsonValue {
  // Without a depth at which rows lie none is read.
  return new JsonReader(text, options).readDocument() as JsonValue
}

/** As readJson, save that an object is read as a row, and in an array each of its objects. */
export function readJsonRows (text: string, options: ReadJsonOptions = {}): JsonRead {
  return new JsonReader(text, options, /^[ \t\r\n]*\[/.test(text) ? 1 : 0).readDocument()
}

class JsonReader {
  readonly #text: string
  readonly #depthMax: number
  readonly #namesMax: number
  readonly #containersMax: number
  readonly #nanAsNull: boolean
  /** How deep the objects lie that are rows; none are where it is undefined. */
  readonly #rowDepth: number | undefined
  #rowBefore: JsonRow | undefined
  /** The names and indexes that lead to the value being read; only its first `#depth` entries count. */
  readonly #way: Array<string | number> = []
  #depth = 0
  #containers = 0
  #offset = 0

  constructor (text: string, { depthMax = DEPTH_DEFAULT, namesMax = Infinity, containersMax = Infinity, nanAsNull = false }: ReadJsonOptions, rowDepth?: number) {
    this.#text = text
    this.#depthMax = Math.min(depthMax, DEPTH_MAX)
    this.#namesMax = namesMax
    this.#containersMax = containersMax
    this.#nanAsNull = nanAsNull
    this.#rowDepth = rowDepth
  }

  readDocument (): JsonRead {
    this.#skipBlanks()
    const value = this.#readValue()
    this.#skipBlanks()
    if (this.#offset < this.#text.length) this.#fail('the end of the body')
    return value
  }

  /** The offset stands at the value's first character, and after its last one when it is read. */
  #readValue (): JsonRead {
    const unit = this.#text.charCodeAt(this.#offset)
    if (unit === QUOTE) return this.#readString()
    if (unit === OPEN_BRACE) return this.#depth === this.#rowDepth ? this.#readRow() : this.#readObject()
    if (unit === OPEN_BRACKET) return this.#readArray()
    const isNumber = unit === MINUS ? this.#text.charCodeAt(this.#offset + 1) !== LETTER_I : unit >= 0x30 && unit <= 0x39
    return isNumber ? this.#readNumber() : this.#readWord()
  }

  #readObject (): JsonObject {
    const depth = this.#enter()
    const object = emptyJsonObject()
    for (let names = 0; this.#toName(names); names++) {
      const start = this.#offset
      const name = this.#readString()
      if (name in object) this.#failRepeated(start, name)
      this.#toValue(depth, name)
      // No row lies in an object.
      object[name] = this.#readValue() as JsonValue
    }
    return this.#leave(object)
  }

  #readRow (): JsonRow {
    const depth = this.#enter()
    const row = new JsonRow(this.#rowBefore)
    for (let names = 0; this.#toName(names); names++) {
      const start = this.#offset
      const name = this.#readString()
      if (!row.add(name)) this.#failRepeated(start, name)
      this.#toValue(depth, name)
      // Nor in another one.
      row.values.push(this.#readValue() as JsonValue)
    }
    this.#rowBefore = row.end()
    return this.#leave(row)
  }

  /** Steps to the next name of an object that has so many so far; false: behind its end. */
  #toName (names: number): boolean {
    if (names > 0) this.#skipBlanks()
    if (this.#at(CLOSE_BRACE)) return false
    if (names > 0 && !this.#at(COMMA)) this.#fail('"," or "}"')
    if (names >= this.#namesMax) throw new JsonTooMuchError(`${this.#namesMax} names in one object`)
    if (this.#text.charCodeAt(this.#offset) !== QUOTE) this.#fail('a name in double quotes')
    return true
  }

  #toValue (depth: number, name: string): void {
    this.#skipBlanks()
    if (!this.#at(COLON)) this.#fail('":" after the name')
    this.#way[depth] = name
  }

  #readArray (): JsonRead[] {
    const depth = this.#enter()
    const array: JsonRead[] = []
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
    const { value, end } = readWord(this.#text, this.#offset, this.#nanAsNull)
    this.#offset = end
    return value
  }

  #skipBlanks (): void {
    while (isBlank(this.#text.charCodeAt(this.#offset))) this.#offset++
  }

  #fail (expected: string): never {
    throw JsonSyntaxError.expected(this.#text, this.#offset, expected)
  }

  #failRepeated (offset: number, name: string): never {
    const parent = this.#way.slice(0, this.#depth - 1).reduce<string>((pointer, step) => pointerTo(pointer, step), '')
    throw JsonSyntaxError.repeated(this.#text, offset, pointerTo(parent, name))
  }
}
