/** The middle one; of an even number, the upper of the two. */
export function median (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

/** The value that so much of all lies at or below, such as 0.99. */
export function percentile (values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? NaN
}

/** As a table shows it; a round without an answer has no number. */
export function shown (value: number, digits = 0): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-'
}

/** The least and the largest, as a table shows them. */
export function spread (values: readonly number[], digits = 0): string {
  return `${shown(Math.min(...values), digits)}..${shown(Math.max(...values), digits)}`
}
