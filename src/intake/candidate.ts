import { JsonNumber } from './json-value.js'

/** An object of a candidate, whose members are not judged yet. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JsonNumber)
}

/** Whether a candidate has a list of records, whatever these are. */
export function holdsDevices (candidate: unknown): candidate is { devices: unknown[] } {
  return isObject(candidate) && Array.isArray(candidate['devices'])
}
