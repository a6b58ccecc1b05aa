/** One record of a push, as it lies in the body. */
export interface CutRecord {
  readonly bytes: Buffer
  /** The same for two records exactly when they are of one device and one time. */
  readonly identity: string
  /** The same for two records of one device; empty where the type's records carry no id. */
  readonly device: string
}

/** A body that was cut at its records: it is `head`, the records with commas between them, and `]}`. */
export interface CutPush {
  /** `{"deviceType":"…","devices":[` */
  readonly head: Buffer
  readonly records: readonly CutRecord[]
}

export const PUSH_END = Buffer.from(']}')

const LIST = Buffer.from('"devices":[')
const RECORD_END = Buffer.from('"}}')
const LAST_END = Buffer.concat([RECORD_END, PUSH_END])
const DATA = Buffer.from(',"data":{')
/** Ends a record and begins the next. Inside a text every quotation mark has a backslash, and after a text comes `,`, `:` or `}`: so neither stands in one. */
const BORDER = Buffer.from('"}},{"')
const STARTS = ['deviceId":"', 'recordTime":"'].map(text => Buffer.from(text))
const TIME_LENGTH = ',"recordTime":"2021-09-08 18:40:00"'.length

/**
 * Cuts the bytes that encodePush made, without reading them as JSON: 1 MiB takes about 1 ms.
 *
 * @returns Undefined when the bytes do not look like that, or do not hold `recordCount` records; such a body is sent as it is or not at all.
 */
export function cutRecords (body: Uint8Array, recordCount: number): CutPush | undefined {
  const bytes = asBuffer(body)
  const start = bytes.indexOf(LIST) + LIST.length
  const end = bytes.length - PUSH_END.length
  if (start < LIST.length || bytes.length < LAST_END.length || bytes.compare(LAST_END, 0, LAST_END.length, bytes.length - LAST_END.length) !== 0) return undefined
  const records: CutRecord[] = []
  let from = start
  while (from < end) {
    const border = findBorder(bytes, from)
    const to = border === undefined ? end : border + RECORD_END.length
    const record = readRecord(bytes, from, to)
    if (record === undefined) return undefined
    records.push(record)
    from = to + 1
  }
  return records.length === recordCount ? { head: bytes.subarray(0, start), records } : undefined
}

/** Where the record that begins at `from` meets the next one; undefined when it is the last. */
function findBorder (bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(BORDER, from); at !== -1; at = bytes.indexOf(BORDER, at + 1)) {
    const next = at + BORDER.length
    // A point whose code or value is `}},{` looks like a border up to here.
    if (STARTS.some(start => next + start.length <= bytes.length && bytes.compare(start, 0, start.length, next, next + start.length) === 0)) return at
  }
  return undefined
}

function readRecord (body: Buffer, from: number, to: number): CutRecord | undefined {
  const data = body.indexOf(DATA, from)
  if (data < from + TIME_LENGTH || data + DATA.length > to) return undefined
  // Latin-1 is quick and gives every byte a character of its own.
  const identity = body.toString('latin1', from, data)
  const device = identity.startsWith('{"deviceId":') ? identity.slice(0, -TIME_LENGTH) : ''
  return { bytes: body.subarray(from, to), identity, device }
}

/** A view on the same bytes, where it is not one already. */
export function asBuffer (bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
