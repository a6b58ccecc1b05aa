import type { Clock } from '../clock.js'
import { redactOwnText } from '../redact.js'

/** What one look came to, in plain sentences; the remedy says what to do. */
export interface Finding {
  readonly status: 'ok' | 'warning' | 'fault' | 'skipped'
  readonly message: string
  readonly remedy?: string | undefined
}

/** With what later checks build upon; without it these are skipped. */
export interface Found<Value> extends Finding {
  readonly value?: Value | undefined
}

export interface NamedFinding extends Finding {
  readonly check: string
}

/** What a check builds upon, by the name of the check that found it. */
type Given<Needs> = { readonly [Name in keyof Needs]: NonNullable<Needs[Name]> }

export const ok = <Value = never>(message: string, value?: Value): Found<Value> => ({ status: 'ok', message, value })
export const warning = <Value = never>(message: string, remedy: string, value?: Value): Found<Value> => ({ status: 'warning', message, remedy, value })
export const fault = (message: string, remedy: string): Found<never> => ({ status: 'fault', message, remedy })
export const skipped = (message: string): Found<never> => ({ status: 'skipped', message })

/** Errors whose messages are sentences of ours that say what to do; what other packages throw may quote anything. */
const OWN_ERRORS: ReadonlySet<string> = new Set(['StoreError', 'RegistryError', 'CredentialsError', 'CredentialProblem', 'CatalogFileError', 'TlsPairError', 'CaFileError', 'ConfigError'])
const CHECK_MS_MAX = 10_000

/** Runs checks one after the other. Whatever becomes of one, the next is run; only what builds upon it is not. */
export class Report {
  readonly findings: NamedFinding[] = []
  readonly #clock: Clock
  readonly #onFinding: (finding: NamedFinding) => void

  constructor (clock: Clock, onFinding: (finding: NamedFinding) => void) {
    this.#clock = clock
    this.#onFinding = onFinding
  }

  /** @returns what the check found for others to build upon, if it did */
  async check<Needs extends Readonly<Record<string, unknown>>, Value> (name: string, needs: Needs, look: (given: Given<Needs>) => Found<Value> | Promise<Found<Value>>, timeoutMs = CHECK_MS_MAX): Promise<Value | undefined> {
    const missing = Object.keys(needs).filter(need => needs[need] === undefined)
    // Each need was found to be there; the compiler cannot follow that through Object.keys.
    const { value, ...finding } = missing.length > 0 ? skipped(`Needs what was not found: ${missing.join(', ')}.`) : await this.#inTime(async () => await look(needs as Given<Needs>), timeoutMs)
    const named = { check: name, ...finding }
    this.findings.push(named)
    this.#onFinding(named)
    return value
  }

  async #inTime<Value> (look: () => Promise<Found<Value>>, timeoutMs: number): Promise<Found<Value>> {
    let cancel = (): void => {}
    // The clock's timers keep no process alive, and what is waited for may not either.
    const keepAlive = setInterval(() => {}, 1_000_000)
    try {
      return await Promise.race([look(), new Promise<Found<Value>>(resolve => {
        cancel = this.#clock.after(timeoutMs, () => { resolve(fault(`There was no end within ${timeoutMs / 1000} s.`, 'Look at what this check asks: a disk, a name server or a service that hangs.')) })
      })])
    } catch (error) {
      return describe(error)
    } finally {
      cancel()
      clearInterval(keepAlive)
    }
  }
}

function describe (error: unknown): Found<never> {
  if (error instanceof Error && OWN_ERRORS.has(error.name)) return { status: 'fault', message: redactOwnText(error.message) }
  return fault(`The check itself failed (${codeOf(error)}).`, 'Run it again, and report it when it stays.')
}

/** The system's code of an error, and nothing of its words. */
export function codeOf (error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return /^\w{1,64}$/.test(code) ? code : 'unknown'
}
