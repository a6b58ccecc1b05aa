import { TimerLists } from './timer-lists.js'

/** Time as an argument: nothing below the commands reads the machine's clock by itself. */
export interface Clock {
  /** Milliseconds since the epoch. The machine's clock may be wrong and may jump. */
  now (): number
  /** Milliseconds that only ever grow; every duration is measured with these. */
  monotonicMs (): number
  /** Calls back once after `delayMs`, unless the returned function is called before. Never keeps the process alive by itself. */
  after (delayMs: number, callback: () => void): () => void
}

/** Below it, and for lengths with a fraction, which hardly come twice, a timer of the system's own. */
const LISTED_MS_MIN = 1_000
const lists = new TimerLists(() => performance.now())

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    if (delayMs >= LISTED_MS_MIN && Number.isInteger(delayMs)) return lists.after(delayMs, callback)
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => { clearTimeout(timer) }
  }
}
