import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import type { FrontOptions } from '../front-options.js'
import { isScanned } from '../intake/take-push.js'
import type { Identity, Registry } from '../plants/registry.js'
import type { Connections } from '../plugins/connections.js'
import { AnswerTexts } from './answer-text.js'
import { BodyBuffers } from './body-buffers.js'
import { FastConnection } from './fast-connection.js'
import type { FastConnectionParts } from './fast-connection-parts.js'
import { FastExchange, type FastExchangeParts } from './fast-exchange.js'
import type { PlainHead } from './read-head.js'

export interface FastPathOptions extends FastExchangeParts {
  readonly connections: Connections
  readonly registry: Pick<Registry, 'identify' | 'allows'>
  readonly bodyMaxBytes: number
  readonly front: Pick<FrontOptions, 'headersTimeoutMs' | 'keepAliveTimeoutMs' | 'stallTimeoutMs' | 'connectionsCheckingIntervalMs'>
}

/**
 * Serves plain pushes from the socket itself. Whatever it cannot prove to be one is served by Node's HTTP server and Fastify, from its first
 * byte on: they are the judges of what a request is and of every fault, and what is answered here is what they would answer.
 *
 * To be registered before anything that listens to the server's connections.
 */
export default fp<FastPathOptions>(async (app, options) => {
  const { connections, clock, front } = options
  const { server } = app
  const event = 'setSecureContext' in server ? 'secureConnection' : 'connection'
  const [serveGenerally, ...others] = server.listeners(event)
  if (serveGenerally === undefined || others.length > 0) throw new Error('The fast path must be the first that listens to connections.')
  const open = new Set<FastConnection>()
  let isClosing = false
  const parts: FastConnectionParts = {
    clock,
    connections,
    texts: new AnswerTexts(clock, front.keepAliveTimeoutMs),
    buffers: new BodyBuffers(clock),
    admit: admitter(options),
    isClosing: () => isClosing,
    serve: socket => { Reflect.apply(serveGenerally, server, [socket]) },
    fail: (code, socket) => { server.emit('clientError', Object.assign(new Error('The request is not whole.'), { code }), socket) },
    forget: connection => { open.delete(connection) }
  }

  server.removeAllListeners(event)
  server.on(event, (socket: Socket) => {
    if (socket.destroyed) return
    const connection = connections.of(socket)
    if (connection === undefined) parts.serve(socket)
    else open.add(new FastConnection(parts, socket, connection))
  })

  let stopLooking = clock.after(front.connectionsCheckingIntervalMs, look)
  function look (): void {
    const nowMs = clock.monotonicMs()
    for (const connection of open) endLate(connection, nowMs, front)
    stopLooking = clock.after(front.connectionsCheckingIntervalMs, look)
  }

  app.addHook('preClose', async () => {
    isClosing = true
    for (const connection of open) connection.leaveBegun()
  })
  app.addHook('onClose', async () => { stopLooking() })
}, { name: 'fast-path' })

/** As Node does it: whoever keeps to the Keep-Alive that it was told may be a little late on its way. */
const KEEP_ALIVE_MARGIN_MS = 1_000

/** As Node's server does it: one timer for all connections. */
function endLate (connection: FastConnection, nowMs: number, { headersTimeoutMs, keepAliveTimeoutMs, stallTimeoutMs }: FastPathOptions['front']): void {
  const sinceMs = nowMs - connection.sinceMs
  if (connection.isBusy) {
    if (sinceMs > stallTimeoutMs) connection.destroy()
  } else if (connection.isNew) {
    if (sinceMs > headersTimeoutMs) connection.refuse()
  } else if (sinceMs > keepAliveTimeoutMs + KEEP_ALIVE_MARGIN_MS) {
    connection.destroy()
  }
}

function admitter (options: FastPathOptions): (head: PlainHead, address: string) => FastExchange | undefined {
  const { registry, bodyMaxBytes, budget } = options
  return ({ apiKey, bodyBytes }, address) => {
    const identity = identify(registry, apiKey)
    if (identity === undefined || !judgesBytesAlone(identity) || !registry.allows(identity.key, address)) return undefined
    if (bodyBytes > bodyMaxBytes || !budget.take(address, bodyBytes)) return undefined
    return new FastExchange(options, identity, address, bodyBytes)
  }
}

/** What is wrong with the database, the general way finds as well, and says so. */
function identify (registry: Pick<Registry, 'identify'>, apiKey: string): Identity | undefined {
  try {
    return registry.identify(apiKey)
  } catch {
    return undefined
  }
}

/** A key that is limited to devices, or a policy that judges more than the contract, must see every record. */
const judgesBytesAlone = ({ plant, key }: Identity): boolean => key.deviceIds.size === 0 && isScanned(plant.policy)
