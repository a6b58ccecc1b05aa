import type { Gauge, Registry } from 'prom-client'
import type { Noting } from './metrics-histogram.js'
import { LabelledCounter, newGauge, newHistogram } from './metrics-names.js'
import { toCodeLabel } from './metrics-codes.js'
import type { AttemptEvent } from './relay/relay.js'

/** Numbers of what the proxy asks the cloud. */
export class CloudMetrics {
  readonly #attempts: LabelledCounter
  readonly #durationSeconds: Noting
  readonly #clockSkewSeconds: Gauge

  constructor (registry: Registry) {
    this.#attempts = new LabelledCounter(registry, ['cloud_attempts_total', 'Signed requests to the cloud, by what came of them and the cloud\'s (or the system\'s) code; other: a code that is not in the table.'], ['verdict', 'code'])
    this.#durationSeconds = newHistogram(registry, ['cloud_attempt_duration_seconds', 'One signed request to the cloud, from its signature to its verdict.'], [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
    this.#clockSkewSeconds = newGauge(registry, ['clock_skew_seconds', 'How far the cloud\'s clock is ahead of this machine\'s, as last learned.'])
  }

  recordAttempt (event: AttemptEvent): void {
    this.#attempts.add(event.kind, toCodeLabel('code' in event ? event.code : undefined))
    this.#durationSeconds.note(event.durationMs / 1000)
    this.#clockSkewSeconds.set(event.clockSkewMs / 1000)
  }
}
