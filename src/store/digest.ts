import { createHash } from 'node:crypto'

/** The first 16 bytes of SHA-256: enough to see any change by chance, and less to store with each row. */
export function digestOf (body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest().subarray(0, 16)
}

export function hasDigest (body: Uint8Array, digest: Uint8Array): boolean {
  return Buffer.compare(digestOf(body), digest) === 0
}
