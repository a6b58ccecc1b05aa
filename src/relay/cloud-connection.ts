import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { ConnectionError } from '../way-out/connection-error.js'
import { AnswerReader, type AnswerSink } from './answer-reader.js'
import type { CloudDispatchOptions, Connection } from './pool.js'

/** One request on its way. */
export interface Exchange {
  readonly options: CloudDispatchOptions
  readonly handler: Dispatcher.DispatchHandler
}

export interface ConnectionOwner {
  /** The connection is free for another request. */
  readonly onFree: (connection: CloudConnection) => void
  readonly onClosed: (connection: CloudConnection) => void
}

/** Up to this a body goes out in one piece with its head: one call of the system instead of one that gathers. */
const ONE_PIECE_BYTES_MAX = 16_384
/** How much earlier than the other side says an idle connection is given up, so that no request meets its end. */
const KEEP_ALIVE_MARGIN_MS = 1_000

/** One connection to the cloud, for one request at a time. */
export class CloudConnection implements Connection, AnswerSink, Dispatcher.DispatchController {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #keepAliveMs: number
  #exchange: Exchange | undefined
  #reader: AnswerReader | undefined
  #begun = 0
  #cause: Error | undefined
  /** What the other side said last of how long it keeps an idle connection. */
  #idleMs: number
  readonly rawHeaders = null
  readonly rawTrailers = null

  /** @param socket Connected; this is its only reader. */
  constructor (socket: Socket, keepAliveMs: number, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    this.#keepAliveMs = keepAliveMs
    this.#idleMs = keepAliveMs
    socket.setTimeout(keepAliveMs)
    socket.on('timeout', () => { if (this.#exchange === undefined) socket.destroy() })
    socket.on('data', bytes => { this.#take(bytes) })
    socket.on('end', () => {
      if (this.#exchange !== undefined) this.#reader?.close()
      this.destroy()
    })
    socket.on('error', error => { this.#cause = error })
    socket.on('close', () => {
      this.#lose()
      owner.onClosed(this)
    })
  }

  get aborted (): boolean { return this.#socket.destroyed }
  get paused (): boolean { return false }
  get reason (): Error | null { return this.#cause ?? null }
  /** Answers are short: nobody pauses one. */
  pause (): void {}
  resume (): void {}

  /** Whether nothing speaks against another request. */
  get isUsable (): boolean {
    return !this.#socket.destroyed && this.#socket.writable && !this.#socket.readableEnded
  }

  begin (): boolean {
    this.#begun += 1
    return this.#begun > 1
  }

  /** Begins a request, unless its handler does not want it any more. @returns Whether it was begun. */
  send (exchange: Exchange): boolean {
    const { options, handler } = exchange
    const { body } = options
    let head: string
    try {
      head = writeHead(options)
      options.onConnection?.(this)
      handler.onRequestStart?.(this, {})
    } catch (error) {
      handler.onResponseError?.(this, toError(error))
      return false
    }
    this.#exchange = exchange
    this.#reader = new AnswerReader(this)
    this.#write(head, body)
    return true
  }

  /** Ends the request that is under way, and the connection with it. */
  abort (reason: Error): void {
    this.#cause = reason
    this.destroy()
  }

  destroy (): void {
    this.#socket.destroy()
    this.#lose()
  }

  onHead (statusCode: number, headers: Record<string, string | string[]>): void {
    this.#idleMs = this.#idleMsOf(headers['keep-alive'])
    this.#exchange?.handler.onResponseStart?.(this, statusCode, headers)
  }

  onData (bytes: Buffer): void {
    this.#exchange?.handler.onResponseData?.(this, bytes)
  }

  onEnd (keepsOpen: boolean): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.handler.onResponseEnd?.(this, {})
    // An answer may come before its request has gone; what is left of that would be taken for the next one.
    if (!keepsOpen || this.#idleMs <= 0 || this.#socket.writableLength > 0) this.#socket.destroy()
  }

  #write (head: string, body: Buffer): void {
    const socket = this.#socket
    if (body.length <= ONE_PIECE_BYTES_MAX) {
      socket.write(head + body.toString('latin1'), 'latin1')
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body)
    socket.uncork()
  }

  #take (bytes: Buffer): void {
    try {
      // Whoever speaks without being asked would be heard as the answer to the next request.
      if (this.#exchange === undefined || this.#reader === undefined) return this.destroy()
      this.#reader.read(bytes)
    } catch (error) {
      return this.abort(toError(error))
    }
    if (this.#exchange === undefined && this.isUsable) {
      if (this.#idleMs !== this.#keepAliveMs) this.#socket.setTimeout(this.#idleMs)
      this.#owner.onFree(this)
    }
  }

  /** The other side is gone, or was let go. */
  #lose (): void {
    if (this.#exchange === undefined) return
    const { handler } = this.#exchange
    this.#exchange = undefined
    handler.onResponseError?.(this, this.#cause ?? new ConnectionError('UND_ERR_SOCKET'))
  }

  #idleMsOf (keepAlive: string | string[] | undefined): number {
    const [, seconds] = /\btimeout=(\d{1,6})\b/i.exec(String(keepAlive ?? '')) ?? []
    return seconds === undefined ? this.#keepAliveMs : Math.min(this.#keepAliveMs, Number(seconds) * 1000 - KEEP_ALIVE_MARGIN_MS)
  }
}

/** @throws {ConnectionError} when a value would end its header, and begin another one */
function writeHead ({ path, headers, body }: CloudDispatchOptions): string {
  let head = `POST ${path} HTTP/1.1\r\n`
  let values = ''
  for (const name in headers) {
    values += headers[name]
    head += `${name}: ${headers[name]}\r\n`
  }
  if (/[^\t\x20-\x7e\x80-\xff]/.test(values)) throw new ConnectionError('UND_ERR_INVALID_ARG')
  return `${head}connection: keep-alive\r\ncontent-length: ${body.length}\r\n\r\n`
}

const toError = (error: unknown): Error => error instanceof Error ? error : new Error(String(error))
