import { judgePush, type CatalogFindings } from '../catalog/judge-push.js'
import { FAULTS_MAX } from '../contract/check-push.js'
import type { Push } from '../contract/push.js'
import type { Arrival } from './arrival.js'
import type { RepairLog } from './repairs.js'
import type { IntakePolicy } from './shape-push.js'

const NO_FINDINGS: CatalogFindings = { counts: new Map(), faults: [], firstFaults: new Map() }

/** What the operator's catalog says of a push, where there is one and the plant is judged by it. Its faults count for `reject` alone. */
export function judgeByCatalog (push: Push, { catalog: mode = 'off' }: IntakePolicy, { catalog }: Arrival, log: RepairLog): CatalogFindings {
  if (catalog === undefined || mode === 'off') return NO_FINDINGS
  const findings = judgePush(catalog, push, FAULTS_MAX)
  const { counts } = findings
  log.note('catalog', () => counts.size === 0
    ? 'The catalog has every point, and the push every point that it requires or recommends.'
    : `The catalog finds: ${[...counts].map(([kind, count]) => `${kind} (${count})`).join(', ')}.`)
  return mode === 'reject' ? findings : { ...NO_FINDINGS, counts }
}
