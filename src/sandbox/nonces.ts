/** Far more than a test or an integrator sends within a quarter of an hour; about 10 MB when full. */
const NONCES_MAX = 100_000

export interface Nonces {
  /** False when the nonce is still remembered. Otherwise it is remembered until `untilMs`. */
  spend (nonce: string, nowMs: number, untilMs: number): boolean
}

/**
 * Remembers nonces for as long as a replay could pass the time check. Bounded: when full the oldest is forgotten, so a
 * load test never starts to fail and a replay of something that old may pass.
 */
export function createNonces (noncesMax: number = NONCES_MAX): Nonces {
  const spent = new Map<string, number>()
  return {
    spend (nonce, nowMs, untilMs) {
      const knownUntilMs = spent.get(nonce)
      if (knownUntilMs !== undefined && knownUntilMs >= nowMs) return false
      // Deleted first, so that the map's order stays the order of spending.
      spent.delete(nonce)
      spent.set(nonce, untilMs)
      for (const [oldest, oldestUntilMs] of spent) {
        if (spent.size <= noncesMax && oldestUntilMs >= nowMs) break
        spent.delete(oldest)
      }
      return true
    }
  }
}
