import { JsonNumber } from './json-value.js'

/**
 * A value that the reader made, as JSON text without blanks: its numbers have the characters that were written, which
 * JSON.stringify cannot do. As deep as the reader lets it be.
 */
export function writeJson (value: unknown): string {
  if (value instanceof JsonNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`).join(',')}}`
}
