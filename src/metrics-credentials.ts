import type { Gauge, Registry } from 'prom-client'
import type { RamCredential } from './credentials/credential-source.js'
import { LabelledCounter, newCredentialGauge } from './metrics-names.js'

/** Names are the operator's, and few; should they ever come and go by the thousand, the rest is told together. */
const NAMES_MAX = 200
const REST = 'other'

/** Numbers of each RAM credential in use. */
export class CredentialMetrics {
  readonly #expiry: Gauge
  readonly #refreshes: LabelledCounter
  readonly #failures: LabelledCounter
  readonly #names = new Set<string>()

  constructor (registry: Registry) {
    this.#expiry = newCredentialGauge(registry, ['credential_expiry_timestamp_seconds', 'When the RAM credential in use expires; absent when it does not.'])
    this.#refreshes = new LabelledCounter(registry, ['credential_refreshes_total', 'Questions to the source of a RAM credential that brought one.'], ['credential'])
    this.#failures = new LabelledCounter(registry, ['credential_failures_total', 'Questions to the source of a RAM credential that brought none.'], ['credential'])
  }

  /** @param credential Undefined: the source failed. */
  recordAsked (name: string, credential: Pick<RamCredential, 'expiresAtMs'> | undefined): void {
    const label = this.#labelOf(name)
    if (credential === undefined) return this.#failures.add(label)
    this.#refreshes.add(label)
    if (credential.expiresAtMs === undefined || label === REST) this.#expiry.remove({ credential: label })
    else this.#expiry.set({ credential: label }, credential.expiresAtMs / 1000)
  }

  /** It has changed, or is gone: when the one before would have expired is of no interest. */
  forgetExpiry (name: string): void {
    if (this.#names.has(name)) this.#expiry.remove({ credential: name })
  }

  #labelOf (name: string): string {
    if (this.#names.size < NAMES_MAX) this.#names.add(name)
    return this.#names.has(name) ? name : REST
  }
}
