import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from './clock.js'
import type { FrontOptions } from './front-options.js'
import { BoundedLines } from './plugins/bounded-lines.js'
import { ClientErrors } from './plugins/client-errors.js'
import { Connections, type RefusedConnectionReason } from './plugins/connections.js'
import { createIsShared } from './shared-addresses.js'

export interface FrontParts {
  readonly clock: Clock
  readonly logger: FastifyBaseLogger
  readonly options: FrontOptions
  readonly trustProxy: readonly string[]
  readonly bodyMaxBytes: number
  readonly onRefusedConnection: (reason: RefusedConnectionReason | 'too-slow') => void
}

/** What stands between the sockets and the first plugin. */
export interface Front {
  readonly connections: Connections
  readonly clientErrors: ClientErrors
  /** Whether an address stands for many senders. */
  readonly isShared: (address: string) => boolean
  /** How much of a body that was refused, or of nonsense, is read and thrown away so that the answer is read. */
  readonly lingerMaxBytes: number
}

/** Those of one address in a loop must not fill the disk with lines. */
const REFUSALS_PER_MINUTE_MAX = 10

const REFUSALS: Readonly<Record<RefusedConnectionReason, string>> = {
  'too-many': 'All connections that there may be are being answered; this one was closed.',
  'too-many-of-address': 'All connections that one address may have are being answered; this one was closed.'
}

export function createFront ({ clock, logger, options, trustProxy, bodyMaxBytes, onRefusedConnection }: FrontParts): Front {
  const { connectionsMax, connectionsPerAddressMax, lingerTimeoutMs } = options
  const isShared = options.isShared ?? createIsShared(trustProxy)
  // Twice the largest body: who is a little above the limit is told so, whichever way it sends.
  const lingerMaxBytes = 2 * bodyMaxBytes
  const lines = new BoundedLines({
    clock,
    linesPerMinuteMax: REFUSALS_PER_MINUTE_MAX,
    onLeftOut: lines => { logger.warn({ lines }, 'More connections were closed instead of served in this minute; so many lines were left out.') }
  })
  const connections = new Connections({
    connectionsMax,
    connectionsPerAddressMax,
    isShared,
    onRefused: (reason, address) => {
      onRefusedConnection(reason)
      if (lines.take()) logger.warn({ reason, address }, REFUSALS[reason])
    }
  })
  const clientErrors = new ClientErrors({ clock, connections, logger, lingerMaxBytes, lingerTimeoutMs, onTooSlow: () => { onRefusedConnection('too-slow') } })
  return { connections, clientErrors, isShared, lingerMaxBytes }
}
