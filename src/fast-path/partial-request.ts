import { GatheredBytes } from '../plugins/gathered-bytes.js'
import type { PlainHead } from './read-head.js'

const NOTHING = Buffer.alloc(0)

/** A request whose head is read; its body comes in one piece with the head, or in several. */
export class PartialRequest {
  readonly #head: Buffer
  readonly #bodyBytes: number
  readonly #body: GatheredBytes
  #rest: Buffer = NOTHING

  /** @param bytes What came first: the whole head, and as much more as it may be. */
  constructor (bytes: Buffer, { headBytes, bodyBytes }: PlainHead) {
    this.#head = bytes.subarray(0, headBytes)
    this.#bodyBytes = bodyBytes
    this.#body = new GatheredBytes(bodyBytes)
    this.add(bytes.subarray(headBytes))
  }

  get isWhole (): boolean {
    return this.#body.length === this.#bodyBytes
  }

  /** Whether more came than the request has. */
  get isFollowed (): boolean {
    return this.#rest.length > 0
  }

  get body (): Buffer {
    return this.#body.bytes
  }

  /** All that came. */
  get bytes (): Buffer {
    return Buffer.concat([this.#head, this.#body.bytes, this.#rest])
  }

  add (piece: Buffer): void {
    const missing = this.#bodyBytes - this.#body.length
    if (piece.length <= missing) return this.#body.add(piece)
    this.#body.add(piece.subarray(0, missing))
    this.#rest = piece.subarray(missing)
  }
}
