import { collectDefaultMetrics, Registry } from 'prom-client'
import { CloudMetrics } from './metrics-cloud.js'
import { CredentialMetrics } from './metrics-credentials.js'
import { FrontMetrics } from './metrics-front.js'
import { newReadCounter } from './metrics-names.js'
import { QueueMetrics } from './metrics-queue.js'
import { RequestMetrics } from './metrics-requests.js'

/** Every number that the proxy tells. Labels are bounded: names of plants and credentials, statuses, codes of our own tables; never a device id. */
export interface Metrics {
  readonly registry: Registry
  readonly requests: RequestMetrics
  readonly cloud: CloudMetrics
  readonly credentials: CredentialMetrics
  readonly front: FrontMetrics
  readonly queue: QueueMetrics
}

/** A set of its own for each proxy: nothing is shared through the package's global registry. */
export function createMetrics (linesDropped = () => 0): Metrics {
  const registry = new Registry()
  // The process's own numbers keep the names that every dashboard for Node.js knows.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 })
  newReadCounter(registry, ['log_lines_dropped_total', 'Lines of the log that could not be written.'], linesDropped)
  return {
    registry,
    requests: new RequestMetrics(registry),
    cloud: new CloudMetrics(registry),
    credentials: new CredentialMetrics(registry),
    front: new FrontMetrics(registry),
    queue: new QueueMetrics(registry)
  }
}
