import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { ConnectionError } from '../way-out/connection-error.js'
import { CloudConnection, type Exchange } from './cloud-connection.js'
import type { CloudDispatchOptions, CloudDispatcher } from './pool.js'

export interface CloudConnectionsParts {
  /** A new connection, TLS on it where the place speaks it. */
  readonly connect: () => Promise<Socket>
  readonly connectionsMax: number
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number
}

/** Connections to the cloud, as few as will do: the one that was used last is used next, and a new one is opened when none is free. */
export class CloudConnections implements CloudDispatcher {
  readonly #parts: CloudConnectionsParts
  readonly #open = new Set<CloudConnection>()
  /** The event loop has looked at them since their last answer. */
  readonly #idle: CloudConnection[] = []
  /** Answered since it looked last. */
  #answered: CloudConnection[] = []
  /** In the order in which they came. */
  readonly #waiting: Exchange[] = []
  #connecting = 0
  /** Those connections among them that were begun for requests which wait no longer. */
  #forNobody = 0
  #isDealing = false
  #isDestroyed = false

  constructor (parts: CloudConnectionsParts) {
    this.#parts = parts
  }

  dispatch (options: CloudDispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const exchange = { options, handler }
    if (this.#isDestroyed) {
      failAll([exchange], new ConnectionError('UND_ERR_DESTROYED'))
      return false
    }
    this.#waiting.push(exchange)
    options.onWaiting?.(() => { this.#leave(exchange) })
    this.#connectMore()
    if (this.#idle.length > 0) this.#dealSoon()
    return true
  }

  /** How many requests have no connection yet. */
  get waitingCount (): number {
    return this.#waiting.length
  }

  /** Ends everything: what is under way fails. */
  async destroy (): Promise<void> {
    this.#isDestroyed = true
    for (const connection of [...this.#open]) connection.destroy()
    failAll(this.#waiting.splice(0), new ConnectionError('UND_ERR_DESTROYED'))
  }

  /** Where nothing can be connected to, more come than connections fail: their bodies would fill the memory. */
  #leave (exchange: Exchange): void {
    const place = this.#waiting.indexOf(exchange)
    if (place < 0) return
    this.#waiting.splice(place, 1)
    this.#forNobody = Math.min(this.#forNobody + 1, this.#connecting)
  }

  /**
   * Not at once: what the other side did with an idle connection may lie there unseen. An end would leave the push in doubt, and bytes
   * that nobody asked for would be its answer. The event loop looks first (undici learnt this as GHSA-35p6-xmwp-9g52).
   */
  #dealSoon (): void {
    if (this.#isDealing) return
    this.#isDealing = true
    setImmediate(() => {
      this.#isDealing = false
      this.#deal()
    })
  }

  #deal (): void {
    while (this.#waiting.length > 0) {
      const connection = this.#idle.pop()
      if (connection === undefined) break
      if (connection.isUsable) this.#use(connection)
    }
    // Many servers close after an answer that does not say so.
    this.#idle.push(...this.#answered)
    this.#answered = []
    if (this.#isDestroyed || this.#waiting.length === 0) return
    this.#connectMore()
    if (this.#idle.length > 0) this.#dealSoon()
  }

  /** For those that wait and will have none of the connections that are free. */
  #connectMore (): void {
    const { connect, connectionsMax } = this.#parts
    const wanted = this.#waiting.length - this.#idle.length - this.#answered.length
    while (this.#connecting - this.#forNobody < wanted && this.#connecting + this.#open.size < connectionsMax) {
      this.#connecting += 1
      connect().then(socket => { this.#add(socket) }, (error: Error) => { this.#failOne(error) })
    }
  }

  #add (socket: Socket): void {
    if (socket.destroyed) {
      this.#failOne(new ConnectionError('UND_ERR_SOCKET'))
      return
    }
    this.#connecting -= 1
    this.#forNobody = Math.min(this.#forNobody, this.#connecting)
    if (this.#isDestroyed) {
      socket.destroy()
      return
    }
    const connection = new CloudConnection(socket, this.#parts.keepAliveMs, {
      onFree: free => {
        this.#answered.push(free)
        this.#dealSoon()
      },
      onClosed: closed => { this.#remove(closed) }
    })
    this.#open.add(connection)
    this.#use(connection)
  }

  /** Each connection was opened for one of those that wait. */
  #failOne (error: Error): void {
    this.#connecting -= 1
    if (this.#forNobody > 0) this.#forNobody -= 1
    else failAll(this.#waiting.splice(0, 1), error)
    if (!this.#isDestroyed) this.#connectMore()
  }

  #use (connection: CloudConnection): void {
    for (let exchange = this.#waiting.shift(); exchange !== undefined; exchange = this.#waiting.shift()) {
      if (connection.send(exchange)) return
    }
    this.#idle.push(connection)
  }

  #remove (connection: CloudConnection): void {
    this.#open.delete(connection)
    for (const free of [this.#idle, this.#answered]) {
      const place = free.indexOf(connection)
      if (place >= 0) free.splice(place, 1)
    }
    if (!this.#isDestroyed) this.#connectMore()
  }
}

/** Stands for the connection that a request never had. */
const NO_CONNECTION: Dispatcher.DispatchController = { aborted: true, paused: false, reason: null, rawHeaders: null, rawTrailers: null, abort () {}, pause () {}, resume () {} }

function failAll (exchanges: readonly Exchange[], error: Error): void {
  for (const { handler } of exchanges) handler.onResponseError?.(NO_CONNECTION, error)
}
