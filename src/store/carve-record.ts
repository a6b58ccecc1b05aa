import type { SqlValue } from './bind-values.js'

/** @returns the number and the place after it; `undefined` when it runs over the end or is larger than anything of ours */
export function readVarint (bytes: Buffer, at: number): readonly [value: number, next: number] | undefined {
  let value = 0
  for (let next = at; next < Math.min(at + 8, bytes.length); next++) {
    const byte = bytes[next] ?? 0
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return Number.isSafeInteger(value) ? [value, next + 1] : undefined
  }
  return undefined
}

/** The values of one record of a table ("Database File Format", the record format); `undefined` when it is none. */
export function readRecord (record: Buffer): SqlValue[] | undefined {
  const header = readVarint(record, 0)
  if (header === undefined) return undefined
  const [headerBytes] = header
  const values: SqlValue[] = []
  let body = headerBytes
  let at = header[1]
  while (at < headerBytes) {
    const type = readVarint(record, at)
    if (type === undefined) return undefined
    const bytes = bytesOf(type[0])
    if (bytes === undefined || body + bytes > record.length) return undefined
    values.push(readValue(record, type[0], body, bytes))
    body += bytes
    at = type[1]
  }
  return at === headerBytes && body === record.length ? values : undefined
}

/** How many bytes a value of a serial type takes; `undefined` for the two types that SQLite keeps for itself. */
function bytesOf (type: number): number | undefined {
  if (type >= 12) return (type - (type % 2 === 0 ? 12 : 13)) / 2
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type]
}

function readValue (record: Buffer, type: number, at: number, bytes: number): SqlValue {
  if (type >= 12) {
    const content = record.subarray(at, at + bytes)
    return type % 2 === 0 ? content : content.toString('utf8')
  }
  if (type === 0) return null
  if (type >= 8) return type - 8
  if (type === 7) return record.readDoubleBE(at)
  if (type < 6) return record.readIntBE(at, bytes)
  const value = record.readBigInt64BE(at)
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
