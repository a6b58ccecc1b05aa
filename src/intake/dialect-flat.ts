import { pointerTo } from '../contract/json-pointer.js'
import type { DecodedBody, DialectContext, Translation } from './dialects.js'
import { JsonRow } from './json-row.js'
import { readBodyRows } from './read-body.js'
import { RowReader } from './row-reader.js'

/** Objects whose members are the points themselves: `{"deviceId":"m1","recordTime":"…","Ua":"226.0"}`, one or an array of them. */
export function readFlat (decoded: DecodedBody, context: DialectContext): Translation {
  const body = readBodyRows(decoded)
  const isArray = Array.isArray(body)
  const rows = isArray ? body : [body]
  const nameOf = (index: number, column: number): string => {
    const row = rows[index]
    return row instanceof JsonRow ? row.names[column] ?? '' : ''
  }
  const placeOf = (index: number, field?: string): string => {
    const row = isArray ? `/${index}` : ''
    return field === undefined ? row : pointerTo(row, field)
  }
  const reader = new RowReader(context, { dialect: 'flat', field: 'field', placeOf, nameOf, emptyIsAbsent: false })
  for (const [index, row] of rows.entries()) {
    if (row instanceof JsonRow) reader.read(index, row.names, row.values)
    else reader.gathering.fault(placeOf(index), 'must be an object such as {"deviceId":"meter-7","recordTime":"2021-09-08 18:40:00","Ua":"226.0"}')
  }
  return reader.finish()
}
