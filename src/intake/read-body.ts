import { PUSH_BOUNDS } from '../contract/push.js'
import { ProxyError } from '../errors.js'
import type { DecodedBody } from './dialects.js'
import type { ReadJsonOptions } from './json-options.js'
import { readJson, readJsonRows } from './json-reader.js'
import type { JsonRead } from './json-row.js'
import { JsonSyntaxError } from './json-syntax-error.js'
import { JsonTooMuchError } from './json-too-much-error.js'
import type { JsonValue } from './json-value.js'

/**
 * Well above what a push may hold, so that the contract still counts what is a little too much. A body of four megabytes
 * made of names alone took 1.7 s to judge without them, and one of empty objects 1.0 s.
 */
const READER_BOUNDS = { namesMax: 2 * PUSH_BOUNDS.pointsPerDeviceMax, containersMax: 10 * PUSH_BOUNDS.devicesMax }

/** The JSON of a body. Throws ProxyError InvalidJson with the place, or PushTooLarge. */
export function readBody (body: DecodedBody): JsonValue {
  return readAs(readJson, body)
}

/** The same, its objects as rows: the body itself, or those in its array. */
export function readBodyRows (body: DecodedBody): JsonRead {
  return readAs(readJsonRows, body)
}

function readAs <Read> (read: (text: string, options: ReadJsonOptions) => Read, { text, nanAsNull }: DecodedBody): Read {
  try {
    return read(text, { ...READER_BOUNDS, nanAsNull })
  } catch (cause) {
    if (cause instanceof JsonTooMuchError) {
      throw new ProxyError('PushTooLarge', `The body holds more than ${cause.bound}. Send fewer devices or points in one push.`, { cause })
    }
    if (!(cause instanceof JsonSyntaxError)) throw cause
    const { pointer, line, column } = cause
    const faults = pointer === undefined
      ? []
      : [{ path: pointer, message: `stands twice in its object, the second time in line ${line}, column ${column}` }]
    throw new ProxyError('InvalidJson', `The body cannot be read as JSON. ${cause.message}`, faults.length > 0 ? { cause, faults } : { cause })
  }
}
