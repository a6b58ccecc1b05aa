import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import fp from 'fastify-plugin'
import type { Metrics } from '../metrics.js'
import type { Tally } from '../metrics-requests.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by a route whose sender is about to hear that its push is delivered or stored. */
    tally: Tally | undefined
    /** Set by a route that answers what became of an earlier push. */
    isRepeat: boolean
  }
}

export interface RecordMetricsOptions {
  readonly metrics: Metrics
}

/** Counts every request when its connection is done with it, and what never became one. */
export default fp<RecordMetricsOptions>(async (app, { metrics: { requests, front } }) => {
  app.decorateRequest('tally', undefined)
  app.decorateRequest('isRepeat', false)
  app.whenClosed((request, reply) => {
    requests.record({
      plant: request.identity?.plant.name,
      statusCode: reply.raw.writableFinished ? reply.statusCode : undefined,
      senderGone: request.clientGone.aborted || !reply.raw.writableFinished,
      durationMs: reply.elapsedTime,
      bodyBytes: request.heldBytes,
      failure: request.failure,
      tally: request.tally,
      isRepeat: request.isRepeat
    })
  })

  front.watch(app.server, () => app.bodiesInFlightBytes())
  // A parser that failed fails again on each further piece.
  const failed = new WeakSet<Socket>()
  app.server.on('clientError', (error: Error, socket: Socket) => {
    if (!('code' in error) || !isNonsense(String(error.code)) || failed.has(socket)) return
    failed.add(socket)
    front.recordParseError()
  })
  app.server.on('drop', () => { front.refuseConnection('too-many') })
  app.server.on('tlsClientError', (_error: Error, socket: TLSSocket) => {
    if (!isBareProbe(socket)) front.refuseConnection('tls')
  })
}, { name: 'record-metrics', dependencies: ['client-gone', 'error-answers'] })

/** Those of the parser, except a line that broke or bytes behind a last request: these are no fault of what was sent. */
function isNonsense (code: string): boolean {
  return code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE' && code !== 'HPE_CLOSED_CONNECTION'
}

/** A check of a load balancer whether the port is open: it says nothing. Node shows what came below TLS nowhere else. */
function isBareProbe (socket: TLSSocket): boolean {
  const below: unknown = '_parent' in socket ? socket._parent : undefined
  return below instanceof Socket && below.bytesRead === 0
}
