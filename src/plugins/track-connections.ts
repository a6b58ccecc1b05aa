import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import fp from 'fastify-plugin'
import type { ClientErrors } from './client-errors.js'
import type { Connections } from './connections.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Ends every connection, whatever is under way on it. */
    cutConnections: () => void
  }
}

export interface TrackConnectionsOptions {
  readonly connections: Connections
  readonly clientErrors: ClientErrors
}

/** Tells the table of connections what the server hears. Comes first, so that a request counts before anything is done with it. */
export default fp<TrackConnectionsOptions>(async (app, { connections, clientErrors }) => {
  const { server } = app
  // Node leaves out what comes after the first thousand, the Content-Length for instance; their bytes are bounded anyway.
  server.maxHeadersCount = 0
  const begin = (request: IncomingMessage, response: ServerResponse): void => { connections.begin(request, response) }
  server.prependListener('connection', (socket: Socket) => { connections.add(socket) })
  server.prependListener('secureConnection', (socket: Socket) => { connections.secure(socket) })
  server.prependListener('request', begin)
  server.prependListener('checkContinue', begin)
  server.prependListener('checkExpectation', begin)
  app.decorate('cutConnections', () => { connections.endAll() })
  server.on('connect', (request: IncomingMessage, socket: Socket) => { clientErrors.refuseTunnel(request, socket) })
}, { name: 'track-connections' })
