import { pointerTo } from '../contract/json-pointer.js'
import type { DecodedBody, DialectContext, Translation } from './dialects.js'
import { isJsonObject, type JsonObject } from './json-value.js'
import { readBody } from './read-body.js'
import { RowReader } from './row-reader.js'

/** Objects whose members are the points themselves: `{"deviceId":"m1","recordTime":"…","Ua":"226.0"}`, one or an array of them. */
export function readFlat (decoded: DecodedBody, context: DialectContext): Translation {
  const body = readBody(decoded)
  const isArray = Array.isArray(body)
  const objects = isArray ? body : [body]
  // Only asked of rows that were objects.
  const namesOf = (index: number): string[] => Object.keys(objects[index] as JsonObject)
  const placeOf = (index: number, field?: string): string => {
    const row = isArray ? `/${index}` : ''
    return field === undefined ? row : pointerTo(row, field)
  }
  const reader = new RowReader(context, { dialect: 'flat', field: 'field', placeOf, nameOf: (index, column) => namesOf(index)[column] ?? '', emptyIsAbsent: false })
  for (const [index, object] of objects.entries()) {
    if (isJsonObject(object)) reader.read(index, Object.keys(object), Object.values(object))
    else reader.gathering.fault(placeOf(index), 'must be an object such as {"deviceId":"meter-7","recordTime":"2021-09-08 18:40:00","Ua":"226.0"}')
  }
  return reader.finish()
}
