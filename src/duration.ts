const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * Milliseconds of `7d`, `12h`, `30m`, `90s`, `2w` or `0`; `undefined` for anything else. A number without a unit is not
 * guessed at. At most five digits, so that no date leaves the range of a clock.
 */
export function parseDuration (text: string): number | undefined {
  if (text === '0') return 0
  const [, count, unit = ''] = /^(\d{1,5})([smhdw])$/.exec(text) ?? []
  const unitMs = UNIT_MS[unit]
  return unitMs === undefined ? undefined : Number(count) * unitMs
}
