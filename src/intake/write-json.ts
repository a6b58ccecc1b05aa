import { JsonNumber, type JsonObject } from './json-value.js'

/**
 * A value that the reader made, as JSON text without blanks: its numbers have the characters that were written, which
 * JSON.stringify cannot do. As deep as the reader lets it be.
 */
export function writeJson (value: unknown): string {
  if (value instanceof JsonNumber) return value.text
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  let text = ''
  if (Array.isArray(value)) {
    for (const member of value) text += `${text === '' ? '' : ','}${writeJson(member)}`
    return `[${text}]`
  }
  // What is an object and none of the others is one of a reader's.
  const object = value as JsonObject
  for (const name of Object.keys(object)) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${writeJson(object[name])}`
  return `{${text}}`
}
