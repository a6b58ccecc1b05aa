import type { Clock } from '../clock.js'
import type { FailureKind } from '../relay/verdict.js'

/** What keeps pushes waiting until somebody mends it, or it passes. Nothing is dropped meanwhile. */
export interface Alarm {
  /**
   * The verdict on an account's calls; or `refuses-all`: one code refuses pushes that have no device in common; `stuck`: one
   * lane fails while others deliver; `unrecorded`: what was delivered cannot be noted; `unreadable`: the queue cannot be read.
   */
  readonly kind: FailureKind | 'refuses-all' | 'stuck' | 'unrecorded' | 'unreadable'
  /** The cloud's code, or the system's. */
  readonly code: string | undefined
  /** Redacted; for the operator. */
  readonly message: string
  readonly account: string
  /** The lane, when the rest of the account goes on. */
  readonly plant?: string
  readonly deviceType?: string
}

export interface RaisedAlarm extends Alarm {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
}

export interface AlarmListeners {
  readonly onAlarm?: ((alarm: RaisedAlarm) => void) | undefined
  readonly onAlarmEnd?: ((alarm: RaisedAlarm) => void) | undefined
}

/** The alarms that stand. Each is told when it begins, when its kind or code changes, and when it ends: no storm of lines. */
export class Alarms {
  readonly #clock: Clock
  readonly #listeners: AlarmListeners
  readonly #raised = new Map<string, RaisedAlarm>()

  constructor (clock: Clock, listeners: AlarmListeners) {
    this.#clock = clock
    this.#listeners = listeners
  }

  /** @param cause What stands still; one alarm at a time is raised for it. */
  raise (cause: string, alarm: Alarm): void {
    const known = this.#raised.get(cause)
    if (known?.kind === alarm.kind && known.code === alarm.code) return
    const raised = { ...alarm, sinceMs: known?.sinceMs ?? this.#clock.now() }
    this.#raised.set(cause, raised)
    this.#listeners.onAlarm?.(raised)
  }

  end (cause: string): void {
    const known = this.#raised.get(cause)
    if (known === undefined) return
    this.#raised.delete(cause)
    this.#listeners.onAlarmEnd?.(known)
  }

  list (): RaisedAlarm[] {
    return [...this.#raised.values()]
  }
}
