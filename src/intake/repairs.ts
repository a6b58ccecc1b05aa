import type { Step } from './arrival.js'

/** What was changed in a body, by short code, and how often. */
export type Repairs = ReadonlyMap<RepairCode, number>

/** Collects the repairs of one body on its way through the steps, and tells the steps to whoever wants to see them. */
export class RepairLog {
  readonly #counts = new Map<RepairCode, number>()
  readonly #onStep: ((step: Step) => void) | undefined

  constructor (onStep?: (step: Step) => void) {
    this.#onStep = onStep
  }

  add (code: RepairCode, count = 1): void {
    if (count > 0) this.#counts.set(code, (this.#counts.get(code) ?? 0) + count)
  }

  /** A step is done; its sentence is made only when somebody wants it. Without one there is nothing to tell. */
  note (step: Step['step'], what: () => string | undefined): void {
    if (this.#onStep === undefined) return
    const sentence = what()
    if (sentence !== undefined) this.#onStep({ step, what: sentence })
  }

  get repairs (): Repairs {
    return this.#counts
  }
}

/** The codes of X-Repairs. */
export type RepairCode =
  /** A byte order mark stood before the body. */
  | 'bom'
  /** The body was read in another encoding than UTF-8. */
  | 'charset'
  /** NUL characters stood behind the body. */
  | 'trailing-nul'
  /** A number became the string of its characters. */
  | 'number-to-string'
  /** `device_id` became `deviceId`. */
  | 'device_id'
  /** A field that the contract does not know was left out. */
  | 'unknown-field'
  /** A point without a reading was left out. */
  | 'missing-value'
  /** A record that had no point with a reading was left out. */
  | 'missing-record'
  /** A record time was written in another form, or in the plant's zone. */
  | 'record-time'
  /** A record without a time got that of its arrival. */
  | 'arrival-time'
  /** A record breaks the contract and was put aside; the others were sent. */
  | 'parked-record'
  /** The body was percent-encoded, or the field of a form. */
  | 'form'
  /** A sample of bad quality was left out. */
  | 'bad-quality'
  /** A sample was left out for a later one of the same tag and second. */
  | 'superseded'
  /** A tag, field or point that the mapping leads nowhere was left out. */
  | 'unmapped'
  /** `true` or `false` became the string of its characters. */
  | 'boolean-to-string'

/** Whether a repair leaves each record the time that its sender wrote; a new code has to say so here. */
const KEEPS_TIMES: Readonly<Record<RepairCode, boolean>> = {
  bom: true,
  charset: true,
  'trailing-nul': true,
  'number-to-string': true,
  device_id: true,
  'unknown-field': true,
  'missing-value': true,
  'missing-record': true,
  'record-time': true,
  'arrival-time': false,
  'parked-record': true,
  form: true,
  'bad-quality': true,
  superseded: true,
  unmapped: true,
  'boolean-to-string': true
}

// The table has every code: that is its type.
export const REPAIR_CODES = Object.keys(KEEPS_TIMES)

/** Whether every record carries its sender's own recordTime, without which two equal bodies may be two readings. */
export function hasOwnTimes (repairs: Repairs): boolean {
  return [...repairs.keys()].every(code => KEEPS_TIMES[code])
}

/** What was changed, in a sentence. */
export function describeRepairs (repairs: Repairs): string {
  return repairs.size === 0 ? 'Nothing was changed.' : `Changed: ${[...repairs].map(([code, count]) => `${code} (${count})`).join(', ')}.`
}
