import type { Logger } from 'pino'
import type { Clock } from './clock.js'
import { watchCloud } from './cloud-watch.js'
import { watchEventLoop } from './event-loop-watch.js'
import { checkEventLoop, checkPlants } from './health-checks.js'
import { createHealth, type Health } from './health.js'
import { createMetrics, type Metrics } from './metrics.js'
import type { Registry } from './plants/registry.js'
import { toLogSentence } from './relay/log-sentence.js'
import type { AttemptEvent } from './relay/relay.js'

export interface ObservationParts {
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Pick<Registry, 'listPlants'>
  /** Lines of the log that could not be written. */
  readonly linesDropped?: (() => number) | undefined
}

/** What an operator can see of a running proxy: health, numbers, the log's debug lines. */
export interface Observation {
  readonly health: Health
  readonly metrics: Metrics
  /** @param credential The name of what it was signed with. */
  readonly onAttempt: (credential: string, event: AttemptEvent) => void
  close (): void
}

/** Stands beside the parts of the proxy and watches; none of them knows of it. */
export function observe ({ clock, logger, registry, linesDropped }: ObservationParts): Observation {
  const metrics = createMetrics(linesDropped)
  const cloud = watchCloud(clock)
  const eventLoop = watchEventLoop(clock)
  const health = createHealth({ clock, onProblem: (check, problem) => { logger.error({ check, error: problem }, 'A health check failed.') } })

  health.add('plants', checkPlants(registry, problem => { logger.error({ error: problem }, 'The plants\' store cannot be read.') }))
  health.add('cloud', cloud.find)
  health.add('event-loop', checkEventLoop(eventLoop))

  return {
    health,
    metrics,
    onAttempt: (credential, event) => {
      metrics.cloud.recordAttempt(event)
      cloud.note(event)
      if (!logger.isLevelEnabled('debug')) return
      logger.debug({ credential, ...event, ...(event.kind === 'delivered' ? undefined : { message: toLogSentence(event) }) }, 'attempt')
    },
    close: () => { eventLoop.close() }
  }
}
