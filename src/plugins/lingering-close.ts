import type { IncomingMessage } from 'node:http'
import fp from 'fastify-plugin'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../clock.js'
import type { Connections } from './connections.js'

export interface LingeringCloseOptions {
  readonly clock: Clock
  readonly connections: Connections
  readonly lingerMaxBytes: number
  readonly lingerTimeoutMs: number
}

/** A refused body of a known length up to this is read to its end, and the connection stays of use. */
const KEPT_BODY_MAX_BYTES = 65_536

/**
 * Whoever is refused before its body has come may still be writing: closed at once, the connection would be reset and the answer
 * lost. So the answer goes out, then our side closes, and what still comes is thrown away: so much, and for so long.
 */
export default fp<LingeringCloseOptions>(async (app, { clock, connections, lingerMaxBytes, lingerTimeoutMs }) => {
  app.addHook('onRequest', (request, reply, done) => {
    // Bytes behind a body that was refused, or behind nonsense, are no request: nothing of them may reach the cloud.
    if (connections.isTooLate(request.raw)) reply.hijack()
    else done()
  })

  app.addHook('onSend', ({ raw }, reply, _payload, done) => {
    if (raw.complete) return done()
    // A moment later: Node may be in the middle of a piece whose rest is the rest of this request.
    return Promise.resolve().then(() => { if (!raw.complete && !isKept(raw, reply)) endWith(raw, reply) })
  })

  function endWith (request: IncomingMessage, reply: FastifyReply): void {
    reply.header('connection', 'close')
    const connection = connections.of(request.socket)
    if (connection !== undefined) connection.isEnding = true
    closeLingering(request)
  }

  function closeLingering (request: IncomingMessage): void {
    const { socket } = request
    let leftBytes = lingerMaxBytes
    let isAnswered = false

    function endOfBound (): void {
      // Answers to requests before this one may still be on their way; until they are out, no more is read.
      if (isAnswered) socket.destroy()
      else request.pause()
    }

    request.on('data', (chunk: Buffer) => {
      leftBytes -= chunk.length
      if (leftBytes < 0) endOfBound()
    })
    // Node calls this when the last answer of a connection is out; its own would reset a sender that still writes.
    socket.destroySoon = () => {
      isAnswered = true
      if (leftBytes < 0) socket.destroy()
      socket.end()
      socket.once('close', clock.after(lingerTimeoutMs, () => { socket.destroy() }))
      if (request.readableEnded) socket.destroy()
      else request.once('end', () => { socket.destroy() })
    }
  }
}, { name: 'lingering-close', dependencies: ['client-gone'] })

function isKept ({ headers }: IncomingMessage, reply: FastifyReply): boolean {
  const bodyBytes = Number(headers['content-length'] ?? Infinity)
  return bodyBytes <= KEPT_BODY_MAX_BYTES && reply.raw.shouldKeepAlive && reply.getHeader('connection') !== 'close'
}
