import { parseDuration } from '../duration.js'
import { BEYOND_OFFSET_MS, instantInUtc, instantsOf } from './wall-time.js'

/** Which times a plant takes. */
export interface TimeBoundsPolicy {
  /** The zone of the plant's clocks, by its IANA name; default Asia/Shanghai. */
  readonly timeZone?: string
  /** How old a record may be, as in `30d`; default without a bound, as is `0`. */
  readonly maxAge?: string
  /** How far ahead of the proxy's clock a record may lie. */
  readonly maxFuture?: string
}

/** What is wrong with a time at the moment of its arrival; undefined is nothing. */
export interface TimeBounds {
  readonly faultOfInstant: (instantMs: number) => string | undefined
  /** An hour that comes twice is judged by whichever of the two is taken. */
  readonly faultOfWallTime: (wallTime: string) => string | undefined
}

export function createTimeBounds ({ maxAge = '0', maxFuture = '0' }: TimeBoundsPolicy, timeZone: string, nowMs: number): TimeBounds {
  const limitOf = (duration: string) => parseDuration(duration) || Infinity
  const oldestMs = nowMs - limitOf(maxAge)
  const newestMs = nowMs + limitOf(maxFuture)
  const isBounded = Number.isFinite(oldestMs) || Number.isFinite(newestMs)
  const faultBetween = (firstMs: number, lastMs: number): string | undefined => {
    if (lastMs < oldestMs) return `is ${inWords(nowMs - lastMs)} old; the plant takes records of at most ${maxAge} (--max-age)`
    if (firstMs > newestMs) return `lies ${inWords(firstMs - nowMs)} ahead of the proxy's clock; the plant takes records of at most ${maxFuture} (--max-future)`
    return undefined
  }
  return {
    faultOfInstant: instantMs => faultBetween(instantMs, instantMs),
    faultOfWallTime: wallTime => {
      if (!isBounded) return undefined
      // Far from both bounds the zone does not matter, and to ask for it costs more than all else that is done to a record.
      const inUtcMs = instantInUtc(wallTime)
      if (inUtcMs - BEYOND_OFFSET_MS >= oldestMs && inUtcMs + BEYOND_OFFSET_MS <= newestMs) return undefined
      const { firstMs, lastMs } = instantsOf(timeZone, wallTime)
      return faultBetween(firstMs, lastMs)
    }
  }
}

const UNITS: ReadonlyArray<readonly [string, number]> = [['days', 86_400_000], ['hours', 3_600_000], ['minutes', 60_000], ['seconds', 1000]]

/** A span, rounded, in the largest unit of which it has at least two. */
function inWords (spanMs: number): string {
  const [unit, unitMs] = UNITS.find(([, ms]) => spanMs >= 2 * ms) ?? ['seconds', 1000]
  return `${Math.round(spanMs / unitMs)} ${unit}`
}
