import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import type { Plant } from './plant.js'
import { PointsBuckets } from './points-bucket.js'

/**
 * Counts the points of a push against its plant's points a minute. A plant whose pushes can be kept may be a minute's points ahead: the
 * limit then slows their delivery, and not the sender.
 * @returns how long the push must be kept until it may be delivered, in milliseconds; 0: now
 * @throws {ProxyError} PushTooLarge when there are more than the plant may ever send at once, Throttling.Plant when the push must wait.
 */
export type TakePoints = (plant: Plant, points: number) => number

export function createPointsLimit (clock: Clock): TakePoints {
  const buckets = new PointsBuckets(clock)
  return ({ name, policy: { pointsPerMinute, delivery } }, points) => {
    if (pointsPerMinute === 0) return 0
    const taken = buckets.take(name, pointsPerMinute, points, delivery === 'relay' ? 0 : pointsPerMinute)
    if (taken.kind === 'above-burst') throw aboveBurst(points, taken.burstPoints)
    if (taken.kind === 'wait') {
      throw new ProxyError('Throttling.Plant', `The plant sends more than ${pointsPerMinute} points a minute; send the push again after Retry-After.`, { retryAfterMs: taken.waitMs })
    }
    return taken.delayMs
  }
}

/**
 * What is known of a push before it is taken; for whoever only asks what would become of it.
 * @throws {ProxyError} PushTooLarge when it holds more points than the plant may ever send at once
 */
export function refuseAboveBurst ({ pointsPerMinute }: Plant['policy'], points: number): void {
  if (pointsPerMinute > 0 && points > pointsPerMinute) throw aboveBurst(points, pointsPerMinute)
}

function aboveBurst (points: number, burstPoints: number): ProxyError {
  return new ProxyError('PushTooLarge', `The push holds ${points} points; this plant may send ${burstPoints} in a minute. Send fewer devices in one push.`)
}
