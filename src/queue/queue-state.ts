import type { Account } from './account.js'
import type { Alarms, RaisedAlarm } from './alarms.js'
import type { PlantUsage, QueueLog } from './queue-log.js'

export interface PlantQueueState extends PlantUsage {
  /** How long what waits will take at the present pace; undefined while nothing moves. */
  readonly drainsInMs: number | undefined
}

export interface QueueState {
  /** As the disk counts. */
  readonly bytes: number
  readonly bytesMax: number
  readonly plants: readonly PlantQueueState[]
  readonly alarms: readonly RaisedAlarm[]
}

/** @throws {ProxyError} InternalError when the queue cannot be read */
export async function readQueueState (log: Pick<QueueLog, 'usage'>, account: Account, alarms: Alarms): Promise<QueueState> {
  const { bytes, bytesMax, plants } = await log.usage()
  const waitingInAll = plants.reduce((sum, { waiting }) => sum + waiting, 0)
  const plantsWaiting = plants.filter(({ waiting }) => waiting > 0).length
  return {
    bytes,
    bytesMax,
    plants: plants.map(usage => ({
      ...usage,
      // Plants take turns, so one with little is done before those with much.
      drainsInMs: usage.waiting === 0 ? 0 : account.drainRate.endsInMs(Math.min(waitingInAll, usage.waiting * plantsWaiting))
    })),
    alarms: alarms.list()
  }
}
