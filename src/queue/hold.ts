const HOLD_MS_BASE = 500

/**
 * How long to wait after a setback. Full jitter under a bound that doubles, so that those who failed together do not come
 * back together; at the longest bound the last third alone is left to chance, since by then each wait costs the cloud a call.
 *
 * @param setbacks How many came before this one in a row.
 * @param holdMsMax The longest wait.
 * @param random From 0 to 1.
 */
export function holdMs (setbacks: number, holdMsMax: number, random: () => number): number {
  const boundMs = HOLD_MS_BASE * 2 ** Math.min(setbacks, 30)
  return boundMs < holdMsMax ? random() * boundMs : holdMsMax * (1 - random() / 3)
}
