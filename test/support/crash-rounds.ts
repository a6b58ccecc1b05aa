/** `npm run test:crash` asks for 100 kills and tries every place; the ordinary suite for a share of them that takes seconds. */
export const CRASH_ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 8)

/** Every place of a thorough run, one in `share` of an ordinary one. */
export function everyPlaceOr (share: number): number {
  return process.env['CRASH_ROUNDS'] === undefined ? share : 1
}
