import type { Command } from 'commander'
import { parseDuration } from '../duration.js'
import type { KeyOptions } from '../plants/key-limits.js'
import { UsageError } from './failure.js'

/** The flags of `keys create`. */
export function addKeyFlags (command: Command): Command {
  return command
    .option('--label <text>', 'What the key is for; shown in lists.')
    .option('--expires <when>', 'When the key ends: a time from now such as 90d or 12h, or a day such as 2030-12-31, whose first moment in UTC counts. Never, when left out.')
    .option('--allow-from <cidr...>', 'Addresses and networks that the key may be used from, such as 10.0.0.0/8. Every address, when left out.')
    .option('--device-type <type...>', 'Device types that the key may push. Every type, when left out.')
    .option('--device-id <id...>', 'Devices that the key may push. Types 15 and 16 have no device id, so such a key may push them only when --device-type lists them.')
    .option('--in-url', 'Let the key travel in the address of a request (/k/KEY or ?api_key=KEY), for senders that can set no header. Logs on the way may show it.')
}

/** @throws UsageError in a plain sentence */
export function readKeyFlags (options: Readonly<Record<string, unknown>>): KeyOptions {
  const { label, expires, inUrl } = options
  return {
    ...(typeof label === 'string' ? { label } : undefined),
    ...(typeof expires === 'string' ? { expires: parseExpiry(expires) } : undefined),
    cidrs: readList(options['allowFrom']),
    deviceTypes: readList(options['deviceType']),
    deviceIds: readList(options['deviceId']),
    inUrl: inUrl === true
  }
}

/** Milliseconds of a flag such as `--overlap 7d`. @throws UsageError that names the flag */
export function readDurationFlag (flag: string, text: string): number {
  const durationMs = parseDuration(text)
  if (durationMs === undefined) throw new UsageError(`${flag} takes a time such as 7d, 12h, 30m, 90s or 0.`)
  return durationMs
}

function parseExpiry (text: string): { atMs: number } | { afterMs: number } {
  const afterMs = parseDuration(text)
  if (afterMs !== undefined) return { afterMs }
  const atMs = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN
  // Date.parse takes the 30th of February for a day in March.
  const dayIsReal = new Date(Date.parse(text.slice(0, 10))).getUTCDate() === Number(text.slice(8, 10))
  if (Number.isNaN(atMs) || !dayIsReal) {
    throw new UsageError('--expires takes a time such as 90d, a day such as 2030-12-31, or a moment such as 2030-12-31T18:00:00Z.')
  }
  return { atMs }
}

/** Several values may stand behind one flag, and the flag may be repeated; commander makes one array of them. */
function readList (value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
