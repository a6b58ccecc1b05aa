import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { addressGroup } from '../address-group.js'
import { LinkedLine, Place } from '../linked-line.js'

export type RefusedConnectionReason = 'too-many' | 'too-many-of-address'

export interface ConnectionsOptions {
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  /** Addresses that stand for many senders (loopback, a load balancer): they count only in all. */
  readonly isShared: (address: string) => boolean
  readonly onRefused: (reason: RefusedConnectionReason, address: string) => void
}

/** One request whose answer is not out yet. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export class Connection {
  /** The TCP socket, below TLS. */
  readonly socket: Socket
  /** In the order in which they came. */
  readonly underWay = new Set<Exchange>()
  /** Set when no further request of this connection may be served; those that have come before still are. */
  isEnding = false
  /** Bytes that had come when it last fell idle: more of them now are the beginning of a request. */
  idleAtBytes = 0
  /** Called each time an answer is out. */
  readonly onAnswered = new Set<() => void>()
  readonly farEnd: string
  /** Undefined for an address that stands for many senders. */
  readonly ofAddress: AddressConnections | undefined
  readonly placeInAll = new Place<Connection>(this)
  readonly placeInAddress = new Place<Connection>(this)

  constructor (socket: Socket, ofAddress: AddressConnections | undefined) {
    this.socket = socket
    this.farEnd = farEndOf(socket)
    this.ofAddress = ofAddress
  }
}

interface AddressConnections {
  readonly group: string
  count: number
  /** The one that has been idle longest comes first. */
  readonly idle: LinkedLine<Connection>
}

/**
 * The open connections of the plants' port, bounded in all and per address. At a bound the connection that has been idle longest
 * ends in favour of the new one: senders that open connections and say nothing cannot lock out those that push. Only when every
 * one is being answered is the new one refused.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #all = new Set<Connection>()
  readonly #bySocket = new WeakMap<Socket, Connection>()
  readonly #byFarEnd = new Map<string, Connection>()
  readonly #idle = new LinkedLine<Connection>()
  readonly #addresses = new Map<string, AddressConnections>()
  readonly #tooLate = new WeakSet<IncomingMessage>()

  constructor (options: ConnectionsOptions) {
    this.#options = options
  }

  get size (): number { return this.#all.size }

  /** The connection of a request's socket, as long as it is open. */
  of (socket: Socket): Connection | undefined {
    const connection = this.#bySocket.get(socket)
    return connection !== undefined && this.#all.has(connection) ? connection : undefined
  }

  /** Under TLS a request has another socket than the connection; they have the same far end. */
  secure (socket: Socket): void {
    const connection = this.#byFarEnd.get(farEndOf(socket))
    if (connection !== undefined) this.#bySocket.set(socket, connection)
  }

  /** Takes a new connection, or destroys it. */
  add (socket: Socket): void {
    const ofAddress = this.#addressOf(socket)
    const reason = this.#makeRoom(ofAddress)
    if (reason !== undefined) {
      this.#options.onRefused(reason, socket.remoteAddress ?? '')
      socket.destroy()
      return
    }
    const connection = new Connection(socket, ofAddress)
    this.#all.add(connection)
    this.#bySocket.set(socket, connection)
    this.#byFarEnd.set(connection.farEnd, connection)
    if (ofAddress !== undefined) {
      ofAddress.count++
      this.#addresses.set(ofAddress.group, ofAddress)
    }
    this.#markIdle(connection)
    socket.once('close', () => {
      this.#remove(connection)
      // Node tells the one response that was being written of the end; those of pipelined requests behind it never hear of it.
      setImmediate(() => { for (const { response } of connection.underWay) response.emit('close') })
    })
  }

  /** A request has come; until its answer is out, its connection is not idle. */
  begin (request: IncomingMessage, response: ServerResponse): void {
    const connection = this.of(request.socket)
    if (connection === undefined) return
    if (connection.isEnding) {
      this.#tooLate.add(request)
      return
    }
    const exchange = { request, response }
    connection.underWay.add(exchange)
    this.hold(connection)
    response.once('close', () => {
      connection.underWay.delete(exchange)
      if (connection.underWay.size === 0 && this.#all.has(connection)) this.#markIdle(connection)
      for (const answered of connection.onAnswered) answered()
    })
  }

  /** From now on the connection is not idle, though no request of Node's is under way: its owner reads it itself. */
  hold (connection: Connection): void {
    this.#idle.delete(connection.placeInAll)
    connection.ofAddress?.idle.delete(connection.placeInAddress)
  }

  /** Ends what hold() began. `hasBegun`: bytes of its next request have been read already. */
  letGo (connection: Connection, { hasBegun }: { hasBegun: boolean }): void {
    if (!this.#all.has(connection)) return
    const { idleAtBytes } = connection
    this.#markIdle(connection)
    if (hasBegun) connection.idleAtBytes = idleAtBytes
  }

  /** Cuts every connection, whatever is under way on it. */
  endAll (): void {
    for (const { socket } of this.#all) socket.destroy()
  }

  /** Whether a request came behind the last one that its connection serves. */
  isTooLate (request: IncomingMessage): boolean {
    return this.#tooLate.has(request)
  }

  /** Ends the connections that no request is under way on; those that have begun to send one only when told so. */
  endIdle ({ begunToo }: { begunToo: boolean }): void {
    for (const { socket, idleAtBytes } of this.#idle) {
      if (begunToo || socket.bytesRead <= idleAtBytes) socket.destroy()
    }
  }

  #makeRoom (ofAddress: AddressConnections | undefined): RefusedConnectionReason | undefined {
    const { connectionsMax, connectionsPerAddressMax } = this.#options
    if (ofAddress !== undefined && ofAddress.count >= connectionsPerAddressMax && !this.#endOldest(ofAddress.idle)) return 'too-many-of-address'
    if (this.#all.size >= connectionsMax && !this.#endOldest(this.#idle)) return 'too-many'
    return undefined
  }

  #endOldest ({ first: oldest }: LinkedLine<Connection>): boolean {
    if (oldest === undefined) return false
    this.#remove(oldest)
    oldest.socket.destroy()
    return true
  }

  #addressOf ({ remoteAddress = '' }: Socket): AddressConnections | undefined {
    if (this.#options.isShared(remoteAddress)) return undefined
    const group = addressGroup(remoteAddress)
    return this.#addresses.get(group) ?? { group, count: 0, idle: new LinkedLine() }
  }

  #markIdle (connection: Connection): void {
    connection.idleAtBytes = connection.socket.bytesRead
    this.#idle.add(connection.placeInAll)
    connection.ofAddress?.idle.add(connection.placeInAddress)
  }

  #remove (connection: Connection): void {
    const { farEnd, ofAddress } = connection
    if (!this.#all.delete(connection)) return
    // The system may have given the far end to another connection since.
    if (this.#byFarEnd.get(farEnd) === connection) this.#byFarEnd.delete(farEnd)
    this.hold(connection)
    if (ofAddress === undefined) return
    ofAddress.count--
    if (ofAddress.count === 0) this.#addresses.delete(ofAddress.group)
  }
}

function farEndOf ({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
