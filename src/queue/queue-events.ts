import type { Verdict } from '../relay/verdict.js'
import type { AlarmListeners } from './alarms.js'

/** One call for stored pushes, for logs and metrics. Holds nothing of a body. */
export interface CallEvent {
  readonly account: string
  readonly plant: string
  readonly deviceType: string
  /** Stored pushes that travelled together, and device records and bytes of the call. */
  readonly pushes: number
  readonly records: number
  readonly bytes: number
  readonly durationMs: number
  /** `again`: exactly what an earlier call in doubt carried; `split`: a part of a refused call; `probe`: the account was out. */
  readonly purpose: 'first' | 'again' | 'split' | 'probe'
  readonly verdict: Verdict
}

/** Stored pushes whose fate was recorded. */
export interface SettledEvent {
  readonly plant: string
  readonly deviceType: string
  readonly pushes: number
  readonly deliveredRecords: number
  /** Parked records by the reason's code. */
  readonly parkedRecords: ReadonlyMap<string, number>
}

/** A push that was taken into the queue, or into the parked list at once. */
export interface StoredEvent {
  readonly plant: string
  readonly deviceType: string
  readonly records: number
  readonly bytes: number
  /** Only when it was parked at once. */
  readonly parkedFor?: string
}

export interface QueueListeners extends AlarmListeners {
  readonly onStored?: (event: StoredEvent) => void
  readonly onCall?: (event: CallEvent) => void
  readonly onSettled?: (event: SettledEvent) => void
  /** What went wrong on this side and is tried again; for the log. */
  readonly onProblem?: (problem: unknown) => void
}

/** Tells both, one after the other. */
export function bothListeners (first: QueueListeners, second: QueueListeners): QueueListeners {
  return {
    onStored: event => { first.onStored?.(event); second.onStored?.(event) },
    onCall: event => { first.onCall?.(event); second.onCall?.(event) },
    onSettled: event => { first.onSettled?.(event); second.onSettled?.(event) },
    onProblem: problem => { first.onProblem?.(problem); second.onProblem?.(problem) },
    onAlarm: alarm => { first.onAlarm?.(alarm); second.onAlarm?.(alarm) },
    onAlarmEnd: alarm => { first.onAlarmEnd?.(alarm); second.onAlarmEnd?.(alarm) }
  }
}
