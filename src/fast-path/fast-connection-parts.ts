import type { Socket } from 'node:net'
import type { Clock } from '../clock.js'
import type { Connections } from '../plugins/connections.js'
import type { AnswerTexts } from './answer-text.js'
import type { BodyBuffers } from './body-buffers.js'
import type { FastConnection } from './fast-connection.js'
import type { FastExchange } from './fast-exchange.js'
import type { PlainHead } from './read-head.js'

export interface FastConnectionParts {
  readonly clock: Clock
  readonly connections: Connections
  readonly texts: AnswerTexts
  readonly buffers: BodyBuffers
  /** Judges a head; undefined: the general way is to judge it. */
  readonly admit: (head: PlainHead, address: string) => FastExchange | undefined
  /** Whether the port is being closed. */
  readonly isClosing: () => boolean
  /** Gives a socket to the general way, for good; what was read of it comes first. */
  readonly serve: (socket: Socket) => void
  /** Tells the general way of a connection what Node would have told it. */
  readonly fail: (code: 'HPE_INVALID_EOF_STATE' | 'ERR_HTTP_REQUEST_TIMEOUT', socket: Socket) => void
  /** This connection is over, or the general way's. */
  readonly forget: (connection: FastConnection) => void
}
