import type { ParkReason } from '../queue/queue-log.js'

const UNITS: ReadonlyArray<readonly [unit: string, ms: number]> = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1000]]

/** A time that has passed, in its largest unit: `3 d`, `12 min`. Empty for none. */
export function formatAge (sinceMs: number | undefined, nowMs: number): string {
  if (sinceMs === undefined) return ''
  const ageMs = Math.max(0, nowMs - sinceMs)
  const [unit, unitMs] = UNITS.find(([, ms]) => ageMs >= ms) ?? ['s', 1000]
  return `${Math.floor(ageMs / unitMs)} ${unit}`
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
