import fc from 'fast-check'
import tap, { type Test } from 'tap'

/** How many cases a property is tried on: few in every run of the suite, many with PROPERTY_RUNS=100000. */
const PROPERTY_RUNS = Number(process.env['PROPERTY_RUNS'] ?? 300)

// A property is tried in one go, and the longest takes 0.7 ms a case.
tap.setTimeout(30_000 + PROPERTY_RUNS * 20)

/** Passes when the property holds for all cases, otherwise tells the smallest one for which it does not, and its seed. */
export function holds<Values> (t: Test, property: fc.IProperty<Values>): void {
  const details = fc.check(property, { numRuns: PROPERTY_RUNS })
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? `holds for ${details.numRuns} cases`)
}
