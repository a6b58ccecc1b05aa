/** The same clock in every thread; `performance.now()` begins anew in each. */
export function monotonicMs (): number {
  return Number(process.hrtime.bigint()) / 1e6
}
