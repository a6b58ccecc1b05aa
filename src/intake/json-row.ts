import type { JsonValue } from './json-value.js'

/** A value, or what has rows in it. */
export type JsonRead = JsonValue | JsonRow | JsonRead[]

/** Among so few names one is found as quickly as in a set. */
const FEW_NAMES = 8

/**
 * The members of an object that are only gone through: to make an object of each row took 2 kB where no two rows have the same names.
 * Rows that do have the same share one list of them.
 */
export class JsonRow {
  /** In the order of an object's, once the row is at its end. */
  names: readonly string[]
  readonly values: JsonValue[] = []
  /** Undefined as long as the names are those of the row before. */
  #own: string[] | undefined
  #set: Set<string> | undefined

  constructor (before: JsonRow | undefined) {
    this.names = before?.names ?? []
  }

  /** Whether the name is new; its value is put next. */
  add (name: string): boolean {
    const count = this.values.length
    if (this.#own === undefined) {
      if (this.names[count] === name) return true
      this.#own = this.names.slice(0, count)
    }
    if (this.#set === undefined && count > FEW_NAMES) this.#set = new Set(this.#own)
    if (this.#set?.has(name) ?? this.#own.includes(name)) return false
    this.#own.push(name)
    this.#set?.add(name)
    return true
  }

  end (): this {
    if (this.#own === undefined && this.values.length < this.names.length) this.#own = this.names.slice(0, this.values.length)
    if (this.#own === undefined) return this
    this.names = this.#own
    if (this.names.some(isIndex)) this.#reorder(this.names)
    return this
  }

  /** As in every object of JavaScript: whole numbers come first, by their size. */
  #reorder (names: readonly string[]): void {
    const columns = [...names.keys()]
    const isNumber = names.map(isIndex)
    const numbers = columns.filter(column => isNumber[column]).sort((a, b) => Number(names[a]) - Number(names[b]))
    const order = [...numbers, ...columns.filter(column => isNumber[column] !== true)]
    const values = [...this.values]
    this.names = order.map(column => names[column] ?? '')
    for (const [place, column] of order.entries()) this.values[place] = values[column] ?? null
  }
}

/** Below the greatest length of an array. */
function isIndex (name: string): boolean {
  const unit = name.charCodeAt(0)
  return unit >= 0x30 && unit <= 0x39 && /^(?:0|[1-9][0-9]{0,9})$/.test(name) && Number(name) < 4_294_967_295
}
