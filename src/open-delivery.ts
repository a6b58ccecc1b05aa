import type { Logger } from 'pino'
import type { Catalog } from './catalog/catalog.js'
import type { Clock } from './clock.js'
import type { Config } from './config.js'
import type { OpenedParts } from './open-parts.js'
import { createDeliver, type Deliver } from './queue/deliver.js'
import { followStored } from './queue/follow-stored.js'
import { RememberedPushes } from './queue/remembered-pushes.js'
import type { QueueLog } from './queue/queue-log.js'
import { createSendOnce, type SendOnce } from './queue/send-once.js'
import { withReceipts, type Receipts } from './queue/with-receipts.js'
import { createPreview, type Preview } from './relay/preview.js'

export interface OpenDeliveryParts {
  readonly config: Pick<Config, 'relayTimeoutMs' | 'queue' | 'idempotencyWindowMs' | 'takesFastPath'>
  readonly clock: Clock
  readonly logger: Logger
  readonly parts: Pick<OpenedParts, 'relays' | 'placeOf' | 'cloudNow' | 'queue' | 'log' | 'catalog'>
}

/** What the plants' port does with a push. */
export interface OpenedDelivery {
  readonly deliver: Deliver
  readonly sendOnce: SendOnce
  readonly receipts: Receipts
  readonly preview: Preview
  /** Milliseconds since the epoch as the cloud of a credential counts them. */
  readonly cloudNow: (credential: string) => number
  /** The operator's list of types and points, if there is one. */
  readonly catalog: () => Catalog | undefined
  /** Whether bodies that can be proven clean in one pass are sent as they came. */
  readonly takesFastPath: boolean
  /**
   * Begins to deliver what waits. Before the first push, which must know what waits before it, and what it may be a repeat of; only a
   * store that cannot be opened is not waited for, since what can be relayed goes on without it.
   */
  readonly start: () => Promise<void>
}

/** Puts together what decides on a push, and what is known of those before it. */
export function openDelivery ({ config, clock, logger, parts: { relays: { relayOf }, placeOf, cloudNow, queue, log, catalog } }: OpenDeliveryParts): OpenedDelivery {
  const { takesFastPath, relayTimeoutMs, queue: { bytesMax: queueMaxBytes }, idempotencyWindowMs: windowMs } = config
  const remembered = new RememberedPushes({ clock, windowMs })
  const onProblem = (problem: unknown): void => { logger.error({ error: problem }, 'It cannot be read which stored pushes may be repeated; their repeats are sent again.') }
  const loadRemembered = followStored({ remembered, log, clock, onProblem })
  const isDown = untilDown(log)
  return {
    ...withReceipts(createDeliver({ relayOf, queue, clock, relayTimeoutMs, queueMaxBytes }), { log, clock }),
    sendOnce: createSendOnce(remembered, clock),
    catalog,
    takesFastPath,
    preview: createPreview({ placeOf, now: cloudNow }),
    cloudNow,
    start: async () => {
      const load = async (): Promise<void> => {
        await queue.start()
        await loadRemembered()
      }
      await Promise.race([load(), isDown])
    }
  }
}

/** Resolves when the store is not open, or fails. What was asked of it then waits, maybe for days, until it is open again. */
async function untilDown ({ opened, onNotice }: Pick<QueueLog, 'opened' | 'onNotice'>): Promise<void> {
  if (opened.full === true) return
  await new Promise<void>(resolve => {
    onNotice(({ kind }) => { if (kind === 'failed') resolve() })
  })
}
