import type { Socket } from 'node:net'
import type { Connection } from '../plugins/connections.js'
import { GatheredBytes } from '../plugins/gathered-bytes.js'
import type { FastAnswer } from './answer-text.js'
import type { FastConnectionParts } from './fast-connection-parts.js'
import type { FastExchange } from './fast-exchange.js'
import { PartialRequest } from './partial-request.js'
import { readPlainHead } from './read-head.js'
import { sendLeft } from './send-left.js'

/** How long the rest of a body is waited for here. A slow sender costs little on the general way, which has all the bounds. */
const PATIENCE_MS = 500

/** So much of what comes behind a request is read before its answer is out, so that the sender's end is heard. The rest waits in the system. */
const REST_MAX_BYTES = 16_384

/** `waiting`: for the first byte of a request. */
type State = 'waiting' | 'body' | 'answering' | 'over'

/**
 * One connection of the plants' port, as long as each request on it is a plain push, one after the other. With the first one that is not,
 * the connection is the general way's, and every byte of that request.
 */
export class FastConnection {
  readonly #parts: FastConnectionParts
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #address: string
  #state: State = 'waiting'
  #sinceMs: number
  #isNew = true
  #exchange: FastExchange | undefined
  /** Read, and not answered yet. */
  #request: PartialRequest | undefined
  #stopWaiting = (): void => {}
  /** What came behind the request that is being answered. */
  #rest = new GatheredBytes()
  /** Its sender will send no more. */
  #hasEnded = false
  /** The answer that is on its way ends it. */
  #isLast = false

  constructor (parts: FastConnectionParts, socket: Socket, connection: Connection) {
    this.#parts = parts
    this.#socket = socket
    this.#connection = connection
    this.#address = socket.remoteAddress ?? ''
    this.#sinceMs = parts.clock.monotonicMs()
    socket.on('data', this.#take)
    socket.on('end', this.#endOfSending)
    socket.on('close', this.#close)
    socket.on('error', ignore)
  }

  /** Whether a request has begun that is not answered. */
  get isBusy (): boolean { return this.#state !== 'waiting' }
  get isNew (): boolean { return this.#isNew }
  /** When the present state began. */
  get sinceMs (): number { return this.#sinceMs }

  destroy (): void { this.#socket.destroy() }

  /** The first request did not come in time. */
  refuse (): void { this.#parts.fail('ERR_HTTP_REQUEST_TIMEOUT', this.#socket) }

  /** Whoever has begun to send a request is served to its end, which is the general way's business. */
  leaveBegun (): void {
    if (this.#state === 'body' && this.#request !== undefined) this.#handOver(this.#request.bytes)
  }

  readonly #take = (chunk: Buffer): void => {
    switch (this.#state) {
      case 'waiting': return this.#begin(chunk)
      case 'body': return this.#gather(chunk)
      case 'answering':
        this.#rest.add(chunk)
        if (this.#rest.length > REST_MAX_BYTES) this.#socket.pause()
    }
  }

  #begin (chunk: Buffer): void {
    const { admit, buffers, clock, connections, isClosing } = this.#parts
    const head = isClosing() ? undefined : readPlainHead(chunk)
    const exchange = head === undefined ? undefined : admit(head, this.#address)
    if (head === undefined || exchange === undefined) return this.#handOver(chunk)
    this.#isNew = false
    this.#exchange = exchange
    this.#sinceMs = clock.monotonicMs()
    connections.hold(this.#connection)
    const request = new PartialRequest(chunk, head, buffers)
    this.#request = request
    if (request.isWhole) return this.#send(request)
    this.#state = 'body'
    this.#stopWaiting = clock.after(PATIENCE_MS, () => { this.#handOver(request.bytes) })
  }

  #gather (chunk: Buffer): void {
    const request = this.#request
    request?.add(chunk)
    if (request?.isWhole !== true) return
    this.#stopWaiting()
    this.#send(request)
  }

  #send (request: PartialRequest): void {
    this.#state = 'answering'
    // Whoever does not wait for its answers would wait for the first one here.
    if (request.isFollowed || this.#exchange?.send(request.body, this.#answer) !== true) this.#handOver(request.bytes)
  }

  readonly #answer = (answer: FastAnswer): void => {
    if (this.#state !== 'answering') return
    if (this.#exchange?.isBodyFree === true) this.#request?.release()
    this.#request = undefined
    this.#isLast = this.#parts.isClosing()
    this.#socket.write(this.#parts.texts.write(answer, this.#isLast), answer.isAscii ? 'latin1' : 'utf8', this.#written)
  }

  readonly #written = (error?: Error | null): void => {
    // A line that broke is closed next, and that is counted.
    if (this.#state !== 'answering' || (error !== undefined && error !== null)) return
    this.#exchange?.end(true)
    this.#exchange = undefined
    const hasBegun = this.#rest.length > 0
    if (this.#isLast || (this.#hasEnded && !hasBegun)) {
      this.#state = 'over'
      this.#socket.destroySoon()
      return
    }
    this.#state = 'waiting'
    this.#sinceMs = this.#parts.clock.monotonicMs()
    this.#parts.connections.letGo(this.#connection, { hasBegun })
    if (hasBegun) this.#handOver(this.#rest.bytes)
  }

  readonly #endOfSending = (): void => {
    switch (this.#state) {
      case 'waiting':
        this.#socket.end()
        return
      case 'body':
        this.#stopWaiting()
        this.#request?.release()
        this.#request = undefined
        this.#parts.fail('HPE_INVALID_EOF_STATE', this.#socket)
        return
      case 'answering':
        // It still reads, maybe: it gets its answer, and then what it asked for behind that.
        this.#hasEnded = true
        this.#exchange?.hangUp()
    }
  }

  readonly #close = (): void => {
    this.#stopWaiting()
    // The body of a push that is under way is still read.
    if (this.#state === 'body') this.#request?.release()
    this.#state = 'over'
    this.#exchange?.end(false)
    this.#parts.forget(this)
    if (!this.#parts.isClosing()) sendLeft(this.#rest.bytes, head => this.#parts.admit(head, this.#address))
  }

  #handOver (bytes: Buffer): void {
    const { connections, forget, serve } = this.#parts
    const socket = this.#socket
    if (socket.destroyed) return
    this.#stopWaiting()
    this.#request?.release()
    if (this.#exchange !== undefined) {
      this.#exchange.cancel()
      connections.letGo(this.#connection, { hasBegun: true })
    }
    this.#state = 'over'
    socket.off('data', this.#take)
    socket.off('end', this.#endOfSending)
    socket.off('close', this.#close)
    forget(this)
    serve(socket)
    socket.off('error', ignore)
    // Whatever waits in a socket that was paused comes later than this turn.
    socket.resume()
    // Not unshift(): that takes nothing behind an end, and would come too late for a port that is about to be closed.
    socket.emit('data', bytes)
    if (this.#hasEnded) socket.emit('end')
  }
}

/** A line that broke is heard of by its close. */
function ignore (): void {}
