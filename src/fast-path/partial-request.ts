import { freePiece } from '../free-memory.js'
import type { BodyBuffers } from './body-buffers.js'
import type { PlainHead } from './read-head.js'

const NOTHING = Buffer.alloc(0)

/** A request whose head is read; its body comes in one piece with the head, or in several, which are gathered and freed. */
export class PartialRequest {
  readonly #buffers: BodyBuffers
  /** What came first: all of it where the whole body lies in it, otherwise a copy of the head. */
  readonly #first: Buffer
  readonly #firstHasAll: boolean
  readonly #body: Buffer
  /** So many bytes of the body have come. */
  #cameBytes: number
  #rest: Buffer = NOTHING
  #isReleased = false

  /** @param bytes What came first of a socket: the whole head, and as much more as it may be. */
  constructor (bytes: Buffer, { headBytes, bodyBytes }: PlainHead, buffers: BodyBuffers) {
    this.#buffers = buffers
    const end = headBytes + bodyBytes
    this.#firstHasAll = bytes.length >= end
    if (this.#firstHasAll) {
      this.#first = bytes
      this.#body = bytes.subarray(headBytes, end)
      this.#cameBytes = bodyBytes
      if (bytes.length > end) this.#rest = bytes.subarray(end)
    } else {
      this.#first = Buffer.from(bytes.subarray(0, headBytes))
      this.#body = buffers.take(bodyBytes)
      this.#cameBytes = bytes.copy(this.#body, 0, headBytes)
      freePiece(bytes)
    }
  }

  get isWhole (): boolean {
    return this.#cameBytes === this.#body.length
  }

  /** Whether more came than the request has. */
  get isFollowed (): boolean {
    return this.#rest.length > 0
  }

  /** Only once it is whole. */
  get body (): Buffer {
    return this.#body
  }

  /** A copy of all that came. */
  get bytes (): Buffer {
    return this.#firstHasAll ? Buffer.from(this.#first) : Buffer.concat([this.#first, this.#body.subarray(0, this.#cameBytes), this.#rest])
  }

  /** @param piece What came next of the socket, as long as the request is not whole. */
  add (piece: Buffer): void {
    const copiedBytes = piece.copy(this.#body, this.#cameBytes)
    this.#cameBytes += copiedBytes
    if (copiedBytes === piece.length) freePiece(piece)
    else this.#rest = piece.subarray(copiedBytes)
  }

  /** Nobody reads what came any more: its memory is used for another body, or freed. */
  release (): void {
    if (this.#isReleased) return
    this.#isReleased = true
    if (this.#firstHasAll) freePiece(this.#first)
    else this.#buffers.giveBack(this.#body)
  }
}
