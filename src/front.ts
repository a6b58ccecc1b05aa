import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from './clock.js'
import type { FrontOptions } from './front-options.js'
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

export function createFront ({ clock, logger, options, trustProxy, bodyMaxBytes, onRefusedConnection }: FrontParts): Front {
  const { connectionsMax, connectionsPerAddressMax, lingerTimeoutMs } = options
  const isShared = options.isShared ?? createIsShared(trustProxy)
  // Twice the largest body: who is a little above the limit is told so, whichever way it sends.
  const lingerMaxBytes = 2 * bodyMaxBytes
  const connections = new Connections({ connectionsMax, connectionsPerAddressMax, isShared, onRefused: onRefusedConnection })
  const clientErrors = new ClientErrors({ clock, connections, logger, lingerMaxBytes, lingerTimeoutMs, onTooSlow: () => { onRefusedConnection('too-slow') } })
  return { connections, clientErrors, isShared, lingerMaxBytes }
}
