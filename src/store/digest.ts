import { createHash } from 'node:crypto'

/** What must not change between a push's coming and its going: its bytes, and whose they are. */
export interface Digested {
  readonly requestId: string
  readonly plant: string
  readonly deviceType: string
  readonly recordCount: number
  readonly body: Uint8Array
}

/** The first 16 bytes of SHA-256: enough to see any change by chance, and less to store with each row. */
export function digestOf ({ requestId, plant, deviceType, recordCount, body }: Digested): Uint8Array {
  return createHash('sha256').update(JSON.stringify([requestId, plant, deviceType, recordCount])).update(body).digest().subarray(0, 16)
}

/** Whether a row is still what was stored; one whose bytes are gone is not. */
export function isIntact ({ requestId, plant, deviceType, recordCount, body, digest }: Omit<Digested, 'body'> & { readonly body: Uint8Array | null, readonly digest: Uint8Array }): boolean {
  return body !== null && Buffer.compare(digestOf({ requestId, plant, deviceType, recordCount, body }), digest) === 0
}
