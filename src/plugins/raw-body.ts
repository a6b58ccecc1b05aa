import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import { collectBody } from './collect-body.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** All bodies in memory together, now. */
    bodiesInFlightBytes: () => number
  }
  interface FastifyRequest {
    /** Bytes of this request's body that count as in flight. */
    heldBytes: number
  }
}

export interface RawBodyOptions {
  readonly clock: Clock
  readonly bodyMaxBytes: number
  readonly bodiesInFlightMaxBytes: number
  /** How long a body may take from the end of its headers. */
  readonly bodyTimeoutMs: number
}

/**
 * Every body arrives as bytes, whatever its Content-Type says: legacy senders send none, a wrong one, or one without a
 * slash, which Fastify would refuse with 415. What the bytes mean is the intake's business.
 */
export default fp<RawBodyOptions>(async (app, { clock, bodyMaxBytes, bodiesInFlightMaxBytes, bodyTimeoutMs }) => {
  let inFlightBytes = 0

  /** Counted until the answer is out, since a push that waits for the cloud still holds its body. */
  function hold (request: FastifyRequest, bodyBytes: number): void {
    if (bodyBytes > bodyMaxBytes) {
      throw new ProxyError('BodyTooLarge', `The body is larger than ${bodyMaxBytes} bytes; send fewer devices in one push.`)
    }
    const moreBytes = Math.max(0, bodyBytes - request.heldBytes)
    if (inFlightBytes + moreBytes > bodiesInFlightMaxBytes) throw new ProxyError('TooMuchInFlight', undefined, { retryAfterMs: 1000 })
    inFlightBytes += moreBytes
    request.heldBytes += moreBytes
  }

  app.decorate('bodiesInFlightBytes', () => inFlightBytes)
  app.decorateRequest('heldBytes', 0)
  app.addHook('onRequest', async (request, reply) => {
    // Fastify picks a parser by this header; there is one parser, and a value without a slash would find none.
    if (request.headers['content-type'] !== undefined) request.raw.headers['content-type'] = 'application/octet-stream'
    reply.raw.once('close', () => { inFlightBytes -= request.heldBytes })
  })

  // A length that is known beforehand is judged before 100-continue, so that a refused body is never sent.
  app.addHook('preParsing', async request => { hold(request, Number(request.headers['content-length'] ?? 0)) })

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: FastifyRequest['raw']) => {
    return await collectBody(payload, { clock, timeoutMs: bodyTimeoutMs, onProgress: bytes => { hold(request, bytes) } })
  })
}, { name: 'raw-body' })
