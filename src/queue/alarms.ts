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
  /** For the operator; never the cloud's own words, which may repeat a piece of a body. */
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

/** The same alarm is told so often at most: what comes and goes by the second must not fill the log. */
const QUIET_MS = 60_000
const CAUSES_MAX = 1000

interface Standing extends RaisedAlarm {
  isTold: boolean
  cancelTelling: () => void
}

/** The alarms that stand. Each is told when it begins, when its kind or code changes, and when it ends: no storm of lines. */
export class Alarms {
  readonly #clock: Clock
  readonly #listeners: AlarmListeners
  readonly #standing = new Map<string, Standing>()
  /** When each was told last, by the monotonic clock. */
  readonly #toldAtMs = new Map<string, number>()

  constructor (clock: Clock, listeners: AlarmListeners) {
    this.#clock = clock
    this.#listeners = listeners
  }

  /** @param cause What stands still; one alarm at a time stands for it. */
  raise (cause: string, alarm: Alarm): void {
    const known = this.#standing.get(cause)
    if (known?.kind === alarm.kind && known.code === alarm.code) return
    known?.cancelTelling()
    const standing: Standing = { ...alarm, sinceMs: known?.sinceMs ?? this.#clock.now(), isTold: false, cancelTelling: () => {} }
    this.#standing.set(cause, standing)
    const what = `${cause} ${alarm.kind} ${alarm.code ?? ''}`
    const quietMs = QUIET_MS - (this.#clock.monotonicMs() - (this.#toldAtMs.get(what) ?? -Infinity))
    if (quietMs <= 0) this.#tell(what, standing)
    else standing.cancelTelling = this.#clock.after(quietMs, () => { this.#tell(what, standing) })
  }

  end (cause: string): void {
    const standing = this.#standing.get(cause)
    if (standing === undefined) return
    this.#standing.delete(cause)
    standing.cancelTelling()
    if (standing.isTold) this.#listeners.onAlarmEnd?.(toRaised(standing))
  }

  list (): RaisedAlarm[] {
    return [...this.#standing.values()].map(toRaised)
  }

  /** Tells nothing later that has not been told by now. */
  close (): void {
    for (const { cancelTelling } of this.#standing.values()) cancelTelling()
  }

  #tell (what: string, standing: Standing): void {
    if (this.#toldAtMs.size >= CAUSES_MAX) this.#toldAtMs.clear()
    this.#toldAtMs.set(what, this.#clock.monotonicMs())
    standing.isTold = true
    this.#listeners.onAlarm?.(toRaised(standing))
  }
}

function toRaised ({ isTold, cancelTelling, ...alarm }: Standing): RaisedAlarm {
  return alarm
}
