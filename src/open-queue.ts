import type { Logger } from 'pino'
import type { Clock } from './clock.js'
import type { Config } from './config.js'
import type { CredentialBook } from './credentials/credential-spec.js'
import type { Check, Finding } from './health.js'
import type { QueueMetrics } from './metrics-queue.js'
import type { Registry } from './plants/registry.js'
import { logNotice, logOpened, logQueue } from './queue-lines.js'
import { bothListeners } from './queue/queue-events.js'
import { PushQueue } from './queue/push-queue.js'
import type { QueueState } from './queue/queue-state.js'
import { handingOver } from './queue/hand-over.js'
import { openQueueLog, type QueueLog, type QueueLogParts } from './queue/queue-log.js'
import type { RelayOf } from './relay/endable-relay.js'

export interface OpenQueueParts {
  readonly config: Pick<Config, 'dataDir' | 'queue'>
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Pick<Registry, 'showPlant'>
  readonly book: Pick<CredentialBook, 'names'>
  readonly relayOf: RelayOf
  readonly metrics: QueueMetrics
  /** What differs from the defaults of the store. */
  readonly queueLog?: Partial<QueueLogParts> | undefined
}

/** The queue and its store, opened together. */
export interface OpenedQueue {
  readonly queue: PushQueue
  readonly log: QueueLog
  /** For /readyz: what waits and what stands still. Never a reason, since pushes are taken all the same. */
  readonly check: Check
}

/** Below the time that health.ts allows a check, and that who scrapes /metrics waits. */
const ANSWER_MS_MAX = 1_000

/**
 * Opens what waits on disk; queue.start() begins to deliver it.
 * @throws {StoreError} in a plain sentence when DATA_DIR cannot be used, or a newer version wrote the queue
 */
export async function openQueue ({ config, clock, logger, registry, book, relayOf, metrics, queueLog }: OpenQueueParts): Promise<OpenedQueue> {
  const log = handingOver(await openQueueLog({ dataDir: config.dataDir, queueBytesMax: config.queue.bytesMax, clock, ...queueLog }))
  log.onNotice(notice => {
    logNotice(logger, notice)
    metrics.recordNotice(notice)
  })
  logOpened(logger, log.opened)
  const { bytesMax, ...bounds } = config.queue
  const policyOf = policiesOf(registry)
  const queue = new PushQueue({ log, relayOf, clock, random: Math.random, bounds, policyOf, credentialOf: credentialsOf(policyOf, book), listeners: bothListeners(metrics.listeners, logQueue(logger)) })
  metrics.watch(() => readInTime(queue, clock), () => clock.now())
  return { queue, log, check: checkQueue(queue, clock) }
}

/** A plant that was removed, or cannot be read now, has the defaults: what was answered `stored` is delivered all the same. */
function policiesOf (registry: Pick<Registry, 'showPlant'>): (plant: string) => ReturnType<Registry['showPlant']>['policy'] | undefined {
  return plant => {
    try {
      return registry.showPlant(plant).policy
    } catch {
      return undefined
    }
  }
}

/** No credential can have it for a name, so that nothing is sent and the alarm shows it. */
const NOBODYS = '(none)'

/**
 * A plant that was removed, or cannot be read now, has the one credential that there is. Where there are several nobody can say whose
 * account its pushes belong to: they are kept.
 */
function credentialsOf (policyOf: ReturnType<typeof policiesOf>, book: Pick<CredentialBook, 'names'>): (plant: string) => string {
  return plant => policyOf(plant)?.credential ?? (book.names().length > 1 ? NOBODYS : 'default')
}

/** A disk that is slow or ill must not take a proxy out of service that can still relay. */
function checkQueue (queue: PushQueue, clock: Clock): Check {
  return async () => {
    const state = await readInTime(queue, clock)
    return { detail: state === undefined ? { readable: false } : toDetail(state) }
  }
}

/** Undefined when the queue cannot be read, or does not answer in time. */
async function readInTime (queue: PushQueue, clock: Clock): Promise<QueueState | undefined> {
  return await new Promise(resolve => {
    const cancel = clock.after(ANSWER_MS_MAX, () => { resolve(undefined) })
    queue.state().catch(() => undefined).then(state => {
      cancel()
      resolve(state)
    }, () => {})
  })
}

function toDetail ({ plants, bytes, alarms }: QueueState): NonNullable<Finding['detail']> {
  const [alarm] = alarms
  return {
    readable: true,
    waiting: plants.reduce((sum, { waiting }) => sum + waiting, 0),
    parked: plants.reduce((sum, { parked }) => sum + parked, 0),
    bytes,
    alarms: alarms.length,
    ...(alarm === undefined ? undefined : { alarm: alarm.kind, alarmCode: alarm.code ?? 'none', alarmSince: new Date(alarm.sinceMs).toISOString() })
  }
}
