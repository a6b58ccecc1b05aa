import type { MergedCall, Part } from './merge-call.js'
import type { PendingCall } from './pending-call.js'
import type { ParkedPart, Settlement } from './queue-log.js'

/** What became of each push of a call, once the fate of all its records is known. */
export function settleCall (call: MergedCall, pending: PendingCall): Settlement[] {
  const [only] = pending.delivered
  if (only !== undefined && pending.refused.length === 0 && only.from === 0 && only.to === call.recordCount) {
    const cloudRequestIds = only.cloudRequestId === undefined ? [] : [only.cloudRequestId]
    return call.entries.map(({ id, recordCount }) => ({ id, deliveredRecords: recordCount, cloudRequestIds, parked: [] }))
  }
  let from = 0
  return call.entries.map(({ id, recordCount }) => {
    const push = { from, to: from + recordCount }
    from = push.to
    const delivered = pending.delivered.flatMap(({ cloudRequestId, ...part }) => overlap(push, part).map(own => ({ ...own, cloudRequestId })))
    return {
      id,
      deliveredRecords: delivered.reduce((sum, part) => sum + part.to - part.from, 0),
      cloudRequestIds: [...new Set(delivered.flatMap(({ cloudRequestId }) => cloudRequestId ?? []))],
      parked: pending.refused.flatMap(({ reason, ...part }) => overlap(push, part).map<ParkedPart>(own => ({
        body: call.bodyOf(own),
        recordCount: own.to - own.from,
        reason
      })))
    }
  })
}

/** What two parts have in common: one part, or none. */
function overlap (a: Part, b: Part): Part[] {
  const from = Math.max(a.from, b.from)
  const to = Math.min(a.to, b.to)
  return from < to ? [{ from, to }] : []
}
