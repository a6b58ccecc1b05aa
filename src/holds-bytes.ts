/**
 * Whether these bytes stand at a place, which may lie outside. For a few bytes, which take longer to hand over to Node than to
 * compare here.
 */
export function holdsBytes (bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.length; at++) if (bytes[start + at] !== expected[at]) return false
  return true
}
