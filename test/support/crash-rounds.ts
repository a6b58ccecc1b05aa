/** `npm run test:crash` asks for 100 kills and tries every place; the ordinary suite for a share of them that takes seconds. */
export const CRASH_ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 6)

/** For a test that takes long and repeats with the whole program what another shows of a part. */
export const SKIP_IN_SHORT = process.env['CRASH_ROUNDS'] === undefined ? 'it is part of npm run test:crash' : false

/** Every place of a thorough run, one in `share` of an ordinary one. */
export function everyPlaceOr (share: number): number {
  return process.env['CRASH_ROUNDS'] === undefined ? share : 1
}
