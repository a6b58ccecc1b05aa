import { createGunzip, createInflate, createInflateRaw, type Gunzip, type Inflate, type InflateRaw } from 'node:zlib'
import { ProxyError } from '../errors.js'
import { GatheredBytes } from './gathered-bytes.js'

type Inflater = Gunzip | Inflate | InflateRaw

/** `identity`, `gzip`, `deflate`, or the name of an encoding that nobody reads here; lower case. */
export function contentEncodingOf (header: string | undefined): string {
  const name = (header ?? '').trim().toLowerCase()
  if (name === '') return 'identity'
  return name === 'x-gzip' ? 'gzip' : name
}

/**
 * A compressed body as it was before; any other as it is. It grows piece by piece, so that a small body which inflates to
 * gigabytes is refused before it takes their room.
 *
 * @param onProgress hears the inflated bytes so far after each piece; what it throws ends the work
 * @throws {ProxyError} InvalidRequest when the bytes are not what the header says, and what onProgress throws
 */
export async function inflateBody (bytes: Buffer, header: string | undefined, onProgress: (inflatedBytes: number) => void): Promise<Buffer> {
  const inflater = inflaterOf(contentEncodingOf(header), bytes)
  if (inflater === undefined) return bytes
  const gathered = new GatheredBytes()
  inflater.end(bytes)
  try {
    for await (const piece of inflater) {
      onProgress(gathered.length + piece.length)
      gathered.add(piece)
    }
  } catch (cause) {
    if (cause instanceof ProxyError) throw cause
    throw new ProxyError('InvalidRequest', 'The body is not compressed as its Content-Encoding says, or was cut off; nothing was sent.', { cause })
  }
  return gathered.bytes
}

function inflaterOf (encoding: string, [first = 0, second = 0]: Buffer): Inflater | undefined {
  if (encoding === 'gzip') return createGunzip()
  if (encoding !== 'deflate') return undefined
  // RFC 9110 means zlib's format, and some senders write the bare stream; the header of the former is a multiple of 31 (RFC 1950).
  const isZlib = (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0
  return isZlib ? createInflate() : createInflateRaw()
}
