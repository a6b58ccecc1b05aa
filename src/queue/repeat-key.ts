import { createHash } from 'node:crypto'

/** By what a repeat of a push is known. Digests, so that neither the sender's key nor its readings are kept. */
export interface RepeatKey {
  /** Of the plant and the sender's key, or of the plant and the body where identical bodies count as one push. */
  readonly key: string
  /** Of the bytes by which two pushes are compared, the device type among them. */
  readonly body: string
}

export interface RepeatKeyParts {
  readonly plant: string
  /**
   * The bytes that are signed and sent: how a value was written does not count, what arrives does. Where the proxy put
   * in a time of its own, the bytes that came.
   */
  readonly body: Buffer
  /** Bodies of what is parked of the push: two pushes that differ there alone are no repeats of each other. */
  readonly parked?: readonly Uint8Array[]
  readonly idempotencyKey: string | undefined
  /** Whether an identical body is a repeat by itself. A sender that names its pushes knows better. */
  readonly dedupes: boolean
}

/** `undefined`: no other push is a repeat of this one. */
export function repeatKeyOf ({ plant, body, parked = [], idempotencyKey, dedupes }: RepeatKeyParts): RepeatKey | undefined {
  if (idempotencyKey === undefined && !dedupes) return undefined
  const bodyDigest = digest(body, ...parked)
  const name = idempotencyKey === undefined ? ['body', bodyDigest] : ['key', idempotencyKey]
  return { key: digest(JSON.stringify([plant, ...name])), body: bodyDigest }
}

function digest (...pieces: Array<Uint8Array | string>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('base64url')
}
