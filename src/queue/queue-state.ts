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
export async function readQueueState (log: Pick<QueueLog, 'usage'>, accountOf: (plant: string) => Account, alarms: Alarms): Promise<QueueState> {
  const { bytes, bytesMax, plants } = await log.usage()
  /** What waits for an account, and how many plants take turns at it. */
  const waitingFor = new Map<Account, { pushes: number, plants: number }>()
  for (const { plant, waiting } of plants.filter(({ waiting }) => waiting > 0)) {
    const { pushes = 0, plants = 0 } = waitingFor.get(accountOf(plant)) ?? {}
    waitingFor.set(accountOf(plant), { pushes: pushes + waiting, plants: plants + 1 })
  }
  const drainsInMs = ({ plant, waiting }: PlantUsage): number | undefined => {
    const account = accountOf(plant)
    const { pushes = 0, plants = 0 } = waitingFor.get(account) ?? {}
    // Plants take turns, so one with little is done before those with much.
    return waiting === 0 ? 0 : account.drainRate.endsInMs(Math.min(pushes, waiting * plants))
  }
  return {
    bytes,
    bytesMax,
    plants: plants.map(usage => ({ ...usage, drainsInMs: drainsInMs(usage) })),
    alarms: alarms.list()
  }
}
