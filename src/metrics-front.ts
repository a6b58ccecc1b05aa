import type { Server } from 'node:net'
import type { Counter, Gauge, Registry } from 'prom-client'
import { LabelledCounter, newAbsentGauge, newCounter, newGauge } from './metrics-names.js'

/** Why a connection was not served. */
export type RefusalReason = 'too-many' | 'too-many-of-address' | 'too-slow' | 'tls'

/** Numbers of the plants' port below its requests: connections, TLS, what was no HTTP. */
export class FrontMetrics {
  readonly #refused: LabelledCounter
  readonly #parseErrors: Counter
  readonly #certificateExpiry: Gauge
  #server: Server | undefined
  #bodiesInFlightBytes = (): number => 0

  constructor (registry: Registry) {
    this.#refused = new LabelledCounter(registry, ['connections_refused_total', 'Connections that were closed instead of served, by reason: too-many, too-many-of-address, too-slow, tls.'], ['reason'])
    this.#parseErrors = newCounter(registry, ['http_parse_errors_total', 'Requests that could not be read as HTTP.'])
    this.#certificateExpiry = newAbsentGauge(registry, ['tls_certificate_expiry_timestamp_seconds', 'When the certificate of the plants\' port expires; absent without TLS.'])
    newGauge(registry, ['bodies_in_flight_bytes', 'Request bodies held in memory; the bound is BODIES_IN_FLIGHT_MAX_BYTES.'], gauge => { gauge.set(this.#bodiesInFlightBytes()) })
    newGauge(registry, ['connections', 'Open connections on the plants\' port.'], async gauge => { gauge.set(await this.#countConnections()) })
  }

  refuseConnection (reason: RefusalReason): void {
    this.#refused.add(reason)
  }

  recordParseError (): void {
    this.#parseErrors.inc()
  }

  recordCertificate (expiresAtMs: number): void {
    this.#certificateExpiry.set(expiresAtMs / 1000)
  }

  /** Where the present numbers are read from when they are asked for. */
  watch (server: Server, bodiesInFlightBytes: () => number): void {
    this.#server = server
    this.#bodiesInFlightBytes = bodiesInFlightBytes
  }

  async #countConnections (): Promise<number> {
    return await new Promise(resolve => {
      if (this.#server?.listening !== true) resolve(0)
      else this.#server.getConnections((error, count) => { resolve(error === null ? count : 0) })
    })
  }
}
