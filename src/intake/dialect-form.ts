import { pointerTo } from '../contract/json-pointer.js'
import { PUSH_BOUNDS } from '../contract/push.js'
import { ProxyError } from '../errors.js'
import type { DecodedBody, DialectContext, Translation } from './dialects.js'
import { unescapeMarks } from './percent-bytes.js'
import { RowReader } from './row-reader.js'

/** As in JSON: well above what a push may hold, so that the contract still counts what is a little too much. */
const FIELDS_MAX = 2 * PUSH_BOUNDS.pointsPerDeviceMax

/** The fields of an HTML form, which are one row: `deviceId=m1&recordTime=…&Ua=226.0`. The envelope left only marks escaped. */
export function readForm ({ text }: DecodedBody, context: DialectContext): Translation {
  const names: string[] = []
  const values: string[] = []
  const placeOf = (_index: number, field?: string): string => field === undefined ? '' : pointerTo('', field)
  const reader = new RowReader(context, { dialect: 'form', field: 'field', placeOf, nameOf: (_index, column) => names[column] ?? '', emptyIsAbsent: false })
  const seen = new Set<string>()
  for (const field of text.split('&')) {
    if (field === '') continue
    const mark = field.indexOf('=')
    const name = unescapeMarks(mark === -1 ? field : field.slice(0, mark))
    if (names.length === FIELDS_MAX) throw new ProxyError('PushTooLarge', `The form has more than ${FIELDS_MAX} fields. Send fewer points in one push.`)
    if (seen.has(name)) {
      reader.gathering.fault(placeOf(0, name), 'stands twice in the form; send each field once')
      continue
    }
    seen.add(name)
    names.push(name)
    values.push(mark === -1 ? '' : unescapeMarks(field.slice(mark + 1)))
  }
  reader.read(0, names, values)
  return reader.finish()
}
