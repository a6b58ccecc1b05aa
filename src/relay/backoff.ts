const BACKOFF_MS_BASE = 200
const BACKOFF_MS_CAP = 2_000

/**
 * Full jitter: anything from nothing to a bound that doubles, so that senders who failed together do not come back together.
 * @param retry 1 for the first.
 * @param random From 0 to 1.
 */
export function backoffMs (retry: number, random: () => number): number {
  return random() * Math.min(BACKOFF_MS_CAP, BACKOFF_MS_BASE * 2 ** (Math.min(retry, 16) - 1))
}
