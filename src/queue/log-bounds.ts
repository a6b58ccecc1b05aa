import type { QueueLanes } from '../store/queue-lanes.js'
import type { FullBound } from './log-messages.js'
import type { QueueNotice } from './queue-log.js'

/** Thrown before anything was written. */
export class QueueBoundReached extends Error {
  override readonly name = 'QueueBoundReached'
  readonly bound: FullBound

  constructor (bound: FullBound) {
    super(`The bound of the ${bound} is reached.`)
    this.bound = bound
  }
}

const NEAR = 0.8
/** Lower than NEAR, so that a queue that breathes about one level does not ring all the time. */
const NO_LONGER_NEAR = 0.7

/** The bounds of the whole queue and of each plant, parked included, in bytes as the disk counts. */
export class QueueBounds {
  readonly bytesMax: number
  readonly #notify: (notice: QueueNotice) => void
  /** As the newest push of each plant said. */
  readonly #plantBytesMax = new Map<string, number>()
  readonly #near = new Set<string | undefined>()

  constructor (bytesMax: number, notify: (notice: QueueNotice) => void) {
    this.bytesMax = bytesMax
    this.#notify = notify
  }

  /** @throws QueueBoundReached when that many bytes of the plant would be too many */
  check (lanes: QueueLanes, plant: string, plantBytesMax: number, bytes: number): void {
    this.#plantBytesMax.set(plant, plantBytesMax)
    if (lanes.plantBytes(plant) + bytes > plantBytesMax) throw new QueueBoundReached('plant')
    if (lanes.totalBytes + bytes > this.bytesMax) throw new QueueBoundReached('queue')
  }

  /** Tells of each bound that came near, or is near no longer, since the last time. */
  review (lanes: QueueLanes): void {
    this.#reviewOne(undefined, lanes.totalBytes, this.bytesMax)
    for (const [plant, bytesMax] of this.#plantBytesMax) this.#reviewOne(plant, lanes.plantBytes(plant), bytesMax)
  }

  #reviewOne (plant: string | undefined, bytes: number, bytesMax: number): void {
    const was = this.#near.has(plant)
    const near = bytes >= bytesMax * (was ? NO_LONGER_NEAR : NEAR)
    if (near === was) return
    if (near) this.#near.add(plant)
    else this.#near.delete(plant)
    this.#notify({ kind: 'near-full', near, plant, bytes, bytesMax })
  }
}
