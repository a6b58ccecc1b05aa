import type { Socket } from 'node:net'
import { type Dispatcher, errors } from 'undici'
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
  readonly #idle: CloudConnection[] = []
  /** In the order in which they came. */
  readonly #waiting: Exchange[] = []
  #connecting = 0
  #isDestroyed = false

  constructor (parts: CloudConnectionsParts) {
    this.#parts = parts
  }

  dispatch (options: CloudDispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const exchange = { options, handler }
    if (this.#isDestroyed) {
      fail(exchange, new errors.ClientDestroyedError())
      return false
    }
    const connection = this.#takeIdle()
    if (connection === undefined) {
      this.#waiting.push(exchange)
      this.#connectMore()
    } else if (!connection.send(exchange)) {
      this.#idle.push(connection)
    }
    return true
  }

  /** Ends everything: what is under way fails. */
  async destroy (): Promise<void> {
    this.#isDestroyed = true
    for (const connection of [...this.#open]) connection.destroy()
    for (const exchange of this.#waiting.splice(0)) fail(exchange, new errors.ClientDestroyedError())
  }

  #takeIdle (): CloudConnection | undefined {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isUsable) return connection
    }
    return undefined
  }

  #connectMore (): void {
    const { connect, connectionsMax } = this.#parts
    while (this.#connecting < this.#waiting.length && this.#connecting + this.#open.size < connectionsMax) {
      this.#connecting += 1
      connect().then(socket => { this.#add(socket) }, (error: Error) => { this.#failOne(error) })
    }
  }

  #add (socket: Socket): void {
    this.#connecting -= 1
    if (this.#isDestroyed) {
      socket.destroy()
      return
    }
    const connection = new CloudConnection(socket, this.#parts.keepAliveMs, {
      onFree: free => { this.#use(free) },
      onClosed: closed => { this.#remove(closed) }
    })
    this.#open.add(connection)
    this.#use(connection)
  }

  /** Each connection was opened for one of those that wait. */
  #failOne (error: Error): void {
    this.#connecting -= 1
    const exchange = this.#waiting.shift()
    if (exchange !== undefined) fail(exchange, error)
    this.#connectMore()
  }

  #use (connection: CloudConnection): void {
    for (let exchange = this.#waiting.shift(); exchange !== undefined; exchange = this.#waiting.shift()) {
      if (connection.send(exchange)) return
    }
    this.#idle.push(connection)
  }

  #remove (connection: CloudConnection): void {
    this.#open.delete(connection)
    const place = this.#idle.indexOf(connection)
    if (place >= 0) this.#idle.splice(place, 1)
    if (!this.#isDestroyed) this.#connectMore()
  }
}

/** Stands for the connection that a request never had. */
const NO_CONNECTION: Dispatcher.DispatchController = { aborted: true, paused: false, reason: null, rawHeaders: null, rawTrailers: null, abort () {}, pause () {}, resume () {} }

function fail ({ handler }: Exchange, error: Error): void {
  handler.onResponseError?.(NO_CONNECTION, error)
}
