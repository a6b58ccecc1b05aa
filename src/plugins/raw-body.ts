import fp from 'fastify-plugin'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import type { BodyBudget } from './body-budget.js'
import { collectBody } from './collect-body.js'
import { inflateBody } from './inflate-body.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** All bodies in memory together, now. */
    bodiesInFlightBytes: () => number
  }
  interface FastifyRequest {
    /** Bytes of this request's body that count as in flight. */
    heldBytes: number
    /** Its Content-Type as it was written. */
    contentType: string | undefined
    /** The address that they count for. */
    holder: string
    /** Who still needs the body: the response until it closes, and work that goes on without its sender. */
    bodyUses: number
    /** Keeps the body counted until the work settles, though the sender may be gone by then. */
    whileHoldingBody: <T>(work: Promise<T>) => Promise<T>
  }
}

export interface RawBodyOptions {
  readonly clock: Clock
  readonly bodyMaxBytes: number
  /** Of all bodies in memory, on whichever way they come. */
  readonly budget: BodyBudget
  /** How long a body may take from the end of its headers. */
  readonly bodyTimeoutMs: number
}

/**
 * Every body arrives as bytes, whatever its Content-Type says: legacy senders send none, a wrong one, or one without a
 * slash, which Fastify would refuse with 415. What the bytes mean is the intake's business.
 */
export default fp<RawBodyOptions>(async (app, { clock, bodyMaxBytes, budget, bodyTimeoutMs }) => {
  /** Counted until the answer is out and the work is done, since a push that waits for the cloud still holds its body. */
  function hold (request: FastifyRequest, bodyBytes: number): void {
    if (bodyBytes > bodyMaxBytes) {
      throw new ProxyError('BodyTooLarge', `The body is larger than ${bodyMaxBytes} bytes; send fewer devices in one push.`)
    }
    const moreBytes = Math.max(0, bodyBytes - request.heldBytes)
    if (moreBytes === 0) return
    if (!budget.take(request.holder, moreBytes)) throw new ProxyError('TooMuchInFlight', undefined, { retryAfterMs: 1000 })
    request.heldBytes += moreBytes
  }

  /** Only the last of them gives the bytes back, so that they are given back once. One that was refused before its body held nothing. */
  function letGo (request: FastifyRequest): void {
    request.bodyUses -= 1
    if (request.bodyUses === 0) budget.release(request.holder, request.heldBytes)
  }

  app.decorate('bodiesInFlightBytes', () => budget.allBytes)
  decorate(app)
  app.decorateRequest('whileHoldingBody', function (this: FastifyRequest, work) { return workWith(this, work, letGo) })
  app.addHook('onRequest', (request, _reply, done) => {
    prepare(request)
    done()
  })
  app.whenClosed(letGo)

  // A length that is known beforehand is judged before 100-continue, so that a refused body is never sent.
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    hold(request, lengthOf(request))
    done()
  })

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request: FastifyRequest, payload: FastifyRequest['raw']) => {
    const onProgress = (bytes: number): void => { hold(request, bytes) }
    const collected = collectBody(payload, { clock, expectedBytes: lengthOf(request), timeoutMs: bodyTimeoutMs, onProgress })
    const encoding = request.headers['content-encoding']
    return encoding === undefined ? collected : collected.then(body => inflateBody(body, encoding, onProgress))
  })
}, { name: 'raw-body', dependencies: ['when-closed'] })

const lengthOf = ({ headers }: FastifyRequest): number => Number(headers['content-length'] ?? 0)

/** What a request has before its hooks, so that all of them are of one shape. */
function decorate (app: FastifyInstance): void {
  app.decorateRequest('heldBytes', 0)
  app.decorateRequest('contentType')
  app.decorateRequest('holder', '')
  app.decorateRequest('bodyUses', 0)
}

function prepare (request: FastifyRequest): void {
  request.contentType = request.headers['content-type']
  // Fastify picks a parser by this header; there is one parser, and a value without a slash would find none.
  if (request.contentType !== undefined) request.raw.headers['content-type'] = 'application/octet-stream'
  // Asked once: a socket that closed forgets its address.
  request.holder = request.ip ?? ''
  request.bodyUses = 1
}

/** @param work Has just begun. */
function workWith<T> (request: FastifyRequest, work: Promise<T>, letGo: (request: FastifyRequest) => void): Promise<T> {
  // A response that closed before the work began gave the bytes back, and they must not be given back again.
  if (request.bodyUses === 0) return work
  request.bodyUses += 1
  const end = (): void => { letGo(request) }
  work.then(end, end)
  return work
}
