import { randomFillSync } from 'node:crypto'

const NONCE_BYTES = 16
/** The system is asked for so many at once: each question costs as much as hashing a small push. */
const NONCES_AT_ONCE = 256

const pool = Buffer.alloc(NONCE_BYTES * NONCES_AT_ONCE)
let used = pool.length

/** 32 hex digits that nobody can foresee, never the same twice. */
export function randomNonce (): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const nonce = pool.toString('hex', used, used + NONCE_BYTES)
  used += NONCE_BYTES
  return nonce
}
