import type { Clock } from '../clock.js'
import type { QueueLog } from './queue-log.js'
import type { RememberedPushes } from './remembered-pushes.js'

export interface FollowStoredParts {
  readonly remembered: RememberedPushes
  readonly log: Pick<QueueLog, 'remembered' | 'onChange' | 'onNotice'>
  readonly clock: Clock
  readonly onProblem: (problem: unknown) => void
}

/**
 * Remembers what earlier lives of the proxy stored, and forgets what the disk loses.
 * @returns loads it; where that fails, it is tried again when the store is open again
 */
export function followStored ({ remembered, log, clock, onProblem }: FollowStoredParts): () => Promise<void> {
  let isLoaded = false

  async function load (): Promise<void> {
    try {
      const { windowMs, pushesMax } = remembered
      for (const push of await log.remembered({ sinceMs: clock.now() - windowMs, pushesMax })) {
        const isNewer = remembered.find(push.plant, push.repeatKey.key) !== undefined
        if (!isNewer) remembered.add({ ...push, delivery: { kind: 'stored' } })
      }
      isLoaded = true
    } catch (problem) {
      onProblem(problem)
    }
  }

  log.onChange(() => { if (!isLoaded) load().catch(onProblem) })
  log.onNotice(notice => {
    if (notice.kind === 'lost') for (const { plant, requestIds } of notice.lost) remembered.forget(plant, requestIds)
    // What waited is lost, without names.
    if (notice.kind === 'reopened' && notice.report.vanished === true) remembered.clear()
  })
  return load
}
