/** A number as it was written: `329.0`, `9007199254740993` and `1e400` keep their characters. */
export class JsonNumber {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

/** An object that inherits nothing: a member called `__proto__` or `constructor` is a member like any other. */
export interface JsonObject { [name: string]: JsonValue }

export type JsonValue = string | JsonNumber | boolean | null | JsonValue[] | JsonObject

// Objects of a constructor keep a hidden class; those of Object.create(null) are hash tables from the start, and the
// contract's check of 22,000 points took 8.5 ms on them instead of 2. The prototype is empty and frozen, with none above it.
// TypeScript sees no constructor in a plain function.
const BareObject = function () {} as unknown as new () => JsonObject
BareObject.prototype = Object.freeze(Object.create(null))

export function emptyJsonObject (): JsonObject {
  return new BareObject()
}

export function isJsonObject (value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}
