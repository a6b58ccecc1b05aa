import type { Account } from './account.js'
import { holdMs } from './hold.js'
import type { ActiveLane } from './lanes.js'
import type { Settlement } from './queue-log.js'
import type { TurnParts } from './turn-parts.js'

/**
 * Writes down what became of pushes, however long that takes. Until then their lane stands still: what was delivered is
 * remembered here and not sent again.
 *
 * @param stopping Ends the tries; what was delivered is then sent once more after the next start.
 */
export async function recordSettled ({ log, clock, listeners, alarms, bounds, random }: TurnParts, lane: ActiveLane, account: Account, settlements: readonly Settlement[], stopping: AbortSignal): Promise<void> {
  for (let setbacks = 0; ; setbacks++) {
    try {
      await log.settle(settlements)
      break
    } catch (problem) {
      listeners.onProblem?.(problem)
      alarms.raise(`${lane.cause} unrecorded`, { ...whereOf(lane, account), kind: 'unrecorded', code: undefined, message: 'What was delivered cannot be recorded; it is tried again, and nothing is sent meanwhile.' })
      if (stopping.aborted) return
      await sleep(clock, holdMs(setbacks, bounds.holdMsMax, random), stopping)
    }
  }
  alarms.end(`${lane.cause} unrecorded`)
  listeners.onSettled?.({ plant: lane.plant, deviceType: lane.deviceType, pushes: settlements.length, ...countRecords(settlements) })
}

/** What an alarm tells of a lane. */
export function whereOf ({ plant, deviceType }: ActiveLane, { name }: Account): { plant: string, deviceType: string, account: string } {
  return { plant, deviceType, account: name }
}

async function sleep (clock: TurnParts['clock'], forMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const cancel = clock.after(forMs, end)
    signal.addEventListener('abort', end)
    function end (): void {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
  })
}

function countRecords (settlements: readonly Settlement[]): { deliveredRecords: number, parkedRecords: Map<string, number> } {
  const parkedRecords = new Map<string, number>()
  let deliveredRecords = 0
  for (const settlement of settlements) {
    deliveredRecords += settlement.deliveredRecords
    for (const { recordCount, reason: { code } } of settlement.parked) parkedRecords.set(code, (parkedRecords.get(code) ?? 0) + recordCount)
  }
  return { deliveredRecords, parkedRecords }
}
