/** Time as an argument: nothing below the commands reads the machine's clock by itself. */
export interface Clock {
  /** Milliseconds since the epoch. The machine's clock may be wrong and may jump. */
  now (): number
  /** Milliseconds that only ever grow; every duration is measured with these. */
  monotonicMs (): number
  /** Calls back once after `delayMs`, unless the returned function is called before. Never keeps the process alive by itself. */
  after (delayMs: number, callback: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    timer.unref()
    return () => { clearTimeout(timer) }
  }
}
