import type { CallMade, TurnParts } from './turn-parts.js'

/**
 * A plant that wants nothing sent twice (`--when-unsure park`) has each call marked on disk before it is sent: after a kill
 * nobody could tell whether it arrived, and its pushes are then found in doubt. The others do without the two commits: what
 * was in flight is sent again, record for record.
 *
 * @throws {ProxyError} InternalError when the mark cannot be written; then nothing may be sent
 */
export async function markBegun ({ log, clock, policyOf }: TurnParts, { lane, pending }: CallMade): Promise<void> {
  if (pending.isMarked || policyOf(lane.plant)?.whenUnsure !== 'park') return
  await log.noteBegun(pending.ids, { atMs: clock.now(), begun: true })
  pending.isMarked = true
}

/** After a call that certainly did not arrive: what is gathered anew must not be found in doubt. */
export async function unmarkBegun ({ log, clock, listeners }: TurnParts, { pending }: CallMade): Promise<void> {
  if (!pending.isMarked || pending.part === undefined || pending.isSplit || pending.isDoubtful) return
  try {
    await log.noteBegun(pending.ids, { atMs: clock.now(), begun: false })
    pending.isMarked = false
  } catch (problem) {
    // The mark stands: the pushes are sent on while the proxy runs, and after a restart are parked as if in doubt.
    listeners.onProblem?.(problem)
  }
}
