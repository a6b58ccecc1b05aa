import { untilQuiet } from './process-tree.js'
import { median, percentile, spread } from './numbers.js'
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

const MEASURED = ['floor', 'relay'] as const

/** How late answers are when nobody is at the limit: relay and floor, both at half of what the slower of the two reached. */
export async function compareAtHalfLoad (peers: ReadonlyMap<string, Peer>, found: Found, { rounds, ...load }: { bodies: readonly string[], connections: number, seconds: number, rounds: number }): Promise<HalfLoad | undefined> {
  if (MEASURED.some(name => !peers.has(name))) return undefined
  const perSecond = Math.min(...MEASURED.map(name => median((found.get(name) ?? []).map(round => round.perSecond)))) / 2
  const timesMs = { floor: new Array<number>(), relay: new Array<number>() }
  const lateMs: number[] = []
  let failures = 0
  for (let round = 0; round < rounds; round++) {
    for (const name of MEASURED) {
      const peer = peers.get(name)
      if (peer === undefined) continue
      const told = await loadOnSchedule(peer, { ...load, perSecond })
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
  return `At half load (${perSecond.toFixed(0)} req/s on a fixed schedule): p99 relay ${relay.toFixed(2)} ms (${spread(relayMs, 2)}), ` +
    `floor ${floor.toFixed(2)} ms (${spread(floorMs, 2)}), ratio ${(relay / floor).toFixed(2)}; the sender itself was ${median(lateMs).toFixed(2)} ms late at p99; ${failures} failed.`
}
