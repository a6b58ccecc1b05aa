import type { Clock } from './clock.js'

const TICK_MS = 250
const WINDOW_TICKS = 40
/** So much of the last ten seconds late means that the process does nothing else than catch up. */
const BLOCKED_SHARE_MAX = 0.5

export interface EventLoopWatch {
  /** The share of the last ten seconds, from 0 to 1, in which the event loop was held up by one piece of work. */
  readonly blockedShare: number
  readonly isStuck: boolean
  close (): void
}

/**
 * Measures how late a timer is. A busy loop with many small pieces of work is hardly late; one long piece is. (A loop that is
 * stuck for good answers nobody: that is for the probe's own timeout to find.)
 */
export function watchEventLoop (clock: Clock): EventLoopWatch {
  const lateMs: number[] = []
  let cancel = (): void => {}

  function tick (): void {
    const dueMs = clock.monotonicMs() + TICK_MS
    cancel = clock.after(TICK_MS, () => {
      lateMs.push(Math.max(0, clock.monotonicMs() - dueMs))
      if (lateMs.length > WINDOW_TICKS) lateMs.shift()
      tick()
    })
  }

  tick()
  return {
    get blockedShare () {
      const sumMs = lateMs.reduce((sum, each) => sum + each, 0)
      return Math.min(1, sumMs / (TICK_MS * WINDOW_TICKS))
    },
    get isStuck () { return this.blockedShare > BLOCKED_SHARE_MAX },
    close: () => { cancel() }
  }
}
