import type { Counter, Registry } from 'prom-client'
import type { ProxyError } from './errors.js'
import type { Noting } from './metrics-histogram.js'
import { LabelledCounter, newCounter, newHistogram } from './metrics-names.js'

/** What a push brought, once the sender was told that it is delivered or stored. */
export interface Tally {
  readonly records: number
  readonly points: number
  /** What the operator's catalog found, by kind. */
  readonly warnings: ReadonlyMap<string, number>
  /** What was changed in its body, by the codes of X-Repairs. */
  readonly repairs: ReadonlyMap<string, number>
}

/** One request of the plants' port, when it is over. */
export interface RequestFacts {
  /** The plant's name as the registry knows it; undefined when no valid key came. */
  readonly plant: string | undefined
  /** Undefined: the connection broke before the answer was out. */
  readonly statusCode: number | undefined
  /** The sender hung up, or closed its sending side, before its answer was out. */
  readonly senderGone: boolean
  readonly durationMs: number
  readonly bodyBytes: number
  readonly failure: ProxyError | undefined
  readonly tally: Tally | undefined
  /** Answered with what became of an earlier push; nothing was sent. */
  readonly isRepeat: boolean
}

const AUTH_CODES: ReadonlySet<string> = new Set(['InvalidKey', 'Forbidden.Address', 'Forbidden.Device', 'Throttling.Address'])
const NO_PLANT = 'none'

/** Numbers of what plants ask. */
export class RequestMetrics {
  readonly #requests: LabelledCounter
  readonly #hangUps: LabelledCounter
  readonly #errors: LabelledCounter
  readonly #authFailures: Counter
  readonly #records: LabelledCounter
  readonly #points: LabelledCounter
  readonly #warnings: LabelledCounter
  readonly #repairs: LabelledCounter
  readonly #repeats: LabelledCounter
  readonly #durationSeconds: Noting
  readonly #bodyBytes: Noting

  constructor (registry: Registry) {
    this.#requests = new LabelledCounter(registry, ['requests_total', 'Requests on the plants\' port, by plant (none: no valid key) and answered status (broken: the connection did not last).'], ['plant', 'status'])
    this.#hangUps = new LabelledCounter(registry, ['hang_ups_total', 'Requests whose sender closed its side before its answer was out.'], ['plant'])
    this.#errors = new LabelledCounter(registry, ['errors_total', 'Answers that are errors, by the code of docs/errors.md.'], ['code'])
    this.#authFailures = newCounter(registry, ['auth_failures_total', 'Requests refused for their key, its address or its devices.'])
    this.#records = new LabelledCounter(registry, ['records_total', 'Device records whose sender was told that they are delivered or stored.'], ['plant'])
    this.#points = new LabelledCounter(registry, ['points_total', 'Points whose sender was told that they are delivered or stored.'], ['plant'])
    this.#warnings = new LabelledCounter(registry, ['catalog_findings_total', 'What the operator\'s catalog found in pushes that were delivered or stored all the same, by plant and kind.'], ['plant', 'kind'])
    this.#repairs = new LabelledCounter(registry, ['repairs_total', 'What was changed in bodies that were taken, by the codes of X-Repairs.'], ['plant', 'code'])
    this.#repeats = new LabelledCounter(registry, ['repeats_total', 'Pushes that were not sent because the same was delivered or stored before, by Idempotency-Key or --dedupe.'], ['plant'])
    this.#durationSeconds = newHistogram(registry, ['request_duration_seconds', 'From the end of a request\'s headers to the end of its answer.'], [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])
    this.#bodyBytes = newHistogram(registry, ['request_body_bytes', 'Size of request bodies.'], [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304])
  }

  record ({ plant = NO_PLANT, statusCode, senderGone, durationMs, bodyBytes, failure, tally, isRepeat }: RequestFacts): void {
    this.#requests.add(plant, statusCode === undefined ? 'broken' : String(statusCode))
    if (senderGone) this.#hangUps.add(plant)
    this.#durationSeconds.note(durationMs / 1000)
    if (bodyBytes > 0) this.#bodyBytes.note(bodyBytes)
    if (statusCode === undefined) return
    if (failure !== undefined) {
      this.#errors.add(failure.code)
      if (AUTH_CODES.has(failure.code)) this.#authFailures.inc()
    }
    if (isRepeat) this.#repeats.add(plant)
    if (tally !== undefined) {
      this.#records.add(plant, '', tally.records)
      this.#points.add(plant, '', tally.points)
      for (const [kind, count] of tally.warnings) this.#warnings.add(plant, kind, count)
      for (const [code, times] of tally.repairs) this.#repairs.add(plant, code, times)
    }
  }
}
