/** A text that is looked for, four bytes at a time; at least four bytes long. */
export interface Word {
  readonly length: number
  /** Its bytes from 0, 4, 8, … as numbers, the first byte lowest; the last four overlap those before them. */
  readonly quads: Int32Array
}

export function wordOf (text: string): Word {
  const view = viewOf(Buffer.from(text))
  const length = view.byteLength
  return { length, quads: Int32Array.from({ length: Math.ceil(length / 4) }, (_, index) => view.getInt32(Math.min(index * 4, length - 4), true)) }
}

/** The same bytes, to be read four at a time wherever they stand. */
export function viewOf (bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Whether a text stands at a place. */
export function holds (view: DataView, at: number, { length, quads }: Word): boolean {
  if (at + length > view.byteLength) return false
  const last = quads.length - 1
  for (let index = 0; index < last; index++) {
    if (view.getInt32(at + index * 4, true) !== quads[index]) return false
  }
  return view.getInt32(at + length - 4, true) === quads[last]
}

/** Whether the same bytes stand at two places. */
export function isSame (view: DataView, start: number, other: number, length: number): boolean {
  if (Math.max(start, other) + length > view.byteLength) return false
  if (length < 4) return isSameBytes(view, start, other, length)
  const last = length - 4
  for (let offset = 0; offset < last; offset += 4) {
    if (view.getInt32(start + offset, true) !== view.getInt32(other + offset, true)) return false
  }
  return view.getInt32(start + last, true) === view.getInt32(other + last, true)
}

function isSameBytes (view: DataView, start: number, other: number, length: number): boolean {
  for (let offset = 0; offset < length; offset++) {
    if (view.getUint8(start + offset) !== view.getUint8(other + offset)) return false
  }
  return true
}

/** What stands between the texts of a push, in the very bytes that encodePush writes. */
export const HEAD = wordOf('{"deviceType":"')
export const DEVICES = wordOf('","devices":[{"')
export const ID = wordOf('deviceId":"')
export const TIME_AFTER_ID = wordOf('","recordTime":"')
export const TIME = wordOf('recordTime":"')
export const DATA = wordOf('","data":{"')
export const VALUE_LENGTH = '":"'.length
export const QUOTE = 0x22
export const COLON = 0x3a
export const COMMA = 0x2c
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const CLOSE_BRACKET = 0x5d
