import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '../clock.js'
import { ProxyError } from '../errors.js'
import { BoundedLines } from './bounded-lines.js'
import type { Connections, Exchange } from './connections.js'
import { rawAnswer } from './raw-answer.js'

export interface ClientErrorsOptions {
  readonly clock: Clock
  readonly connections: Connections
  readonly logger: FastifyBaseLogger
  /** How much, and for how long, is still read from whoever sent nonsense, so that the answer is read. */
  readonly lingerMaxBytes: number
  readonly lingerTimeoutMs: number
  /** A connection whose request did not come in time. */
  readonly onTooSlow: () => void
}

/** Each is somebody who speaks something else, such as a port scan. */
const LINES_PER_MINUTE_MAX = 30

type ClientError = Error & { readonly code?: string }

/** What Node could not read as a request: answered in our shape, once everything that was asked for before it has its answer. */
export class ClientErrors {
  readonly #options: ClientErrorsOptions
  /** A parser that failed fails again on each further piece; the number is what had been read at the first failure. */
  readonly #bytesAtFailure = new WeakMap<Socket, number>()

  readonly #lines: BoundedLines

  constructor (options: ClientErrorsOptions) {
    const { clock, logger } = options
    this.#options = options
    this.#lines = new BoundedLines({
      clock,
      linesPerMinuteMax: LINES_PER_MINUTE_MAX,
      onLeftOut: lines => { logger.warn({ lines }, 'More of what could not be read as a request came in this minute; so many lines were left out.') }
    })
  }

  /** For the server's `clientError`. */
  handle (error: ClientError, socket: Socket): void {
    const bytesAtFailure = this.#bytesAtFailure.get(socket)
    if (bytesAtFailure !== undefined) {
      if (socket.bytesRead - bytesAtFailure > this.#options.lingerMaxBytes) socket.destroy()
      return
    }
    this.#bytesAtFailure.set(socket, socket.bytesRead)
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') this.#options.onTooSlow()
    // Bytes behind a request that said close: its answer ends the connection, and nobody waits for another.
    if (error.code === 'HPE_CLOSED_CONNECTION') return
    this.#afterAnswers(socket, toFailure(error.code))
  }

  /**
   * For the server's `connect`: somebody takes this for a forward proxy. Node has let go of the socket, so what it would have done for
   * the answers to earlier requests is done here: one that nobody reads ends, and one that waits for room goes on.
   */
  refuseTunnel (_request: IncomingMessage, socket: Socket): void {
    const { connections, lingerMaxBytes } = this.#options
    const connection = connections.of(socket)
    const bytesAtTunnel = socket.bytesRead
    socket.on('error', () => {})
    socket.on('timeout', () => { socket.destroy() })
    socket.on('drain', () => {
      for (const { response } of connection?.underWay ?? []) if (response.writableNeedDrain) response.emit('drain')
    })
    socket.on('data', () => { if (socket.bytesRead - bytesAtTunnel > lingerMaxBytes) socket.destroy() })
    // Behind a request whose answer ends the connection nobody waits for another one.
    if (connection?.isEnding !== true) this.#afterAnswers(socket, new ProxyError('MethodNotAllowed', 'This is not a forward proxy; use POST.', { allow: 'POST' }))
  }

  /** Answers go out in the order of the requests, so the nonsense waits for those before it. */
  #afterAnswers (socket: Socket, failure: ProxyError | undefined): void {
    const connection = this.#options.connections.of(socket)
    const exchanges = [...connection?.underWay ?? []]
    const last = exchanges.at(-1)
    // The parser failed inside its body, or between two requests.
    const broken = last !== undefined && !last.request.complete ? last : undefined
    const isWhole = ({ request }: Exchange): boolean => request !== broken?.request
    if (connection !== undefined) connection.isEnding = true

    // Whoever has opened a connection and asked for nothing would take an answer for that to what it asks next.
    const isSilent = ({ code }: ProxyError): boolean => code === 'RequestTimeout' && broken === undefined && connection !== undefined && socket.bytesRead <= connection.idleAtBytes
    const end = (): void => {
      if ([...connection?.underWay ?? []].some(isWhole)) return
      connection?.onAnswered.delete(end)
      if (failure === undefined || isSilent(failure) || broken?.response.headersSent === true) socket.destroy()
      else this.#end(socket, failure)
    }
    connection?.onAnswered.add(end)
    end()
  }

  #end (socket: Socket, failure: ProxyError): void {
    const { clock, logger, lingerTimeoutMs } = this.#options
    if (!socket.writable) {
      socket.destroy()
      return
    }
    const { requestId, text } = rawAnswer(failure, clock.now())
    if (this.#lines.take()) logger.info({ requestId, statusCode: failure.statusCode, code: failure.code, address: socket.remoteAddress }, failure.message)
    socket.end(text)
    socket.once('close', clock.after(lingerTimeoutMs, () => { socket.destroy() }))
  }
}

/** Undefined: the line broke, nobody is there to be answered. */
function toFailure (code: string | undefined): ProxyError | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ProxyError('RequestTimeout')
  if (code === 'HPE_HEADER_OVERFLOW') return new ProxyError('HeadersTooLarge')
  if (code?.startsWith('HPE_') === true) return new ProxyError('InvalidRequest')
  return undefined
}
