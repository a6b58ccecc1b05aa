import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import { CredentialProblem } from './credential-problem.js'

const RETRY_MS_BASE = 1_000
const RETRY_MS_CAP = 10_000
/** A problem that lasts is told again so often: an outage of a week is a thousand lines, not a million. */
const REMINDER_MS = 600_000

export interface SetbacksParts {
  readonly clock: Clock
  readonly random: () => number
  readonly onProblem: (problem: CredentialProblem) => void
}

/** What went wrong with a source since it last worked: when it may be asked again, and what to tell whom. */
export class Setbacks {
  readonly #parts: SetbacksParts
  #failures = 0
  #retryAtMs = -Infinity
  #last = new CredentialProblem('failed')
  /** By kind: a source that is slow first and fails then would otherwise be news every time. */
  readonly #toldAtMs = new Map<string, number>()

  constructor (parts: SetbacksParts) {
    this.#parts = parts
  }

  /** Milliseconds until the source may be asked again; 0 or less: now. */
  get retryInMs (): number {
    return this.#retryAtMs - this.#parts.clock.monotonicMs()
  }

  /** The source answered well. */
  end (): void {
    this.#failures = 0
    this.#retryAtMs = -Infinity
    this.#toldAtMs.clear()
  }

  /** The source failed: it is left alone for a while, longer each time, so that a storm of pushes does not hammer it. */
  add (problem: CredentialProblem): ProxyError {
    const { clock, random } = this.#parts
    const pauseMs = Math.min(RETRY_MS_CAP, RETRY_MS_BASE * 2 ** Math.min(this.#failures, 10)) * (0.5 + random() / 2)
    this.#failures += 1
    this.#retryAtMs = clock.monotonicMs() + pauseMs
    return this.tell(problem)
  }

  /** A problem without a pause: the source is still being asked. */
  tell (problem: CredentialProblem): ProxyError {
    const nowMs = this.#parts.clock.monotonicMs()
    this.#last = problem
    if (nowMs - (this.#toldAtMs.get(problem.kind) ?? -Infinity) >= REMINDER_MS) {
      this.#toldAtMs.set(problem.kind, nowMs)
      this.#parts.onProblem(problem)
    }
    return this.unavailable()
  }

  unavailable (): ProxyError {
    return new ProxyError('Credentials.Unavailable', undefined, { cause: this.#last, retryAfterMs: Math.max(RETRY_MS_BASE, Math.ceil(this.retryInMs)) })
  }
}
