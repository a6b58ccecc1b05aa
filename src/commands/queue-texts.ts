import type { ParkReason } from '../queue/queue-log.js'

const UNITS: ReadonlyArray<readonly [unit: string, ms: number]> = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1000]]

/** A time that has passed, in its largest unit: `3 d`, `12 min`. Empty for none. */
export function formatAge (sinceMs: number | undefined, nowMs: number): string {
  if (sinceMs === undefined) return ''
  return inLargestUnit(Math.max(0, nowMs - sinceMs), Math.floor)
}

/** A time that is expected, in the largest unit of which it has two, and rounded up: it must not promise too much. Empty for none. */
export function formatDuration (ms: number | undefined): string {
  return ms === undefined ? '' : inLargestUnit(ms, Math.ceil, 2)
}

function inLargestUnit (ms: number, round: (count: number) => number, unitsMin = 1): string {
  const [unit, unitMs] = UNITS.find(([, least]) => ms >= least * unitsMin) ?? ['s', 1000]
  return `${round(ms / unitMs)} ${unit}`
}

/** A terminal obeys control characters and is led astray by marks of direction; senders and whatever answers for the cloud chose these texts. */
export function forTerminal (text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')
}

export function reasonToJson ({ code, message, cloudRequestId }: ParkReason): object {
  return { code, message, cloudRequestId: cloudRequestId ?? null }
}

/** `1 push`, `3 pushes`. */
export function count (number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}
