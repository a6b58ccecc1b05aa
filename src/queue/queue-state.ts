import type { Account } from './account.js'
import type { Alarms, RaisedAlarm } from './alarms.js'
import type { QueueLog } from './queue-log.js'

export interface PlantQueueState {
  readonly plant: string
  /** Pushes, and bytes as the disk counts. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly parked: number
  readonly parkedBytes: number
  /** When the oldest push that waits was received, in milliseconds since the epoch. */
  readonly oldestAtMs: number | undefined
  /** How long what waits will take at the present pace; undefined while nothing moves. */
  readonly drainsInMs: number | undefined
}

export interface QueueState {
  readonly bytes: number
  readonly bytesMax: number
  readonly plants: readonly PlantQueueState[]
  readonly alarms: readonly RaisedAlarm[]
}

/** @throws {ProxyError} InternalError when the queue cannot be read */
export async function readQueueState (log: Pick<QueueLog, 'usage' | 'lanes'>, account: Account, alarms: Alarms): Promise<QueueState> {
  const [{ bytes, bytesMax, plants }, lanes] = await Promise.all([log.usage(), log.lanes()])
  const waitingInAll = plants.reduce((sum, { waiting }) => sum + waiting, 0)
  const plantsWaiting = plants.filter(({ waiting }) => waiting > 0).length
  return {
    bytes,
    bytesMax,
    plants: plants.map(usage => ({
      ...usage,
      oldestAtMs: lanes.filter(({ plant }) => plant === usage.plant).reduce<number | undefined>((oldest, { oldestAtMs }) => earlier(oldest, oldestAtMs), undefined),
      // Plants take turns, so one with little is done before those with much.
      drainsInMs: usage.waiting === 0 ? 0 : account.drainRate.endsInMs(Math.min(waitingInAll, usage.waiting * plantsWaiting))
    })),
    alarms: alarms.list()
  }
}

function earlier (a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a ?? b : Math.min(a, b)
}
