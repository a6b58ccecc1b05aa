import type { DialectName } from '../mapping/mapping.js'
import { decodePercent, refuseWideForm } from './percent-bytes.js'
import type { RepairLog } from './repairs.js'

/** Longer than the name of any field that senders put a body into. */
const NAME_BYTES_MAX = 64

const QUOTE = 0x22

/** JSON, or the beginning of its percent-encoding, behind blanks and a byte order mark in either form. */
const JSON_BEGINS = /^(?:\xef\xbb\xbf|%ef%bb%bf)?(?:[ \t\r\n+]|%20|%0[9ad])*(?:[{[]|%7b|%5b)/i
const FIELD_BEGINS = /^[\w.%-]*=/

/**
 * Takes JSON out of a form: percent-encoded as a whole, or the value of the form's only field. Whatever else the bytes are stays
 * as it is. A plant whose dialect is `form` has its fields decoded instead, save for the marks between them.
 * @throws ProxyError InvalidEncoding where a % begins no byte
 */
export function openEnvelope (bytes: Uint8Array, dialect: DialectName, log: RepairLog): Uint8Array {
  if (dialect === 'csv') return bytes
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 2 * NAME_BYTES_MAX)).toString('latin1')
  // JSON to such a plant is a mistake, which its percent signs must not hide.
  if (dialect === 'form') return /^\s*[{[]/.test(head) ? bytes : fieldsOf(withoutLineEnd(bytes))
  const start = JSON_BEGINS.test(head) ? 0 : startOfValue(head)
  if (start === undefined) return bytes
  const value = bytes.subarray(start)
  // Whoever encodes encodes every quote: where one stands as it is, nothing was encoded, and + and % are themselves.
  const isEncoded = !value.includes(QUOTE) && value.includes(0x25)
  if (start === 0 && !isEncoded) return bytes
  log.add('form')
  log.note('encoding', () => isEncoded ? 'The body was percent-encoded, as the fields of a form are.' : 'The body was the field of a form.')
  return isEncoded ? decodePercent(value, { firstOffset: start }) : value
}

function fieldsOf (form: Uint8Array): Uint8Array {
  refuseWideForm(form)
  return decodePercent(form, { keepsMarks: true })
}

/** Where the value of the first field begins, when that is JSON. */
function startOfValue (head: string): number | undefined {
  const [field = ''] = FIELD_BEGINS.exec(head.slice(0, NAME_BYTES_MAX)) ?? []
  return field !== '' && JSON_BEGINS.test(head.slice(field.length)) ? field.length : undefined
}

/** Files end with a line, and some senders write the whole of their buffer; neither belongs to the last field. */
function withoutLineEnd (bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && [0x0a, 0x0d, 0].includes(bytes[end - 1] ?? -1)) end -= 1
  return bytes.subarray(0, end)
}
