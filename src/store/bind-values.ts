/** What a column can hold. Whole numbers come back as `number` where that is exact, otherwise as `bigint`. */
export type SqlValue = string | number | bigint | null | Uint8Array

const INT64_MAX = 2n ** 63n - 1n
const INT64_MIN = -(2n ** 63n)

/**
 * Checks the values before libsql sees them. Each rule stands for something that libsql 0.5.29 was seen to do:
 *
 * - a buffer, an object or a boolean in the place of the array, or a boolean in it, aborts the whole process;
 * - too few values are filled with NULL, too many are dropped, `undefined` and NaN become NULL, all in silence;
 * - a text with a NUL comes back cut at it, and a lone surrogate comes back as U+FFFD;
 * - a whole number is bound as REAL, so it is handed over as a bigint here.
 *
 * @param count how many `?` the statement has
 * @throws TypeError; it never contains a value
 */
export function checkBindValues (values: readonly SqlValue[], count: number): Array<string | number | bigint | null | Buffer> {
  if (!Array.isArray(values)) throw new TypeError('Values are bound as an array.')
  if (values.length !== count) throw new TypeError(`The statement has ${count} places, but ${values.length} values were given.`)
  const bound: Array<string | number | bigint | null | Buffer> = []
  // By index, which visits the holes of a sparse array as well.
  for (let index = 0; index < values.length; index++) {
    const bindable = toBindable(values[index])
    if (bindable === undefined) throw new TypeError(`Value ${index} (${typeof values[index]}) cannot be stored as it is.`)
    bound.push(bindable)
  }
  return bound
}

/** Whether the database keeps the value as it is. */
export function isBindable (value: unknown): boolean {
  return typeof value === 'number' ? isBindableNumber(value) : toBindable(value) !== undefined
}

function isBindableNumber (value: number): boolean {
  // -0 is a whole number for isSafeInteger, but not for BigInt.
  return Number.isInteger(value) ? Number.isSafeInteger(value) && !Object.is(value, -0) : Number.isFinite(value)
}

/** `undefined` when the database would abort on the value or keep something else. */
function toBindable (value: unknown): string | number | bigint | null | Buffer | undefined {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') || !value.isWellFormed() ? undefined : value
    case 'number':
      if (!isBindableNumber(value)) return undefined
      return Number.isInteger(value) ? BigInt(value) : value
    case 'bigint':
      return value >= INT64_MIN && value <= INT64_MAX ? value : undefined
    default:
      if (value === null) return null
      if (Buffer.isBuffer(value)) return value
      // A view on the same bytes, not a copy.
      return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined
  }
}
