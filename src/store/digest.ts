import { createHash, hash } from 'node:crypto'

/** What must not change between a push's coming and its going: its bytes, and whose they are. */
export interface Digested {
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  readonly recordCount: number
  readonly body: Uint8Array
}

/** Up to this size, copying it behind its names and hashing both at once is three times as fast as a hash object. */
const COPIED_BYTES_MAX = 16_384
const scratch = Buffer.allocUnsafe(COPIED_BYTES_MAX)

/** The first 16 bytes of SHA-256: enough to see any change by chance, and less to store with each row. */
export function digestOf ({ requestId, plant, deviceType, recordCount, body }: Digested): Uint8Array {
  const names = JSON.stringify([requestId, plant, deviceType, recordCount])
  if (3 * names.length + body.byteLength > COPIED_BYTES_MAX) return createHash('sha256').update(names).update(body).digest().subarray(0, 16)
  const namesBytes = scratch.write(names)
  scratch.set(body, namesBytes)
  // As text, since a Buffer of its own for each hash takes 2 us more.
  return Buffer.from(hash('sha256', scratch.subarray(0, namesBytes + body.byteLength), 'binary').slice(0, 16), 'latin1')
}

/** The digest of bytes that lie together. */
export function sealOf (...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest().subarray(0, 16)
}

/** Stands for the digest of a push that was found to be what was stored by other means: to hash it for nothing takes longer than the rest of reading it. */
export const VERIFIED: Uint8Array = new Uint8Array(16)

/** Whether a row is still what was stored; one whose bytes are gone is not. */
export function isIntact ({ requestId, plant, deviceType, recordCount, body, digest }: Omit<Digested, 'body'> & { readonly body: Uint8Array | null, readonly digest: Uint8Array }): boolean {
  if (digest === VERIFIED) return true
  return body !== null && Buffer.compare(digestOf({ requestId, plant, deviceType, recordCount, body }), digest) === 0
}
