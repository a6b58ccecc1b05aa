import { untilQuiet } from './process-tree.js'
import { median, percentile, shown, spread } from './numbers.js'
import { loadOnSchedule } from './open-load.js'
import type { Peer } from './peers/peer.js'
import type { Found } from './table.js'

export interface HalfLoad {
  readonly perSecond: number
  /** One p99 a round. */
  readonly relayMs: readonly number[]
  readonly floorMs: readonly number[]
  readonly lateMs: readonly number[]
  readonly failures: number
}

/** Of fewer times, the last in a hundred is the worst alone. */
const PUSHES_MIN = 200
const SECONDS_MAX = 6
const ROUNDS_MAX = 3
const MEASURED = ['floor', 'relay'] as const

/** How late answers are when nobody is at the limit: relay and floor, both at half of what the slower of the two reached. */
export async function compareAtHalfLoad (peers: ReadonlyMap<string, Peer>, found: Found, { rounds, seconds, ...load }: { bodies: readonly string[], connections: number, seconds: number, rounds: number }): Promise<HalfLoad | undefined> {
  if (MEASURED.some(name => !peers.has(name))) return undefined
  const perSecond = Math.min(...MEASURED.map(name => median((found.get(name) ?? []).map(round => round.perSecond)))) / 2
  // Next to nothing was answered.
  if (!(perSecond >= 1)) return undefined
  const timesMs = { floor: new Array<number>(), relay: new Array<number>() }
  const lateMs: number[] = []
  let failures = 0
  for (let round = 0; round < Math.min(rounds, ROUNDS_MAX); round++) {
    for (const name of MEASURED) {
      const peer = peers.get(name)
      if (peer === undefined) continue
      const told = await loadOnSchedule(peer, { ...load, perSecond, seconds: Math.max(seconds, Math.min(SECONDS_MAX, PUSHES_MIN / perSecond)) })
      await untilQuiet(peer.pid)
      timesMs[name].push(percentile(told.timesMs, 0.99))
      lateMs.push(percentile(told.lateMs, 0.99))
      failures += told.failures
    }
  }
  return { perSecond, floorMs: timesMs.floor, relayMs: timesMs.relay, lateMs, failures }
}

export function tellHalfLoad ({ perSecond, relayMs, floorMs, lateMs, failures }: HalfLoad): string {
  const [relay, floor] = [median(relayMs), median(floorMs)]
  return `At half load (${perSecond.toFixed(0)} req/s on a fixed schedule): p99 relay ${shown(relay, 2)} ms (${spread(relayMs, 2)}), ` +
    `floor ${shown(floor, 2)} ms (${spread(floorMs, 2)}), ratio ${shown(relay / floor, 2)}; the sender itself was ${shown(median(lateMs), 2)} ms late at p99; ${failures} failed.`
}
